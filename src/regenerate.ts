import { createRecord, startAttempt, writeConditionally } from "./conditional-write.ts";
import { Budget, type Context } from "./context.ts";
import { committedError, destroyedError, regenerateConflictError, storeError } from "./errors.ts";
import { isExpired } from "./lifecycle.ts";
import { decodeRecord } from "./load.ts";
import { rebase } from "./rebase.ts";
import { createWriteId, rememberWrite, type SessionRecord } from "./record.ts";
import { becomeEnded, becomeGone, createToken, deadRecord, isSameText, makeCertain, mergeChanges, resolver } from "./save.ts";
import type { SessionState, Stored } from "./session-state.ts";

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
  if (state.answered) throw committedError();
  const { options } = context;
  const budget = new Budget(context.platform, options.timeouts.save);
  await makeCertain(state, budget);
  if (state.status !== "stored") return regenerate(context, state);
  const old = state.stored as Stored;
  const place = await createToken(context);
  let successor: Stored | undefined;
  let newest: SessionRecord = old.record;
  const discard = async (): Promise<void> => {
    if (successor !== undefined) await removeQuietly(context, budget, successor.key);
  };
  const moved = await writeConditionally(
    context,
    budget,
    old.key,
    "regenerate a session",
    startAttempt(old),
    async (record, writeId) => {
      newest = record;
      if (record.state !== "live" || isExpired(record, options.now())) return undefined;
      await refuseConflicts(context, state, record);
      successor = await prepareSuccessor(context, budget, place, record, successor);
      const next = { ...record, version: record.version + 1, writes: rememberWrite(record, writeId) };
      return { ...deadRecord(next, options.now(), options.tombstoneTtl), state: "moved" };
    },
  ).catch(async (error: unknown) => {
    await discard();
    throw error;
  });
  if (moved.status !== "written" || successor === undefined) {
    await discard();
    if (moved.status !== "stopped" || newest.state !== "moved") return becomeGone(context, state);
    becomeEnded(state);
    throw regenerateConflictError();
  }
  state.cookieAction = "set";
  await follow(context, state, successor);
  context.tell("regenerated", { id: place.id, previousId: old.id });
}

/** With `conflict: "reject"`, a session that cannot be saved is not moved either. */
async function refuseConflicts(context: Context, state: SessionState, record: SessionRecord): Promise<void> {
  if (context.options.conflict !== "reject" || isSameText(record.data, state.base.encoded)) return;
  const decoded = await decodeRecord(context, record);
  if (decoded !== undefined) mergeChanges(context, state, decoded.data);
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
    startAttempt(earlier),
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
  if (!state.cookieChanged) state.cookie = { ...successor.record.meta.cookie };
  if (isSameText(successor.record.data, before.encoded) && successor.record.flash === undefined && state.flash.size === 0) return;
  const decoded = await decodeRecord(context, successor.record);
  if (decoded === undefined) throw storeError("regenerate a session", new Error("The record was damaged meanwhile."));
  state.base = decoded.base;
  state.flash = new Map(Object.entries(decoded.flash));
  rebase(state.tracker, before.tree(), decoded.base, {
    resolve: resolver(context),
    report: ({ path }) => context.tell("conflict", { id: successor.id, path }),
  });
}

async function removeQuietly(context: Context, budget: Budget, key: string): Promise<void> {
  try {
    await context.ask(budget, "remove an unused record", (store) => store.remove(key));
  } catch {
    // Nobody has its token, and it expires by itself.
  }
}
