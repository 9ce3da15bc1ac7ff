import { valueError } from "../errors.ts";
import { admitKey } from "./admit.ts";
import { arrayIndex } from "./kinds.ts";
import type { Node } from "./node.ts";
import type { Path } from "./path.ts";
import { nodeOf, toRaw } from "./raw.ts";
import type { Tracker } from "./tracker.ts";

/**
 * Adds to a number in the tree, and marks that this is all that was done to it, so that concurrent increments add up.
 *
 * Objects that are missing on the way are made; a missing number counts as 0.
 *
 * @throws {SessionError} `ERR_SESSION_VALUE` if the way is blocked, or something else than a number is at its end
 */
export function increment(tracker: Tracker, path: Path, by: number): void {
  tracker.guard();
  if (path.length === 0) throw valueError(path, "was incremented", "Name a key");
  if (!Number.isFinite(by)) throw valueError(path, "was incremented by something that is no finite number", "Give a number");
  const found = find(tracker, path);
  if (by === 0) return;
  const { node, key } = makeWay(tracker, found);
  const old = read(node, key) as number | undefined;
  const end = (old ?? 0) + by;
  if (!put(node, key, end)) throw unreachable(path);
  const increments = (tracker.mark(node).increments ??= new Map());
  const before = increments.get(key);
  // An increment of what was incremented before continues it; after any other write it begins anew.
  const continues = before !== undefined && Object.is(before.end, old);
  increments.set(key, continues ? { start: before.start, by: before.by + by, end } : { start: old, by, end });
  tracker.wrote(() => ({ op: "increment", path: [...found.way, key], value: by }));
}

/** A place that a path leads to, as far as the way is there. */
interface Found {
  readonly node: Node;
  readonly key: unknown;
  /** The steps to the container that is incremented in, as the traps would call them. */
  readonly way: Path;
  /** Keys of the objects still to be made, outermost first. */
  readonly missing: readonly string[];
}

/** Follows a path and checks all of it, so that a call that is refused leaves nothing behind. */
function find(tracker: Tracker, path: Path): Found {
  let node = tracker.root;
  const way: unknown[] = [];
  for (const [index, step] of path.entries()) {
    const key = keyIn(node, step, path);
    const value = read(node, key);
    const missing = path.slice(index + 1);
    if (value === undefined || missing.length === 0) {
      if (typeof value !== "number" && value !== undefined) {
        throw valueError(path, "is incremented, but is not a number", "Set it to a number first");
      }
      if (!canHold(node, key)) throw unreachable(path);
      const keys = missing.map((inner) => objectKey(inner, path));
      return { node, key, way: [...way, key, ...keys].slice(0, -1), missing: keys };
    }
    const next = childOf(tracker, node, key);
    if (next === undefined) {
      throw valueError(path.slice(0, index + 1), "has nothing inside to increment", "Set it to an object first");
    }
    way.push(key);
    node = next;
  }
  throw unreachable(path);
}

/** Makes the objects that are missing on the way. */
function makeWay(tracker: Tracker, { node, key, missing }: Found): Pick<Found, "node" | "key"> {
  for (const next of missing) {
    if (node.kind === "map") (node.proxy as Map<unknown, unknown>).set(key, {});
    else Reflect.set(node.proxy, key as PropertyKey, {}, node.proxy);
    node = childOf(tracker, node, key) as Node;
    key = next;
  }
  return { node, key };
}

/** The key that a step stands for, as the traps of the container call it: `5` is a key of an object, `"5"` an index of an array. */
function keyIn(node: Node, step: unknown, path: Path): unknown {
  if (node.kind === "map") return toRaw(step);
  const key = objectKey(step, path);
  return node.kind === "array" ? (arrayIndex(key) ?? key) : key;
}

function objectKey(step: unknown, path: Path): string {
  if (typeof step !== "string" && typeof step !== "number") {
    throw valueError(path, "was incremented by a path with a step that is no key", "Use strings and numbers");
  }
  admitKey(step, () => [...path]);
  return String(step);
}

function canHold({ kind, raw }: Node, key: unknown): boolean {
  if (kind === "map") return true;
  if (kind === "object" && !Object.hasOwn(raw, key as string)) return Object.isExtensible(raw);
  // An array has its items only: one more would have to be appended.
  return (kind === "object" || typeof key === "number") && Object.hasOwn(raw, key as PropertyKey) && !Object.isFrozen(raw);
}

function unreachable(path: Path): Error {
  return valueError(path, "cannot be incremented where it is", "Name a key of an object or Map, or an item of an array");
}

export function read(node: Node, key: unknown): unknown {
  if (node.kind === "map") return (node.raw as Map<unknown, unknown>).get(key);
  return Object.hasOwn(node.raw, key as PropertyKey) ? (node.raw as Record<PropertyKey, unknown>)[key as PropertyKey] : undefined;
}

function put(node: Node, key: unknown, value: number): boolean {
  if (node.kind !== "map") return Reflect.set(node.raw, key as PropertyKey, value);
  (node.raw as Map<unknown, unknown>).set(key, value);
  return true;
}

export function childOf(tracker: Tracker, node: Node, key: unknown): Node | undefined {
  // What is in a frozen container is handed out by what the user has in its place.
  const isFrozen = node.kind !== "map" && Object.isFrozen(node.raw);
  const child: unknown = isFrozen ? Reflect.get(node.proxy, key as PropertyKey) : tracker.handOut(read(node, key), node, key);
  return typeof child === "object" && child !== null ? nodeOf(child) : undefined;
}
