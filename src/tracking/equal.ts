import { containerKind } from "./kinds.ts";
import { Lookup } from "./lookup.ts";

/**
 * Tells whether two values would be the same once stored.
 *
 * Like `Object.is` for primitives, by content for everything else. A key that holds `undefined` equals an absent key; the
 * order of object keys, Map entries and Set members does not count.
 */
export function deepEqual(a: unknown, b: unknown): boolean {
  return equal(a, b, undefined);
}

/** `open` holds the pairs under comparison, so that two cyclic structures of the same shape end as equal. */
function equal(a: unknown, b: unknown, open: Map<object, Set<object>> | undefined): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const kind = containerKind(a);
  if (kind !== containerKind(b)) return false;
  if (kind === undefined && !(a instanceof Error)) return equalLeaf(a, b);

  open ??= new Map();
  const against = open.get(a) ?? new Set();
  if (against.has(b)) return true;
  open.set(a, against.add(b));
  try {
    if (kind === "array") return equalArrays(a as unknown[], b as unknown[], open);
    if (kind === "map") return equalMaps(a as Map<unknown, unknown>, b as Map<unknown, unknown>, open);
    if (kind === "set") return equalSets(a as Set<unknown>, b as Set<unknown>, open);
    if (kind === "object") return equalObjects(a as Record<string, unknown>, b as Record<string, unknown>, open);
    return equalErrors(a as Error, b as Error, open);
  } finally {
    against.delete(b);
  }
}

type Open = Map<object, Set<object>>;

/** By index, so that a hole equals `undefined`. */
function equalArrays(a: unknown[], b: unknown[], open: Open): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (!equal(a[index], b[index], open)) return false;
  return true;
}

function equalObjects(a: Record<string, unknown>, b: Record<string, unknown>, open: Open): boolean {
  for (const key of Object.keys(a)) {
    if (a[key] !== undefined && !(Object.hasOwn(b, key) && equal(a[key], b[key], open))) return false;
  }
  return Object.keys(b).every((key) => b[key] === undefined || (Object.hasOwn(a, key) && a[key] !== undefined));
}

function equalMaps(a: Map<unknown, unknown>, b: Map<unknown, unknown>, open: Open): boolean {
  if (a.size !== b.size) return false;
  const unmatched: [unknown, unknown][] = [];
  for (const [key, value] of a) {
    if (!b.has(key)) unmatched.push([key, value]);
    else if (!equal(value, b.get(key), open)) return false;
  }
  // Objects as keys, which are told apart by identity.
  const others = [...b].filter(([key]) => !a.has(key));
  return allMatch(unmatched, others, ([key, value], [other, its]) => equal(key, other, open) && equal(value, its, open));
}

function equalSets(a: Set<unknown>, b: Set<unknown>, open: Open): boolean {
  if (a.size !== b.size) return false;
  const others = [...b].filter((member) => !a.has(member));
  return allMatch(
    [...a].filter((member) => !b.has(member)),
    others,
    (member, other) => equal(member, other, open),
  );
}

/** True if each item has a match of its own among the others. */
function allMatch<T>(items: readonly T[], others: readonly T[], matches: (item: T, other: T) => boolean): boolean {
  if (items.length === 0) return others.length === 0;
  const lookup = new Lookup(others, (other) => other);
  return items.every((item) => lookup.take(item, (other) => matches(item, other)) !== undefined);
}

function equalErrors(a: Error, b: Error, open: Open): boolean {
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  return a.name === b.name && a.message === b.message && equal(a.cause, b.cause, open);
}

/** Values without places inside: compared by what is kept of them. */
function equalLeaf(a: object, b: object): boolean {
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime());
  if (a instanceof RegExp) return String(a) === String(b);
  if (a instanceof URL) return a.href === (b as URL).href;
  if (ArrayBuffer.isView(a)) return equalBytes(a, b as ArrayBufferView);
  return false;
}

function equalBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  if (a.byteLength !== b.byteLength) return false;
  const left = new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
  const right = new Uint8Array(b.buffer, b.byteOffset, b.byteLength);
  return left.every((byte, index) => byte === right[index]);
}
