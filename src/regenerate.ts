import { createRecord, writeConditionally } from "./conditional-write.ts";
import { Budget, type Context } from "./context.ts";
import { committedError, destroyedError, regenerateConflictError, storeError } from "./errors.ts";
import { isExpired } from "./lifecycle.ts";
import { decodeRecord } from "./load.ts";
import { merge } from "./merge.ts";
import { createWriteId, rememberWrite, type SessionRecord } from "./record.ts";
import { becomeGone, createToken, deadRecord } from "./save.ts";
import type { SessionState, Stored } from "./session-state.ts";
import { adopt } from "./tracking/adopt.ts";
import { remarkIncrements } from "./tracking/increment.ts";

/**
 * Moves the session to a new token. The old one is dead for every later request, also against slow writers.
 *
 * First the record is created under the new key, then the old one is replaced by a tombstone, by compare-and-set: of concurrent
 * calls one wins, and a crash in between leaves the old session as it was. What this request has changed stays to be saved, under
 * the new token only.
 *
 * @throws {SessionError} `ERR_SESSION_CONFLICT` if another request regenerated it first; `_GONE`, `_STORE`, `_DESTROYED`, `_COMMITTED`
 */
export async function regenerate(context: Context, state: SessionState): Promise<void> {
  if (state.status === "destroyed") throw destroyedError();
  if (state.status === "new") return;
  if (state.status === "ended") return becomeGone(context, state);
  // The new token could not reach the browser any more.
  if (state.committed) throw committedError();
  const { options } = context;
  const old = state.stored as Stored;
  const place = await createToken(context);
  const budget = new Budget(context.platform, options.timeouts.save);
  let successor: Stored | undefined;
  let newest: SessionRecord = old.record;
  const moved = await writeConditionally(context, budget, old.key, "regenerate a session", old, async (record, writeId) => {
    newest = record;
    if (record.state !== "live" || isExpired(record, options.now())) return undefined;
    successor = await prepareSuccessor(context, budget, place, record, successor);
    const next = { ...record, version: record.version + 1, writes: rememberWrite(record, writeId) };
    return { ...deadRecord(next, options.now(), options.tombstoneTtl), state: "moved" };
  });
  if (moved.status !== "written" || successor === undefined) {
    if (successor !== undefined) await removeQuietly(context, successor.key);
    if (moved.status !== "stopped" || newest.state !== "moved") return becomeGone(context, state);
    state.status = "ended";
    throw regenerateConflictError();
  }
  await follow(context, state, successor);
  state.cookieAction = "set";
  context.tell("regenerated", { id: place.id, previousId: old.id });
}

/** Creates the record under the new key, or brings the one made in an earlier round up to date. */
async function prepareSuccessor(
  context: Context,
  budget: Budget,
  place: Pick<Stored, "token" | "id" | "key">,
  record: SessionRecord,
  earlier: Stored | undefined,
): Promise<Stored> {
  const { options } = context;
  const fresh = { ...record, touchedAt: options.now(), idleWindow: options.idleWindow };
  if (earlier === undefined) {
    const first = { ...fresh, version: 1, writes: [createWriteId()] };
    const entry = await createRecord(context, budget, place.key, first);
    if (entry === undefined) throw storeError("regenerate a session", new Error("`generateToken` gave a token that is in use."));
    return { ...place, entry, record: first };
  }
  const written = await writeConditionally(
    context,
    budget,
    place.key,
    "regenerate a session",
    earlier,
    async (current, writeId) => ({
      ...fresh,
      version: current.version + 1,
      writes: rememberWrite(current, writeId),
    }),
  );
  if (written.status === "missing") throw storeError("regenerate a session", new Error("The new record vanished."));
  return { ...place, entry: written.entry, record: written.record };
}

/** Makes the state show the successor, with what this request changed on top of what others did meanwhile. */
async function follow(context: Context, state: SessionState, successor: Stored): Promise<void> {
  const before = state.base;
  state.stored = successor;
  if (successor.record.data.text === before.encoded.text && successor.record.flash?.text === undefined) return;
  const decoded = await decodeRecord(context, successor.record);
  if (decoded === undefined) throw storeError("regenerate a session", new Error("The record was damaged meanwhile."));
  const { tracker } = state;
  const pending = state.changes;
  const merged = merge(before.tree(), state.raw, decoded.data, (raw) => tracker.marks(raw), {
    resolve: ({ mine }) => mine,
    report: ({ path }) => context.tell("conflict", { id: successor.id, path }),
  });
  adopt(tracker, merged.tree, merged.pairs);
  state.base = decoded.base;
  state.flash = new Map(Object.entries(decoded.flash));
  if (!state.cookieChanged) state.cookie = { ...successor.record.meta.cookie };
  if (pending.length > 0) return remarkIncrements(tracker, pending, state.base.tree());
  tracker.checkpoint();
  tracker.settle();
}

async function removeQuietly(context: Context, key: string): Promise<void> {
  try {
    const budget = new Budget(context.platform, context.options.timeouts.save);
    await context.ask(budget, "remove an unused record", (store) => store.remove(key));
  } catch {
    // Nobody has its token, and it expires by itself.
  }
}
