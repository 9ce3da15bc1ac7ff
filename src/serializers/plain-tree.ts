import { isForbiddenKey } from "../tracking/kinds.ts";

/** Deeper trees are refused: several serializers overflow the stack on them (devalue, msgpackr). */
export const MAX_DEPTH = 64;

/**
 * Leaves out what an application may have added to all objects. Inside a loop of `for` … `in` engines know the answer beforehand,
 * which they do not of `Object.hasOwn`.
 */
export const HAS_OWN: (this: object, key: PropertyKey) => boolean = Object.prototype.hasOwnProperty;

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
  if (!isPlainObject(container)) return false;
  let keys = 0;
  for (const key in container) {
    keys++;
    const value = (container as Record<string, unknown>)[key];
    if (isForbiddenName(key) || !(isAsItIs(value) || isPlainInside(value, bounds, depth) || value === undefined)) return false;
  }
  return !(bounds.held && hidesProperties(container, keys));
}

/** A forbidden key, of which the shortest has nine letters: the names of most fields are told by their length alone. */
export function isForbiddenName(key: string): boolean {
  return key.length >= 9 && isForbiddenKey(key);
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
  for (const item of items) if (!isAsItIs(item) && !isPlainInside(item, bounds, depth)) return false;
  return true;
}

function isPlainInside(value: unknown, bounds: Bounds, depth: number): boolean {
  return typeof value === "object" && isPlainTree(value as object, bounds, depth + 1);
}

/** The same for the value of a key, for which `undefined` is as good as no key at all. */
export function isPlainField(value: unknown, bounds: Bounds): boolean {
  return isAsItIs(value) || isPlainInside(value, bounds, 0) || value === undefined;
}

/** True for what JSON keeps, containers aside: of NaN and the infinities, the difference is NaN. */
export function isAsItIs(value: unknown): boolean {
  if (typeof value === "number") return value - value === 0 && !Object.is(value, -0);
  return typeof value === "string" || typeof value === "boolean" || value === null;
}
