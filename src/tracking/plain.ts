import { isForbiddenKey } from "./kinds.ts";
import { toRaw } from "./raw.ts";

/** Containers of a value that are looked at: what is in several places is looked at in each, which can be more than there is time for. */
const MOST = 10_000;

/** Steps down a value: a ring has no end. */
const DEEPEST = 16;

/**
 * True for a value that can be put into a tree as it is: nearly all there are. False says nothing: a look that knows where it has been
 * follows, which takes several times as long.
 */
export function isPlain(value: unknown): boolean {
  return isPlainValue(value, { left: MOST }, 0);
}

interface Bounds {
  left: number;
}

function isPlainValue(value: unknown, bounds: Bounds, depth: number): boolean {
  if (typeof value === "function" || typeof value === "symbol") return false;
  if (typeof value !== "object" || value === null) return true;
  if (depth > DEEPEST || --bounds.left < 0 || toRaw(value) !== value) return false;
  switch (Object.getPrototypeOf(value)) {
    case Object.prototype:
      return isPlainObject(value, bounds, depth + 1);
    case Array.prototype:
      return isPlainList(value as unknown[], bounds, depth + 1);
    default:
      return value instanceof Date;
  }
}

function isPlainObject(object: object, bounds: Bounds, depth: number): boolean {
  // Both together take a third of what `Reflect.ownKeys` does, since engines keep the names with the shape of an object.
  for (const key of Object.getOwnPropertyNames(object)) {
    if (isForbiddenKey(key) || !isPlainProperty(object, key, bounds, depth)) return false;
  }
  return Object.getOwnPropertySymbols(object).length === 0;
}

function isPlainList(items: readonly unknown[], bounds: Bounds, depth: number): boolean {
  // Its items and its `length`.
  if (Reflect.ownKeys(items).length !== items.length + 1) return false;
  for (let index = 0; index < items.length; index++) if (!isPlainProperty(items, index, bounds, depth)) return false;
  return true;
}

/** By its descriptor, so that no accessor is run. */
function isPlainProperty(container: object, key: PropertyKey, bounds: Bounds, depth: number): boolean {
  const property = Object.getOwnPropertyDescriptor(container, key);
  return property?.writable === true && property.enumerable === true && isPlainValue(property.value, bounds, depth);
}
