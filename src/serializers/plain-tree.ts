import { isForbiddenKey } from "../tracking/kinds.ts";

/** Deeper trees are refused: several serializers overflow the stack on them (devalue, msgpackr). */
export const MAX_DEPTH = 64;

/** What is allowed of a tree. */
export interface Bounds {
  /** How many containers it may still have: aliases make more of a few than there are. */
  left: number;
  /** Someone else may hold parts of it, and have hidden properties in them. */
  readonly held: boolean;
}

/**
 * True for a tree that JSON keeps and that may be stored and loaded, which is nearly all there is. False says nothing: a look at
 * everything that a tree could hold follows, which takes eight times as long.
 *
 * `for` … `in` because engines keep the keys, and the places of their values, with the shape of an object: 0.2 of what writing takes,
 * by `Object.keys` 0.3. To look for hidden properties as well takes 0.5.
 */
export function isPlainTree(container: object, bounds: Bounds, depth = 0): boolean {
  if (depth > MAX_DEPTH || --bounds.left < 0) return false;
  if (Array.isArray(container)) return isPlainList(container, bounds, depth);
  let keys = 0;
  for (const key in container) {
    if (isForbiddenKey(key) || !isPlainField((container as Record<string, unknown>)[key], bounds, depth)) return false;
    keys++;
  }
  return isPlainObject(container) && !(bounds.held && hidesProperties(container, keys));
}

export function isPlainObject(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype;
}

/** True if an object has more properties than those that are enumerated. `Reflect.ownKeys` would take three times as long. */
export function hidesProperties(object: object, keys: number): boolean {
  return Object.getOwnPropertyNames(object).length !== keys || Object.getOwnPropertySymbols(object).length > 0;
}

function isPlainList(items: readonly unknown[], bounds: Bounds, depth: number): boolean {
  if (items.length > bounds.left || Object.getPrototypeOf(items) !== Array.prototype) return false;
  for (const item of items)
    if (!isAsItIs(item) && !(typeof item === "object" && isPlainTree(item as object, bounds, depth + 1))) return false;
  return true;
}

/** The same for the value of a key, for which `undefined` is as good as no key at all. */
export function isPlainField(value: unknown, bounds: Bounds, depth: number): boolean {
  return isAsItIs(value) || (typeof value === "object" ? isPlainTree(value as object, bounds, depth + 1) : value === undefined);
}

/** True for what JSON keeps, containers aside. */
export function isAsItIs(value: unknown): boolean {
  return (
    typeof value === "string" || (typeof value === "number" ? isPlainNumber(value) : typeof value === "boolean" || value === null)
  );
}

/** False for a number that JSON would change: of NaN and the infinities, the difference is NaN. */
function isPlainNumber(value: number): boolean {
  return value - value === 0 && !Object.is(value, -0);
}
