import type { Budget, Context } from "./context.ts";
import { decodeRecord, findSuccessor, unreadableError } from "./load.ts";
import { mergeChanges, resolver } from "./merge-changes.ts";
import { rebase } from "./rebase.ts";
import { isSameText, type SessionRecord } from "./record.ts";
import type { SessionState, Stored } from "./session-state.ts";

/** Makes the state show the successor, with what this request changed on top of what others did meanwhile. */
export async function follow(context: Context, state: SessionState, successor: Stored): Promise<void> {
  const before = state.base;
  state.stored = successor;
  state.showOverrides(successor.record.meta);
  if (isSameText(successor.record.data, before.stored) && successor.record.flash === undefined && state.flash.size === 0) return;
  const decoded = await decodeRecord(context, successor.id, successor.record);
  if ("reason" in decoded) throw unreadableError("follow a session", decoded);
  state.base = decoded.base;
  state.flash = decoded.flash;
  rebase(state.tracker, before.tree(), decoded.base, {
    resolve: resolver(context),
    report: ({ path }) => context.tell("conflict", { id: successor.id, path }),
  });
}

/**
 * Follows a session that another request rotated meanwhile, within the grace. False if the record found leads nowhere.
 *
 * The other request has sent the new token; this one does not know it, and sends no cookie.
 */
export async function followRotation(
  context: Context,
  budget: Budget,
  state: SessionState,
  newest: SessionRecord | undefined,
): Promise<boolean> {
  const found = newest === undefined ? undefined : await findSuccessor(context, budget, newest);
  if (found?.kind !== "live") return false;
  await refuseConflicts(context, state, found.stored.id, found.stored.record);
  await follow(context, state, found.stored);
  state.cookieAction = "none";
  return true;
}

/** With `conflict: "reject"`, a session that cannot be saved is not moved either. */
export async function refuseConflicts(context: Context, state: SessionState, id: string, record: SessionRecord): Promise<void> {
  if (context.options.conflict !== "reject" || isSameText(record.data, state.base.stored)) return;
  const decoded = await decodeRecord(context, id, record);
  if (!("reason" in decoded)) mergeChanges(context, state, decoded.data);
}
