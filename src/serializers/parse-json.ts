import { MAX_DEPTH } from "./plain-tree.ts";

/**
 * Parses JSON that came from a store.
 *
 * @throws {SyntaxError | TypeError} if it is no JSON, or nested too deep
 */
export function parseJson(text: string): unknown {
  if (!isSafeJson(text)) throw new TypeError("JSON that is nested too deep");
  return JSON.parse(text);
}

/**
 * True if JSON text is nested little enough to be parsed.
 *
 * superjson wraps the data in an object, writes a Map as an array of arrays and annotates in a tree as deep as the data: how deep
 * that data is shows only once it is decoded.
 */
export function isSafeJson(text: string): boolean {
  return depthOf(text) <= 2 * MAX_DEPTH + 4;
}

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x22) {
      index = endOfString(text, index);
    } else if (code === 0x7b || code === 0x5b) {
      depth++;
      if (depth > deepest) deepest = depth;
    } else if (code === 0x7d || code === 0x5d) {
      depth--;
    }
  }
  return deepest;
}

/** The index of the quote that ends the string begun at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}
