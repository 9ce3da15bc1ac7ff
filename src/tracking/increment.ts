import { valueError } from "../errors.ts";
import { admitKey } from "./admit.ts";
import type { Node } from "./node.ts";
import type { Path } from "./path.ts";
import { nodeOf } from "./raw.ts";
import type { Change, Tracker } from "./tracker.ts";

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
  for (const step of path) admitKey(step, () => [...path]);
  const key = path.at(-1);
  const node = parentOf(tracker, path);
  const old = read(node, key);
  if (old !== undefined && typeof old !== "number") {
    throw valueError(path, "is incremented, but is not a number", "Set it to a number first");
  }
  if (by === 0) return;
  const end = (old ?? 0) + by;
  const { increments } = tracker.mark(node);
  const before = increments.get(key);
  // An increment of what was incremented before continues it; after any other write it begins anew.
  const continues = before !== undefined && Object.is(before.end, old);
  put(node, key, end, path);
  increments.set(key, continues ? { start: before.start, by: before.by + by, end } : { start: old, by, end });
  tracker.wrote(() => ({ op: "increment", path, value: by }));
}

/** The container at the end of a path but one, made where there is none. */
function parentOf(tracker: Tracker, path: Path): Node {
  let node = tracker.root;
  for (const [index, step] of path.slice(0, -1).entries()) {
    const at = path.slice(0, index + 1);
    if (read(node, step) === undefined) {
      if (node.kind === "map") (node.proxy as Map<unknown, unknown>).set(step, {});
      else Reflect.set(node.proxy, step as PropertyKey, {}, node.proxy);
    }
    const next = childOf(tracker, node, step);
    if (next === undefined) throw valueError(at, "has nothing inside to increment", "Set it to an object first");
    node = next;
  }
  return node;
}

function read(node: Node, key: unknown): unknown {
  if (node.kind === "map") return (node.raw as Map<unknown, unknown>).get(key);
  return Object.hasOwn(node.raw, key as PropertyKey) ? (node.raw as Record<PropertyKey, unknown>)[key as PropertyKey] : undefined;
}

function put(node: Node, key: unknown, value: number, path: Path): void {
  if (node.kind === "map") {
    (node.raw as Map<unknown, unknown>).set(key, value);
    return;
  }
  const known = node.kind === "object" || (node.kind === "array" && Object.hasOwn(node.raw, key as PropertyKey));
  if (!known || !Reflect.set(node.raw, key as PropertyKey, value)) {
    throw valueError(path, "cannot be incremented where it is", "Name a key of an object or Map, or an item of an array");
  }
}

/** Marks increments anew after the tree was rewritten on top of `base`, so that they still count as increments. */
export function remarkIncrements(tracker: Tracker, changes: readonly Change[], base: Record<string, unknown>): void {
  for (const { op, path, value } of changes) {
    if (op !== "increment") continue;
    const key = path.at(-1);
    const node = path.slice(0, -1).reduce<Node | undefined>((at, step) => at && childOf(tracker, at, step), tracker.root);
    const start = path.reduce<unknown>(
      (at, step) => (at instanceof Map ? at.get(step) : (at as Fields | undefined)?.[step as string]),
      base,
    );
    const end = node && read(node, key);
    if (node === undefined || typeof end !== "number") continue;
    if (start === undefined || typeof start === "number")
      tracker.mark(node).increments.set(key, { start, by: value as number, end });
  }
}

type Fields = Record<string, unknown>;

function childOf(tracker: Tracker, node: Node, step: unknown): Node | undefined {
  const child = tracker.handOut(read(node, step), node.raw, step);
  return typeof child === "object" && child !== null ? nodeOf(child) : undefined;
}
