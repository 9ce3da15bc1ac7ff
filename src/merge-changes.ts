import type { Context } from "./context.ts";
import { conflictError } from "./errors.ts";
import { merge, type ConflictPolicy, type MergeConflict, type Merged } from "./merge.ts";
import { rebase } from "./rebase.ts";
import { applyRevision, type Revise } from "./revise.ts";
import type { Base, SessionState } from "./session-state.ts";
import { adopt } from "./tracking/adopt.ts";
import { deepEqual } from "./tracking/equal.ts";
import { copy } from "./tracking/snapshot.ts";

type Fields = Record<string, unknown>;

export interface MergedChanges extends Pick<Merged, "tree" | "pairs"> {
  readonly conflicts: readonly MergeConflict[];
  /** Shows it in the containers the user holds, once it is the base, with what he changed since on top of it. */
  show(stored: Base): void;
}

/**
 * Merges what the user changed into a newer state of the session, and runs a revision on the result.
 *
 * @throws {SessionError} `ERR_SESSION_CONFLICT` if both changed the same place and that is to be refused
 */
export function mergeChanges(context: Context, state: SessionState, theirs: Fields, revise?: Revise): MergedChanges {
  const { tracker, base } = state;
  const conflicts: MergeConflict[] = [];
  const merged = merge(base.tree(), state.raw, theirs, (raw) => tracker.marks(raw), {
    resolve: resolver(context),
    report: (conflict) => conflicts.push(conflict),
  });
  if (conflicts.length > 0 && context.options.conflict === "reject") {
    for (const { path } of conflicts) context.tell("conflict", { id: state.stored?.id, path });
    throw conflictError(conflicts.map(({ path }) => path));
  }
  // Before the revision, which might write to the session itself.
  const mine = copy(state.raw, new Map()) as Fields;
  const { tree, pairs } = revise === undefined ? merged : applyRevision(revise, merged);
  const show = (stored: Base): void => {
    if (!deepEqual(mine, state.raw)) return rebase(tracker, mine, stored, LAST_WINS, merged.shifts);
    adopt(tracker, tree, pairs);
    tracker.checkpoint();
    tracker.settle();
  };
  return { tree, pairs, conflicts, show };
}

/** What the user does while a save is on its way comes after it. */
const LAST_WINS: ConflictPolicy = { resolve: ({ mine }) => mine, report: () => {} };

/** How the manager wants a conflict resolved. */
export function resolver(context: Context): (conflict: MergeConflict) => unknown {
  const { conflict } = context.options;
  return typeof conflict === "function" ? conflict : ({ mine }) => mine;
}
