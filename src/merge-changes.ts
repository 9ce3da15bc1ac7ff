import type { Context } from "./context.ts";
import { conflictError } from "./errors.ts";
import { merge, type MergeConflict, type Merged } from "./merge.ts";
import type { SessionState } from "./session-state.ts";

type Fields = Record<string, unknown>;

export interface MergedChanges extends Merged {
  readonly conflicts: readonly MergeConflict[];
}

/**
 * Merges what the user changed into a newer state of the session.
 *
 * @throws {SessionError} `ERR_SESSION_CONFLICT` if both changed the same place and that is to be refused
 */
export function mergeChanges(context: Context, state: SessionState, theirs: Fields): MergedChanges {
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
  return { ...merged, conflicts };
}

/** How the manager wants a conflict resolved. */
export function resolver(context: Context): (conflict: MergeConflict) => unknown {
  const { conflict } = context.options;
  return typeof conflict === "function" ? conflict : ({ mine }) => mine;
}
