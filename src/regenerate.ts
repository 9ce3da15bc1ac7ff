import { Budget, type Context } from "./context.ts";
import { committedError, destroyedError, regenerateConflictError } from "./errors.ts";
import { follow, followRotation, refuseConflicts } from "./follow.ts";
import { move } from "./move.ts";
import { becomeEnded, becomeGone, makeCertain } from "./save.ts";
import type { SessionState, Stored } from "./session-state.ts";

/**
 * Moves the session to a new token. The old one is dead for every later request, also against slow writers.
 *
 * What this request has changed stays to be saved, under the new token only.
 *
 * @throws {SessionError} `ERR_SESSION_CONFLICT` if another request regenerated it first; `_GONE`, `_STORE`, `_DESTROYED`, `_COMMITTED`
 */
export async function regenerate(context: Context, state: SessionState): Promise<void> {
  if (state.status === "destroyed") throw destroyedError();
  if (state.status === "new") return;
  if (state.status === "ended") return becomeGone(context, state);
  // The new token could not reach the browser any more.
  if (state.answered) throw committedError();
  const budget = new Budget(context.platform, context.options.timeouts.save);
  await makeCertain(state, budget);
  if (state.status !== "stored") return regenerate(context, state);
  const old = state.stored as Stored;
  const moved = await move(context, budget, old, {
    doing: "regenerate a session",
    // With no word of where to, so that whoever knew the old token is not led to what is privileged now.
    tombstone: (dead) => dead,
    discardsUnknown: true,
    check: (record) => refuseConflicts(context, state, old.id, record),
  });
  if (moved.status === "moved") {
    state.cookieAction = "set";
    await follow(context, state, moved.successor);
    return context.tell("regenerated", { id: moved.successor.id, previousId: old.id });
  }
  // Rotated meanwhile: the privilege is changed all the same, from where the session is by now.
  if (await followRotation(context, budget, state, moved.newest)) return regenerate(context, state);
  if (moved.newest?.state !== "moved") return becomeGone(context, state);
  becomeEnded(state);
  throw regenerateConflictError();
}
