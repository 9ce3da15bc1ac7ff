import { isForbiddenName } from "./plain-tree.ts";

/**
 * Parses JSON that came from a store.
 *
 * Engines parse it without recursion, and how deep it is shows in what they give: to look through the text takes longer.
 *
 * @param depth how many steps it may be from the outermost container to the innermost
 * @throws {SyntaxError | TypeError} if it is no JSON, is nested deeper, or has a key that reaches a prototype
 */
export function parseJson(text: string, depth: number): unknown {
  const value: unknown = JSON.parse(text);
  if (!isSafeJson(value, depth)) throw new TypeError("JSON that is nested too deep, or has a key that reaches a prototype");
  return value;
}

/** True for what `JSON.parse` gave if it is nested so deep at most, and has no key that reaches a prototype. */
export function isSafeJson(value: unknown, depth: number): boolean {
  return typeof value !== "object" || value === null || isSafeTree(value, depth);
}

/** Asks for no prototypes, which takes as long as all the rest: parsing makes plain objects and arrays alone. */
function isSafeTree(container: object, depth: number): boolean {
  if (depth < 0) return false;
  if (Array.isArray(container)) {
    for (const item of container as unknown[])
      if (typeof item === "object" && item !== null && !isSafeTree(item, depth - 1)) return false;
    return true;
  }
  for (const key in container) {
    if (isForbiddenName(key)) return false;
    const value = (container as Record<string, unknown>)[key];
    if (typeof value === "object" && value !== null && !isSafeTree(value, depth - 1)) return false;
  }
  return true;
}
