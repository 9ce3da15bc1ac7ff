import { compose, type Composed } from "./compose.ts";
import { createRecord, startAttempt, writeConditionally, type Seen, type Written } from "./conditional-write.ts";
import { Budget, type Context } from "./context.ts";
import { committedError, goneError, optionError, storeError } from "./errors.ts";
import { andThen, isPromise } from "./is-promise.ts";
import { isExpired, isRenewalDue, type Lifetime } from "./lifecycle.ts";
import { onDemand } from "./on-demand.ts";
import { withOwnTimeouts } from "./overrides.ts";
import { stayListed } from "./ownership.ts";
import { deadRecord, firstWrite, isSameText, rememberWrite, type SessionRecord } from "./record.ts";
import type { Revise } from "./revise.ts";
import { createBase, EMPTY_BASE, type Place, type SessionState, type Stored } from "./session-state.ts";
import type { MaybePromise } from "./stores/store.ts";
import { hashToken, isToken } from "./token.ts";
import { copy } from "./tracking/snapshot.ts";

type Fields = Record<string, unknown>;

const following = onDemand(() => import("./follow.ts"));

/**
 * Stores what a session changed: data, one-time values, overrides. With `revise`, that too, on the newest data.
 *
 * A session is created when it first has something to keep. After that a write replaces the very version it was made from, or
 * merges into the newer one and tries again, so that nothing of another request is lost. A session that was ended is never
 * created anew.
 *
 * @throws {SessionError} see `$save`
 */
export function save(context: Context, state: SessionState, revise?: Revise): Promise<void> {
  return saveWithin(context, new Budget(context.platform, context.options.timeouts.save), state, revise);
}

async function saveWithin(context: Context, budget: Budget, state: SessionState, revise: Revise | undefined): Promise<void> {
  if (state.status === "stored" && state.unanswered !== undefined) await makeCertain(state, budget);
  if (state.status === "destroyed") return;
  if (state.status === "ended") return saveEnded(context, state, revise);
  if (state.status === "new") return create(context, budget, state, revise);
  if (revise === undefined) {
    const changed = isChanged(context, state);
    if (!(isPromise(changed) ? await changed : changed)) return;
  }
  const stored = state.stored as Stored;
  // It may have been rotated since.
  if (state.claim !== undefined && !(await state.claim.list(stored.key))) return becomeGone(context, state);
  if (context.queue.streak(stored.id) % LONGEST_STREAK === LONGEST_STREAK - 1) await context.platform.sleep(1);
  const attempt = startAttempt(newestSeen(context, stored));
  const write = (within: Budget, next: Parameters<typeof writeConditionally>[5]): Promise<Written> =>
    writeConditionally(context, within, stored.key, "save a session", attempt, next);
  // After the response there is no cookie to renew, and the idle window moves only together with it.
  const mayRenew = state.mayRenew && (revise === undefined || !state.answered);
  let last: Composed | undefined;
  let renewed = false;
  const compared = write(budget, async (record, writeId) => {
    last = undefined;
    renewed = false;
    if (record.state !== "live" || isExpired(record, context.options.now())) return undefined;
    if (state.claim !== undefined && record !== stored.record && !(await state.claim.holds(stored.key))) return undefined;
    last = await compose(context, budget, state, stored.id, record, revise);
    if (last.isStored) return undefined;
    renewed = mayRenew && (last.changes.timeouts !== undefined || isRenewalDue(record, context.options.now()));
    const next = nextRecord(context, record, writeId, last, renewed);
    if (last.meta.owner === undefined || (await stayListed(context, stored.key, { ...record, meta: last.meta }, next)))
      return next;
    last = undefined;
    return undefined;
  });
  const written = await compared.catch((error: unknown) => {
    if (attempt.unanswered !== undefined) {
      state.unanswered = async (later) => {
        const found = await write(later, async () => undefined);
        if (found.status === "written") await becomeSaved(context, later, state, last as Composed, found, renewed);
      };
    }
    throw error;
  });
  if (written.status !== "missing") context.queue.leave(stored.id, written);
  if (written.status === "stopped" && written.record.state === "moved") {
    const { record } = written;
    if (await following((code) => code.followRotation(context, budget, state, record)))
      return saveWithin(context, budget, state, revise);
    // Under its new token the session lives on, with all that this request did not come to change in it.
    return becomeGone(context, state);
  }
  if (last === undefined || written.status === "missing") return saveEnded(context, state, revise);
  await becomeSaved(context, budget, state, last, written, renewed);
}

/**
 * Saves of one session after which its line in this process stands back for a moment. Each begins from what the one before it wrote,
 * so that writers of other processes, who are a conflict behind, would never get ahead of a line that does not end.
 */
const LONGEST_STREAK = 32;

/** What this process last wrote to a session, if that is later than what the request loaded. */
function newestSeen({ queue }: Context, { id, entry, record }: Stored): Seen {
  const left = queue.left(id);
  return left !== undefined && left.record.version > record.version ? left : { entry, record };
}

/**
 * Finds out what became of a save that was not answered, so that what it stored is not stored once more.
 *
 * @throws {SessionError} `ERR_SESSION_STORE` if that still cannot be known
 */
export async function makeCertain(state: SessionState, budget: Budget): Promise<void> {
  await state.unanswered?.(budget);
  state.unanswered = undefined;
}

/** Takes note that the store holds what was composed. */
async function becomeSaved(
  context: Context,
  budget: Budget,
  state: SessionState,
  composed: Composed,
  written: Exclude<Written, { status: "missing" }>,
  renewed: boolean,
): Promise<void> {
  const { token, id, key, approach } = state.stored as Stored;
  settle(context, state, composed, { token, id, key, entry: written.entry, record: written.record, approach });
  if (composed.ends) return becomeDestroyed(context, state);
  if (written.status === "stopped") return;
  const { cookie, timeouts } = composed.changes;
  if (renewed || cookie !== undefined || timeouts !== undefined) state.cookieAction = "set";
  context.tell("saved", { id });
  const { newest } = written;
  if (newest.state === "live") return;
  if (!(await following((code) => code.followRotation(context, budget, state, newest)))) becomeEnded(state);
}

/** Takes note that another request ended the session: nothing more is stored, and the browser may have a newer cookie by now. */
export function becomeEnded(state: SessionState): void {
  state.status = "ended";
  state.cookieAction = "none";
}

/** Takes note that another request ended the session while this one had changes for it. */
export function becomeGone(context: Context, state: SessionState): void {
  becomeEnded(state);
  context.tell("gone", { id: state.stored?.id });
  if (context.options.onGone === "throw") throw goneError();
}

/** Takes note that this request ended the session. */
export function becomeDestroyed(context: Context, state: SessionState): void {
  state.status = "destroyed";
  state.cookieAction = state.hadCookie ? "clear" : "none";
  context.tell("destroyed", { id: state.stored?.id });
}

function nextRecord(
  context: Context,
  record: SessionRecord,
  writeId: string,
  composed: Composed,
  renewed: boolean,
): SessionRecord {
  const now = context.options.now();
  const { changes, data, flashText, meta } = composed;
  const life = renewed || changes.timeouts !== undefined ? withOwnTimeouts(record, meta, context.options) : record;
  const next: SessionRecord = {
    state: record.state,
    version: record.version + 1,
    createdAt: life.createdAt,
    touchedAt: renewed ? now : record.touchedAt,
    absoluteAt: life.absoluteAt,
    idleWindow: life.idleWindow,
    writes: rememberWrite(record, writeId),
    data,
    flash: flashText,
    meta,
  };
  return composed.ends ? deadRecord(next, now, context.options.tombstoneTtl) : next;
}

/** False if there is nothing to store. */
function isChanged(context: Context, state: SessionState): MaybePromise<boolean> {
  if (state.extrasChanged || state.cleared) return true;
  if (!state.tracker.touched) return false;
  // What was written mostly is a change: what is composed tells, and is not to be encoded twice.
  if (state.tracker.written && context.codec.writes(state.base.encoded)) return true;
  return isEncodedOtherwise(context, state);
}

async function isEncodedOtherwise(context: Context, state: SessionState): Promise<boolean> {
  const data = await context.codec.encode(state.raw, state.tracker.exposed);
  if (isSameText(data, state.base.encoded)) return false;
  if (state.tracker.written && data.serializer === state.base.encoded.serializer) return true;
  // What a serializer reads back need not be written the same way: compare with that before a write for nothing.
  return !isSameText(data, await context.codec.encode(state.base.tree(), false));
}

/** Makes the state show what was stored, and keeps what the user changed while it was on its way. */
function settle(context: Context, state: SessionState, composed: Composed, stored: Stored): void {
  const { tracker } = state;
  const { merged } = composed;
  state.status = "stored";
  state.stored = stored;
  state.base = createBase(stored.record.data, composed.encoded, composed.tree, context.codec);
  state.flash = composed.flash;
  state.forgetFlashChanges(composed.flashChanges);
  if (state.cookie === composed.changes.cookie) state.cookieChanged = false;
  if (state.timeouts === composed.changes.timeouts) state.timeoutsChanged = false;
  state.showOverrides(composed.meta);
  if (composed.cleared) state.cleared = false;
  tracker.settle();
  merged?.show(state.base);
  for (const { path } of merged?.conflicts ?? []) context.tell("conflict", { id: stored.id, path });
}

/** True if a new session holds nothing but what every new one does. */
function isUntouched(context: Context, state: SessionState): MaybePromise<boolean> {
  if (Object.keys(state.raw).length === 0) return true;
  return state.base === EMPTY_BASE ? false : andThen(isChanged(context, state), (changed) => !changed);
}

async function create(context: Context, budget: Budget, state: SessionState, revise: Revise | undefined): Promise<void> {
  const { claim } = state;
  const isAsked = revise !== undefined || claim !== undefined;
  if (!isAsked && state.flashNow().size === 0) {
    const untouched = isUntouched(context, state);
    if (isPromise(untouched) ? await untouched : untouched) return;
  }
  const made = claim?.place ?? createToken(context);
  const place = isPromise(made) ? await made : made;
  const composed = await compose(context, budget, state, place.id, undefined, revise);
  const holdsNothing = Object.keys(composed.tree).length === 0 || isSameText(composed.encoded, state.base.encoded);
  if (holdsNothing && composed.flash.size === 0 && claim === undefined) return;
  // The cookie left with the response, so nobody could ever come back to it.
  if (state.answered && revise !== undefined) throw committedError();
  const { options } = context;
  const record = firstRecord(state.life(options), options.now(), composed);
  const entry = await createRecord(context, budget, place.key, record);
  // The owner's sessions are being ended: the tombstone of this one was there first.
  if (entry === undefined && claim !== undefined) return becomeGone(context, state);
  if (entry === undefined) throw storeError("create a session", new Error("`generateToken` gave a token that is in use."));
  const { token, id, key } = place;
  settle(context, state, composed, { token, id, key, entry, record, approach: undefined });
  state.cookieAction = "set";
  context.tell("created", { id });
}

/** A new token, and where its record goes. */
export function createToken(context: Context): MaybePromise<Place> {
  const token = context.options.generateToken();
  if (!isToken(token)) throw optionError("generateToken", undefined, "a function that returns 1 to 256 of A-Z a-z 0-9 _ -");
  return andThen(hashToken(token), (id) => ({ token, id, key: context.keyOf(token, id) }));
}

function firstRecord({ createdAt, absoluteAt, idleWindow }: Lifetime, now: number, composed: Composed): SessionRecord {
  return {
    state: "live",
    version: 1,
    createdAt,
    touchedAt: now,
    absoluteAt,
    idleWindow,
    writes: firstWrite(),
    data: composed.data,
    flash: composed.flashText,
    meta: composed.meta,
  };
}

/** Changes to a session that another request ended. What only takes one-time values or sets the cookie loses nothing. */
function saveEnded(context: Context, state: SessionState, revise: Revise | undefined): void {
  becomeEnded(state);
  const flashSet = [...state.flashChanges.values()].some((value) => value !== undefined);
  if (revise === undefined && state.claim === undefined && !flashSet && state.changes.length === 0) return;
  if (revise !== undefined && context.options.onGone === "drop") revise(copy(state.raw, new Map()) as Fields);
  becomeGone(context, state);
}
