import { merge, type ConflictPolicy, type Shifts } from "./merge.ts";
import type { Base } from "./session-state.ts";
import { adopt } from "./tracking/adopt.ts";
import { listChanges } from "./tracking/changes.ts";
import { remarkIncrements } from "./tracking/remark.ts";
import type { Tracker } from "./tracking/tracker.ts";

/**
 * Shows a newer state of the session in the containers that the user holds, with what he changed since `from` on top of it.
 *
 * These changes stay to be stored, as changes of the newer state: increments still add up.
 */
export function rebase(
  tracker: Tracker,
  from: Record<string, unknown>,
  onto: Base,
  policy: ConflictPolicy,
  shifts?: Shifts,
): void {
  const pending = listChanges(from, tracker);
  const raw = tracker.root.raw as Record<string, unknown>;
  const { tree, pairs } = merge(from, raw, onto.tree(), (container) => tracker.marks(container), policy, shifts);
  adopt(tracker, tree, pairs);
  remarkIncrements(tracker, pending, onto.tree());
}
