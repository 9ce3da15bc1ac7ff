import { Budget, type Context } from "./context.ts";
import { follow, followRotation } from "./follow.ts";
import type { SessionRecord } from "./record.ts";
import { move } from "./move.ts";
import { becomeEnded } from "./save.ts";
import type { SessionState, Stored } from "./session-state.ts";

/**
 * Moves the session to a new token, same privilege. For `rotateGrace` the old one still leads there, for requests in flight; of
 * concurrent rotations one wins, and the others follow it without a cookie.
 *
 * Never throws: nothing that the user wrote is at stake, and the next request tries again.
 */
export async function rotate(context: Context, state: SessionState): Promise<void> {
  const { options } = context;
  const budget = new Budget(context.platform, options.timeouts.save);
  const old = state.stored as Stored;
  const tombstone = (dead: SessionRecord, { key }: Stored): SessionRecord => ({
    ...dead,
    // Remembered after its grace for as long as any other, so that its reuse is noticed.
    idleWindow: options.rotateGrace + options.tombstoneTtl,
    meta: { ...dead.meta, to: key.slice(options.prefix.length) },
  });
  try {
    // A new record that the old one may lead to has to be there.
    const moved = await move(context, budget, old, { doing: "rotate a session", tombstone, discardsUnknown: false });
    if (moved.status === "moved") {
      state.cookieAction = "set";
      await follow(context, state, moved.successor);
      context.tell("rotated", { id: moved.successor.id, previousId: old.id });
    } else if (!(await followRotation(context, budget, state, moved.newest))) becomeEnded(state);
  } catch {
    // Told to the `error` hook where it happened.
  }
}
