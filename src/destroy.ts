import { startAttempt, writeConditionally } from "./conditional-write.ts";
import { Budget, type Context } from "./context.ts";
import { rememberWrite } from "./record.ts";
import { becomeDestroyed, deadRecord } from "./save.ts";
import type { SessionState, Stored } from "./session-state.ts";

/** A session in the store, wherever its key came from. */
type Target = Pick<Stored, "key" | "entry" | "record">;

/**
 * Ends the session of this request. Resolves only once the store said so.
 *
 * @throws {SessionError} `ERR_SESSION_STORE`; the session is then as it was
 */
export async function destroy(context: Context, state: SessionState): Promise<void> {
  const { status, stored } = state;
  if (status === "destroyed") return;
  // Before the I/O, so that nothing is written into a session that is on its way out.
  state.status = "destroyed";
  try {
    if (status === "stored") await bury(context, stored as Stored);
  } catch (error) {
    state.status = status;
    throw error;
  }
  for (const key of Object.keys(state.raw)) delete state.raw[key];
  state.flash = new Map();
  becomeDestroyed(context, state);
}

/**
 * Puts a dead record in the place of a live one, by compare-and-set: a write in flight then finds it changed, and never brings the
 * session back. False if it was not live any more.
 */
export async function bury(context: Context, target: Target): Promise<boolean> {
  const { options } = context;
  const budget = new Budget(context.platform, options.timeouts.save);
  const written = await writeConditionally(
    context,
    budget,
    target.key,
    "destroy a session",
    startAttempt(target),
    async (record, writeId) => {
      if (record.state !== "live") return undefined;
      const next = { ...record, version: record.version + 1, writes: rememberWrite(record, writeId) };
      return deadRecord(next, options.now(), options.tombstoneTtl);
    },
  );
  return written.status === "written";
}
