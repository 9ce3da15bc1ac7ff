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
 * by `Object.keys` 0.3, and by `Reflect.ownKeys`, which alone tells of hidden properties, 1.
 */
export function isPlainTree(container: object, bounds: Bounds, depth = 0): boolean {
  if (depth > MAX_DEPTH || --bounds.left < 0) return false;
  if (Array.isArray(container)) return isPlainList(container, bounds, depth);
  if (Object.getPrototypeOf(container) !== Object.prototype) return false;
  let keys = 0;
  for (const key in container) {
    const value = (container as Record<string, unknown>)[key];
    // As a field, `undefined` is the same as no field at all.
    if (isForbiddenKey(key) || !(value === undefined || isPlainValue(value, bounds, depth))) return false;
    keys++;
  }
  return !bounds.held || hasOnly(container, keys);
}

/** Two questions, of which both together take half as long as `Reflect.ownKeys`. */
function hasOnly(container: object, keys: number): boolean {
  return Object.getOwnPropertyNames(container).length === keys && Object.getOwnPropertySymbols(container).length === 0;
}

function isPlainList(items: readonly unknown[], bounds: Bounds, depth: number): boolean {
  if (items.length > bounds.left || Object.getPrototypeOf(items) !== Array.prototype) return false;
  for (let index = 0; index < items.length; index++) if (!isPlainValue(items[index], bounds, depth)) return false;
  return true;
}

function isPlainValue(value: unknown, bounds: Bounds, depth: number): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return isPlainNumber(value);
    case "object":
      return value === null || isPlainTree(value, bounds, depth + 1);
    default:
      return false;
  }
}

/** False for a number that JSON would change. */
export function isPlainNumber(value: number): boolean {
  // Of NaN and the infinities the difference is NaN; -0 is the one zero that gives -Infinity.
  return value - value === 0 && (value !== 0 || 1 / value > 0);
}
