import { startAttempt, writeConditionally, type Written } from "./conditional-write.ts";
import { Budget, type Context } from "./context.ts";
import { readSuccessor } from "./load.ts";
import { unlist } from "./ownership.ts";
import { deadRecord, rememberWrite, type RecordMeta } from "./record.ts";
import { becomeDestroyed } from "./save.ts";
import { NO_FLASH, type SessionState, type Stored } from "./session-state.ts";

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
  state.flash = NO_FLASH;
  becomeDestroyed(context, state);
}

/**
 * Puts a dead record in the place of a live one, by compare-and-set: a write in flight then finds it changed, and never brings the
 * session back. Follows a session that was rotated, however long ago, so that a logout with its old cookie ends it too. False if it was not live any
 * more.
 */
export async function bury(context: Context, target: Target): Promise<boolean> {
  const { options } = context;
  const budget = new Budget(context.platform, options.timeouts.save);
  let at: Target | undefined = target;
  let ended: RecordMeta = {};
  while (at !== undefined) {
    const written: Written = await writeConditionally(
      context,
      budget,
      at.key,
      "destroy a session",
      startAttempt(at),
      async (record, writeId) => {
        if (record.state !== "live") return undefined;
        ended = record.meta;
        const next = { ...record, version: record.version + 1, writes: rememberWrite(record, writeId) };
        return deadRecord(next, options.now(), options.tombstoneTtl);
      },
    );
    if (written.status === "written") {
      await unlist(context, ended);
      return true;
    }
    at = written.status === "stopped" ? await readSuccessor(context, budget, written.record) : undefined;
  }
  return false;
}
