import { tooLargeError } from "./errors.ts";
import { formatPath } from "./tracking/path.ts";

/** How many paths an error about size names. */
const LARGEST_SHOWN = 3;

/** Length in UTF-8, which is what stores and networks count. */
export function byteLength(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) bytes += code > 0x7ff && (code < 0xd800 || code > 0xdfff) ? 2 : 1;
  }
  return bytes;
}

/**
 * Refuses data that is too large before it is sent, so that the stored session stays (memcached drops the old value of a set that
 * it refuses).
 *
 * @throws {SessionError} `ERR_SESSION_TOO_LARGE`, with the largest paths.
 */
export function checkSize(bytes: number, limit: number, data: Record<string, unknown>): void {
  if (bytes > limit) throw tooLargeError(bytes, limit, largestPaths(data));
}

function largestPaths(data: Record<string, unknown>): string[] {
  const sizes: [path: string, bytes: number][] = [];
  for (const key of Object.keys(data)) {
    const value = data[key];
    sizes.push([formatPath([key]), sizeOf(value)]);
    if (typeof value !== "object" || value === null || value instanceof Map || value instanceof Set) continue;
    // Below one large key there is often one large child, which is the one to look at.
    for (const child of Object.keys(value)) {
      const step = Array.isArray(value) ? Number(child) : child;
      sizes.push([formatPath([key, step]), sizeOf((value as Record<string, unknown>)[child])]);
    }
  }
  sizes.sort((a, b) => b[1] - a[1]);
  return sizes.slice(0, LARGEST_SHOWN).map(([path, bytes]) => `${path} (about ${bytes} bytes)`);
}

/** A rough size, for a message: types that JSON does not know count by what they hold. */
function sizeOf(value: unknown): number {
  const plain = (_key: string, inner: unknown): unknown =>
    typeof inner === "bigint" ? String(inner) : inner instanceof Map || inner instanceof Set ? [...inner] : inner;
  try {
    return byteLength(JSON.stringify(value, plain) ?? "");
  } catch {
    return 0;
  }
}
