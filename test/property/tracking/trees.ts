import { isProxy } from "node:util/types";

/** Everything that stands directly inside a value, keys of Maps too. */
export function inside(value: object): unknown[] {
  if (value instanceof Map) return [...value].flat();
  if (value instanceof Set) return [...value];
  if (value instanceof Error) return [value.cause];
  return Array.isArray(value) || isPlain(value) ? Object.values(value) : [];
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** What can be looked into, as against a Date or bytes. */
export function isContainer(value: unknown): value is object {
  return isObject(value) && (Array.isArray(value) || value instanceof Map || value instanceof Set || isPlain(value));
}

/** All objects that a value is made of. */
export function reachable(from: unknown): Set<object> {
  const found = new Set<object>();
  const visit = (value: unknown): void => {
    if (!isObject(value) || found.has(value)) return;
    found.add(value);
    for (const child of inside(value)) visit(child);
  };
  visit(from);
  return found;
}

export function holdsProxy(tree: unknown): boolean {
  return [...reachable(tree)].some((value) => isProxy(value));
}

/**
 * Equal for the eye of someone who reads: identity does not count, rings of one shape are equal, a key that holds `undefined` is
 * none, and a hole is `undefined`. Order counts for arrays only. Written anew here, so that it can disagree with the library.
 */
export function alike(a: unknown, b: unknown, assumed: Map<object, Set<object>> = new Map()): boolean {
  if (Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (kindOf(a) !== kindOf(b)) return false;
  const known = assumed.get(a) ?? new Set();
  if (known.has(b)) return true;
  assumed.set(a, known.add(b));
  const inner = (left: unknown, right: unknown): boolean => alike(left, right, assumed);
  if (alikeInside(a, b, inner)) return true;
  known.delete(b);
  return false;
}

function kindOf(value: object): string {
  return isPlain(value) ? "object" : Object.prototype.toString.call(value);
}

function alikeInside(a: object, b: object, inner: (left: unknown, right: unknown) => boolean): boolean {
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime());
  if (ArrayBuffer.isView(a)) return String(a) === String(b);
  if (Array.isArray(a)) {
    const other = b as unknown[];
    return a.length === other.length && Array.from(a).every((item, index) => inner(item, other[index]));
  }
  if (a instanceof Set) return matchAll([...a], [...(b as Set<unknown>)], inner);
  if (a instanceof Map) {
    const entries = (map: object): [unknown, unknown][] => [...(map as Map<unknown, unknown>)];
    return matchAll(entries(a), entries(b), ([key, value], [other, its]) => inner(key, other) && inner(value, its));
  }
  const keys = (value: object): string[] => Object.keys(value).filter((key) => (value as Fields)[key] !== undefined);
  return (
    keys(a).length === keys(b).length &&
    keys(a).every((key) => Object.hasOwn(b, key) && inner((a as Fields)[key], (b as Fields)[key]))
  );
}

/** True if each item of one list has a match of its own in the other. */
function matchAll<V>(items: readonly V[], others: readonly V[], match: (item: V, other: V) => boolean): boolean {
  const free = [...others];
  return (
    items.length === others.length &&
    items.every((item) => {
      const index = free.findIndex((other) => match(item, other));
      if (index >= 0) free.splice(index, 1);
      return index >= 0;
    })
  );
}

type Fields = Record<string, unknown>;

/** What of a tree may be too much for a serializer. */
export interface Extent {
  /** How many containers are around the innermost, itself included. */
  depth: number;
  /** How many objects there would be if no two places shared one. */
  objects: number;
  /** A Set, or the keys of a Map, hold several of the containers around it, or one and `null`. */
  tangled: boolean;
}

export function extentOf(tree: object, most: number): Extent {
  const extent = { depth: 0, objects: 0, tangled: false };
  const around: object[] = [];
  const visit = (value: unknown): void => {
    if (!isObject(value) || around.includes(value) || extent.objects > most) return;
    extent.objects++;
    around.push(value);
    if (isContainer(value)) extent.depth = Math.max(extent.depth, around.length);
    if (value instanceof Map || value instanceof Set) {
      extent.tangled ||= [...value.keys()].filter((key) => key === null || around.includes(key as object)).length > 1;
    }
    for (const child of inside(value)) visit(child);
    around.pop();
  };
  visit(tree);
  return extent;
}

/** A deep copy that keeps aliases and rings. */
export function clone<V>(tree: V): V {
  return structuredClone(tree);
}
