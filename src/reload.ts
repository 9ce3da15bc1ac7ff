import { Budget, type Context } from "./context.ts";
import { destroyedError } from "./errors.ts";
import { becomeStored, begin, interpret, tellCorrupt } from "./load.ts";
import { NO_FLASH, type SessionState, type Stored } from "./session-state.ts";
import { adopt } from "./tracking/adopt.ts";
import { pairUp } from "./tracking/pairing.ts";

/**
 * Drops what this request changed and reads the session again, into the containers that the user holds.
 *
 * A session that was ended meanwhile is empty from then on: a read never throws for it.
 *
 * @throws {SessionError} `ERR_SESSION_STORE`, `ERR_SESSION_DESTROYED`
 */
export async function reload(context: Context, state: SessionState): Promise<void> {
  if (state.status === "destroyed") throw destroyedError();
  const data = state.status === "stored" ? await readAgain(context, state) : await begin(context, state);
  const pairs = new Map<object, object>();
  pairUp(state.raw, data, pairs);
  adopt(state.tracker, data, pairs);
  state.tracker.checkpoint();
  state.tracker.settle();
  state.flashChanges.clear();
  state.cookieChanged = state.timeoutsChanged = false;
  state.cleared = false;
  state.unanswered = undefined;
}

async function readAgain(context: Context, state: SessionState): Promise<Record<string, unknown>> {
  const stored = state.stored as Stored;
  const budget = new Budget(context.platform, context.options.timeouts.load);
  const entry = await context.ask(budget, "load a session", (store) => store.get(stored.key));
  const found = entry === undefined ? undefined : await interpret(context, budget, { ...stored, entry });
  if (found?.kind === "live") {
    state.cookieChanged = state.timeoutsChanged = false;
    becomeStored(state, found);
    return found.data;
  }
  state.status = "ended";
  state.cookieAction = "none";
  state.flash = NO_FLASH;
  if (found?.kind === "corrupt") tellCorrupt(context, stored.id, found);
  else context.tell("gone", { id: stored.id });
  return begin(context, state);
}
