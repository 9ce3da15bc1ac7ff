import { createRecord, startAttempt, writeConditionally, type Seen, type Written } from "./conditional-write.ts";
import { Budget, type Context } from "./context.ts";
import { committedError, goneError, optionError, storeError } from "./errors.ts";
import { isExpired, isRenewalDue, type Lifetime } from "./lifecycle.ts";
import { decodeRecord, unreadableError } from "./load.ts";
import { onDemand } from "./on-demand.ts";
import type { MergedChanges } from "./merge-changes.ts";
import { stayListed, withOwner } from "./ownership.ts";
import { withOverrides, withOwnTimeouts, type OverrideChanges } from "./overrides.ts";
import {
  deadRecord,
  firstWrite,
  isSameText,
  overheadOf,
  rememberWrite,
  sizeOf,
  type Encoded,
  type RecordMeta,
  type SessionRecord,
} from "./record.ts";
import type { Revise } from "./revise.ts";
import { createBase, EMPTY_BASE, type Place, type SessionState, type Stored } from "./session-state.ts";
import { hashToken, isToken } from "./token.ts";
import { deepEqual } from "./tracking/equal.ts";
import { copy } from "./tracking/snapshot.ts";

type Fields = Record<string, unknown>;

const merging = onDemand(() => import("./merge-changes.ts"));
const explaining = onDemand(() => import("./too-large.ts"));
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
export async function save(context: Context, state: SessionState, revise?: Revise): Promise<void> {
  await saveWithin(context, new Budget(context.platform, context.options.timeouts.save), state, revise);
}

async function saveWithin(context: Context, budget: Budget, state: SessionState, revise: Revise | undefined): Promise<void> {
  if (state.status === "stored") await makeCertain(state, budget);
  if (state.status === "destroyed") return;
  if (state.status === "ended") return saveEnded(context, state, revise);
  if (state.status === "new") return create(context, budget, state, revise);
  if (revise === undefined && !(await isChanged(context, state))) return;
  const stored = state.stored as Stored;
  // It may have been rotated since.
  if ((await state.claim?.list(stored.key)) === false) return becomeGone(context, state);
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
    if (record !== stored.record && (await state.claim?.holds(stored.key)) === false) return undefined;
    last = await compose(context, budget, state, stored.id, record, revise);
    if (last.isStored) return undefined;
    renewed = mayRenew && (last.changes.timeouts !== undefined || isRenewalDue(record, context.options.now()));
    const next = nextRecord(context, record, writeId, last, renewed);
    if (await stayListed(context, stored.key, { ...record, meta: last.meta }, next)) return next;
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
  const stored = { ...(state.stored as Stored), entry: written.entry, record: written.record };
  settle(context, state, composed, stored);
  if (composed.ends) return becomeDestroyed(context, state);
  if (written.status === "stopped") return;
  const { cookie, timeouts } = composed.changes;
  if (renewed || cookie !== undefined || timeouts !== undefined) state.cookieAction = "set";
  context.tell("saved", { id: stored.id });
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

/** What a commit of this session would store, made from the tree as it is now. */
interface Composed {
  readonly tree: Fields;
  /** The data as the serializer writes it. */
  readonly encoded: Encoded;
  /** As the record keeps it. */
  readonly data: Encoded;
  readonly flash: ReadonlyMap<string, unknown>;
  readonly flashText: Encoded | undefined;
  readonly meta: RecordMeta;
  /** The overrides that this writes. */
  readonly changes: OverrideChanges;
  readonly flashChanges: Map<string, unknown>;
  /** The newest record holds all of it. */
  readonly isStored: boolean;
  /** `$clear` was called, and nothing is left: the session ends. */
  readonly ends: boolean;
  readonly cleared: boolean;
  readonly merged: MergedChanges | undefined;
}

/** Composes what to store, given the newest record; none if the session is new. */
async function compose(
  context: Context,
  budget: Budget,
  state: SessionState,
  id: string,
  record: SessionRecord | undefined,
  revise: Revise | undefined,
): Promise<Composed> {
  const theirs = await theirState(context, state, record);
  const shape = context.shape && (await context.shape);
  const isNewer = record !== undefined && !isSameText(record.data, state.base.stored);
  const code = isNewer || revise !== undefined ? await merging(async (loaded) => loaded) : undefined;
  // From here to the checkpoint in one step: what the user changes later is not part of this.
  const { tracker, cleared } = state;
  const flashChanges = new Map(state.flashChanges);
  const changes = {
    cookie: state.cookieChanged ? state.cookie : undefined,
    timeouts: state.timeoutsChanged ? state.timeouts : undefined,
  };
  tracker.checkpoint();
  if (isNewer) context.tracer?.hear("merged", { id: state.stored?.id });
  const flash = state.flashNow(theirs.flash);
  const merged = code?.mergeChanges(context, state, theirs.data(), revise);
  const tree = merged?.tree ?? state.raw;
  // What is checked is what is encoded, also if the user changes it meanwhile.
  const kept = shape === undefined ? tree : (copy(tree, new Map()) as Fields);
  if (shape !== undefined) await shape.check(kept);
  const { codec, seals } = context;
  // What was merged may hold what a hook or a revision put there.
  const encoded = await codec.encode(kept, merged !== undefined || state.tracker.exposed);
  const flashEncoded = flash.size === 0 ? undefined : await codec.encode(Object.fromEntries(flash));
  const { meta: known } = record ?? { meta: context.ownMeta };
  const asked = withOverrides(state.claim === undefined ? known : withOwner(known, state.claim), changes);
  const { version: dataVersion } = context.options;
  const meta = dataVersion === undefined ? asked : { ...asked, dataVersion };
  const ends = cleared && Object.keys(tree).length === 0 && flash.size === 0 && meta.owner === undefined;
  const isStored =
    !ends &&
    isSameText(encoded, theirs.encoded) &&
    deepEqual(flash, theirs.flash) &&
    // An older version alone is no reason to write.
    (asked === known || JSON.stringify(asked) === JSON.stringify(known));
  const data = await seals.seal(encoded, "data", id);
  const flashText = flashEncoded && (await seals.seal(flashEncoded, "flash", id));
  const { maxBytes = Infinity, binary = false } = await context.ask(budget, "save a session", (store) => store);
  // The user's limit is for what he keeps, the store's for all that is sent.
  const limit = Math.min(context.options.maxBytes, maxBytes - overheadOf({ data, flash: flashText, meta }, binary));
  // Before it is sent, so that the stored session stays: memcached drops the old value of a set that it refuses. Most are so small
  // that their bytes need not be counted.
  const units = data.text.length + (flashText?.text.length ?? 0);
  const bytes = MOST_BYTES * units > limit ? sizeOf(data) + sizeOf(flashText) : units;
  if (bytes > limit) {
    const shown = flash.size === 0 ? tree : { ...tree, $flash: Object.fromEntries(flash) };
    throw await explaining(async ({ tooLarge }) => tooLarge(bytes, limit, shown));
  }
  return { tree, encoded, data, flash, flashText, meta, changes, flashChanges, isStored, ends, cleared, merged };
}

/** In UTF-8, of one unit of text. */
const MOST_BYTES = 3;

/** What the store holds by now. */
async function theirState(
  context: Context,
  state: SessionState,
  record: SessionRecord | undefined,
): Promise<{ data: () => Fields; encoded: Encoded; flash: ReadonlyMap<string, unknown> }> {
  if (record === undefined || record === state.stored?.record) {
    const { base, flash } = state;
    return { data: () => base.tree(), encoded: base.encoded, flash };
  }
  const decoded = await decodeRecord(context, (state.stored as Stored).id, record);
  if ("reason" in decoded) throw unreadableError("save a session", decoded);
  const { data, flash, base } = decoded;
  return { data: () => data, encoded: base.encoded, flash };
}

function nextRecord(
  context: Context,
  record: SessionRecord,
  writeId: string,
  composed: Composed,
  renewed: boolean,
): SessionRecord {
  const now = context.options.now();
  const { changes, meta } = composed;
  const lasting = renewed || changes.timeouts !== undefined ? withOwnTimeouts(record, meta, context.options) : record;
  const touchedAt = renewed ? now : record.touchedAt;
  const next = { ...lasting, touchedAt, version: record.version + 1, writes: rememberWrite(record, writeId) };
  return composed.ends
    ? deadRecord(next, now, context.options.tombstoneTtl)
    : { ...next, data: composed.data, flash: composed.flashText, meta };
}

/** False if there is nothing to store. */
async function isChanged(context: Context, state: SessionState): Promise<boolean> {
  if (state.extrasChanged || state.cleared) return true;
  if (!state.tracker.touched) return false;
  // What was written mostly is a change: what is composed tells, and is not to be encoded twice.
  if (state.tracker.written && context.codec.writes(state.base.encoded)) return true;
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
  for (const [key, value] of composed.flashChanges) {
    if (state.flashChanges.get(key) === value) state.flashChanges.delete(key);
  }
  if (state.cookie === composed.changes.cookie) state.cookieChanged = false;
  if (state.timeouts === composed.changes.timeouts) state.timeoutsChanged = false;
  state.showOverrides(composed.meta);
  if (composed.cleared) state.cleared = false;
  tracker.settle();
  merged?.show(state.base);
  for (const { path } of merged?.conflicts ?? []) context.tell("conflict", { id: stored.id, path });
}

/** True if a new session holds nothing but what every new one does. */
async function isUntouched(context: Context, state: SessionState): Promise<boolean> {
  if (Object.keys(state.raw).length === 0) return true;
  return state.base !== EMPTY_BASE && !(await isChanged(context, state));
}

async function create(context: Context, budget: Budget, state: SessionState, revise: Revise | undefined): Promise<void> {
  const { claim } = state;
  const isAsked = revise !== undefined || claim !== undefined;
  if (!isAsked && state.flashNow().size === 0 && (await isUntouched(context, state))) return;
  const place = claim?.place ?? (await createToken(context));
  const composed = await compose(context, budget, state, place.id, undefined, revise);
  const holdsNothing = Object.keys(composed.tree).length === 0 || isSameText(composed.encoded, state.base.encoded);
  if (holdsNothing && composed.flash.size === 0 && claim === undefined) return;
  // The cookie left with the response, so nobody could ever come back to it.
  if (state.answered && revise !== undefined) throw committedError();
  const { options } = context;
  const life = { ...state.life(options), touchedAt: options.now() };
  const record = firstRecord(life, composed);
  const entry = await createRecord(context, budget, place.key, record);
  // The owner's sessions are being ended: the tombstone of this one was there first.
  if (entry === undefined && claim !== undefined) return becomeGone(context, state);
  if (entry === undefined) throw storeError("create a session", new Error("`generateToken` gave a token that is in use."));
  settle(context, state, composed, { ...place, entry, record });
  state.cookieAction = "set";
  context.tell("created", { id: place.id });
}

/** A new token, and where its record goes. */
export async function createToken(context: Context): Promise<Place> {
  const token = context.options.generateToken();
  if (!isToken(token)) throw optionError("generateToken", undefined, "a function that returns 1 to 256 of A-Z a-z 0-9 _ -");
  const id = await hashToken(token);
  return { token, id, key: context.keyOf(token, id) };
}

function firstRecord(life: Lifetime, composed: Composed): SessionRecord {
  return {
    ...life,
    state: "live",
    version: 1,
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
