import { byteLength } from "./byte-length.ts";
import { tooLargeError, type SessionError } from "./errors.ts";
import { formatPath } from "./tracking/path.ts";

/** How many paths an error about size names. */
const LARGEST_SHOWN = 3;

/** The error for data that is too large, with the largest paths. */
export function tooLarge(bytes: number, limit: number, data: Record<string, unknown>): SessionError {
  return tooLargeError(bytes, limit, largestPaths(data));
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
