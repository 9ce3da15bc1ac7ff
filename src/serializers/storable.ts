import { containerKind, isForbiddenKey } from "../tracking/kinds.ts";
import { entriesOf } from "../tracking/tracker.ts";
import type { Keeps } from "./inspect.ts";
import { isPlainTree, MAX_DEPTH } from "./plain-tree.ts";
import { kindOf } from "./value-kinds.ts";

/** Containers of a tree that is taken for plain. */
const MOST_PLAIN = 10_000;

/** True for data that a session could have written by a serializer that keeps such values. */
export function isStorable(data: object, keeps: Keeps): boolean {
  const bounds = { left: MOST_PLAIN, held: false };
  if (isPlainTree(data, bounds)) return true;
  // Most fields are plain beside a rich one, and the longer walk takes eight times as long.
  const isPlain = (value: unknown): boolean => typeof value === "object" && value !== null && isPlainTree(value, bounds, 1);
  const others = Object.fromEntries(Object.entries(data).filter(([, value]) => !isPlain(value)));
  return heightOf(others, 0, keeps, new Map([[data, 0]])) <= MAX_DEPTH;
}

/**
 * How many steps it is from a container down to its innermost one, −1 for a value without any; infinity if that is too deep, or
 * if there is what the serializer does not keep, or a key that reaches a prototype.
 *
 * What stands in several places is walked once, but counts at each: a chain of containers may be longer than the first walk shows.
 */
function heightOf(value: unknown, depth: number, keeps: Keeps, known: Map<object, number>): number {
  if (typeof value === "function" || typeof value === "symbol") return Infinity;
  if (typeof value !== "object" || value === null) return -1;
  const kind = containerKind(value);
  if (kind === undefined && !isKept(value, keeps)) return Infinity;
  const cause = value instanceof Error ? value.cause : undefined;
  if (kind === undefined && cause === undefined) return -1;
  const found = known.get(value);
  if (found !== undefined) return found;
  if (depth > MAX_DEPTH) return Infinity;
  // A ring has no height of its own.
  known.set(value, 0);
  let height = 0;
  for (const [key, child] of kind === undefined ? [["cause", cause]] : entriesOf(value)) {
    if (kind === "object" && isForbiddenKey(key)) return Infinity;
    const inner = Math.max(heightOf(key, depth + 1, keeps, known), heightOf(child, depth + 1, keeps, known));
    height = Math.max(height, 1 + inner);
  }
  known.set(value, height);
  return height;
}

function isKept(value: object, keeps: Keeps): boolean {
  if (keeps === undefined) return true;
  const kind = kindOf(value);
  return kind !== undefined && keeps.has(kind);
}
