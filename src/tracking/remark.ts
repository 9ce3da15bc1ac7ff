import { childOf, read } from "./increment.ts";
import type { Node } from "./node.ts";
import type { Change, Tracker } from "./tracker.ts";

type Fields = Record<string, unknown>;

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
    if (node === undefined || (start !== undefined && typeof start !== "number")) continue;
    const by = value as number;
    const end = (start ?? 0) + by;
    // Anything else there is not what the increment came to.
    if (Object.is(read(node, key), end)) (tracker.mark(node).increments ??= new Map()).set(key, { start, by, end });
  }
}
