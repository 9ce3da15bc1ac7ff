import { Budget, type Context } from "./context.ts";
import { readCookies } from "./cookie.ts";
import { isStoreError, storeError, type SessionError } from "./errors.ts";
import { andThen, isPromise } from "./is-promise.ts";
import { isExpired } from "./lifecycle.ts";
import { acceptsRawIds, isReachable, readToken, type Brought } from "./migration.ts";
import { parseRecord, type Encoded, type SessionRecord } from "./record.ts";
import { createSession, type SessionEngine } from "./session.ts";
import { createBase, EMPTY_BASE, NO_FLASH, SessionState, type Base, type Stored } from "./session-state.ts";
import type { MaybePromise } from "./stores/store.ts";
import { hashToken } from "./token.ts";
import type { CorruptReason, RejectReason, Session } from "./types.ts";

type Fields = Record<string, unknown>;

/** How many cookies of one name are looked up: more are an attempt to make the store work (cookie tossing). */
const MAX_CANDIDATES = 4;

/** What a token leads to. */
export type Found =
  | Live
  /** Moved or dead: ended by another request. */
  | { readonly kind: "ended"; readonly id: string; readonly reuse?: { readonly successorId: string | undefined } }
  | { readonly kind: "expired" | "unknown"; readonly id: string }
  | ({ readonly kind: "corrupt"; readonly id: string } & Corruption);

/** A session, as the store holds it. */
export interface Live extends Decoded {
  readonly kind: "live";
  readonly stored: Stored;
}

/** Why a record cannot be used, and what was thrown. */
export interface Corruption {
  readonly reason: CorruptReason;
  readonly error: Error | undefined;
}

/** What a record holds. */
export interface Decoded {
  readonly data: Fields;
  readonly flash: ReadonlyMap<string, unknown>;
  readonly base: Base;
}

/**
 * The session of a request, from its `Cookie` header.
 *
 * Nothing a client sends is an error, is adopted as a token, or becomes data: exactly one live session among the cookies of our
 * name is the session; several different ones are none (no order of cookies can be relied upon).
 */
export async function loadSession(
  context: Context,
  engine: SessionEngine,
  header: string | null | undefined,
  request: { readonly secure?: boolean | undefined; readonly touch?: boolean | undefined; readonly event?: unknown } = {},
): Promise<Session> {
  const { options } = context;
  const values = readCookies(header, options.cookie.name);
  const state = new SessionState(options.now(), values.length > 0, request.secure);
  state.renews = request.touch ?? true;
  state.onStoreError = options.onStoreError(request.event);
  let found: readonly Found[];
  try {
    const searched = findCandidates(context, values);
    found = isPromise(searched) ? await searched : searched;
  } catch (error) {
    found = becomeDegraded(state, error);
  }
  const live = found.filter((one) => one.kind === "live");
  const [only] = live;
  if (only !== undefined && live.length === 1) {
    const session = createSession(state, only.data, engine);
    becomeStored(state, only);
    context.tell("loaded", { id: only.stored.id });
    return session;
  }
  if (live.length > 1) reject(context, "ambiguous", undefined);
  for (const one of found) {
    if (one.kind === "unknown") reject(context, "unknown", one.id);
    else if (one.kind === "expired") context.tell("expired", { id: one.id });
    else if (one.kind === "corrupt") tellCorrupt(context, one.id, one);
    else if (one.kind === "ended" && one.reuse !== undefined) context.tell("reuse", { id: one.id, ...one.reuse });
  }
  // The browser may have got a newer cookie by now, which nothing sent for this request may overwrite.
  if (live.length === 0 && found.some((one) => one.kind === "ended")) state.status = "ended";
  return createSession(state, await begin(context, state), engine);
}

/** The data that a session without a record begins with. */
export async function begin(context: Context, state: SessionState): Promise<Fields> {
  const shape = context.shape && (await context.shape);
  const begun = await shape?.begin();
  state.base = begun === undefined ? EMPTY_BASE : createBase(begun.encoded, begun.encoded, begun.data, context.codec);
  return begun?.data ?? {};
}

export function tellCorrupt(context: Context, id: string, { reason, error }: Corruption): void {
  context.tell("corrupt", { id, reason, error });
}

/** Goes on without the store, where that is wanted. */
function becomeDegraded(state: SessionState, error: unknown): Found[] {
  if (state.onStoreError === "throw" || !isStoreError(error)) throw error;
  state.status = "degraded";
  state.failure = error;
  return [];
}

/** Makes a state show what the store holds. The tree is given by the caller. */
export function becomeStored(state: SessionState, found: Live): void {
  state.status = "stored";
  state.stored = found.stored;
  state.base = found.base;
  state.flash = found.flash;
  state.showOverrides(found.stored.record.meta);
}

function findCandidates(context: Context, values: readonly string[]): MaybePromise<readonly Found[]> {
  const [only] = values;
  if (only === undefined) return NONE;
  if (values.length > 1) return findAmong(context, values);
  return andThen(readToken(context, only), (brought) => {
    if (brought !== undefined) return andThen(findByToken(context, loadBudget(context), brought), (found) => [found]);
    reject(context, "malformed", undefined);
    return NONE;
  });
}

const NONE: readonly Found[] = [];

async function findAmong(context: Context, values: readonly string[]): Promise<readonly Found[]> {
  const tokens = new Map<string, Brought>();
  for (const value of values) {
    if (tokens.size === MAX_CANDIDATES) break;
    // In turn, not at once: a flood of bad ones is not to be worked on side by side.
    const brought = await readToken(context, value);
    if (brought === undefined) reject(context, "malformed", undefined);
    else if (!brought.isUnsigned || !tokens.has(brought.token)) tokens.set(brought.token, brought);
  }
  if (tokens.size === 0) return NONE;
  const budget = loadBudget(context);
  return Promise.all(Array.from(tokens.values(), (brought) => findByToken(context, budget, brought)));
}

function loadBudget({ platform, options }: Context): Budget {
  return new Budget(platform, options.timeouts.load);
}

/** Looks a token up. */
export function findByToken(context: Context, budget: Budget, brought: Brought): MaybePromise<Found> {
  const { token } = brought;
  return andThen(hashToken(token), (id) => {
    const found = findAt(context, budget, brought, id, false);
    if (!acceptsRawIds(context.options)) return found;
    return andThen(found, (one) => (one.kind === "unknown" ? findAt(context, budget, brought, id, true) : one));
  });
}

function findAt(
  context: Context,
  budget: Budget,
  { token, isUnsigned }: Brought,
  id: string,
  isRaw: boolean,
): MaybePromise<Found> {
  const key = isRaw ? context.options.prefix + token : context.keyOf(token, id);
  const approach = isUnsigned || isRaw ? { isUnsigned, isRaw } : undefined;
  return andThen(
    context.ask(budget, "load a session", (store) => store.get(key)),
    (entry) => (entry === undefined ? { kind: "unknown", id } : interpret(context, budget, { token, id, key, entry, approach })),
  );
}

/** Reads an entry of the store as a session, or as what leads to one. */
export function interpret(context: Context, budget: Budget, place: Omit<Stored, "record">): MaybePromise<Found> {
  const { id } = place;
  const record = parseRecord(place.entry.value);
  if (record === undefined) return { kind: "corrupt", id, ...DAMAGED };
  if (!isReachable(context, record.meta, place.approach)) return { kind: "unknown", id };
  const expired = isExpired(record, context.options.now());
  // A tombstone past its time, in a store that does not drop it.
  if (record.state !== "live" && expired) return { kind: "unknown", id };
  if (record.state === "dead") return { kind: "ended", id };
  if (record.state === "moved") return findMoved(context, budget, id, record);
  if (expired) return { kind: "expired", id };
  return andThen(decodeRecord(context, id, record), (decoded) =>
    "reason" in decoded ? { kind: "corrupt", id, ...decoded } : toLive(place, record, decoded),
  );
}

// Written out, here as elsewhere on the way of each request: V8 goes a long way for a spread with something after it.
function toLive({ token, id, key, entry, approach }: Omit<Stored, "record">, record: SessionRecord, decoded: Decoded): Live {
  const { data, flash, base } = decoded;
  return { kind: "live", stored: { token, id, key, entry, record, approach }, data, flash, base };
}

async function findMoved(context: Context, budget: Budget, id: string, record: SessionRecord): Promise<Found> {
  return (await findSuccessor(context, budget, record)) ?? moved(context, id, record);
}

/**
 * The session that a record was rotated to, for requests that were in flight then; `undefined` if it leads nowhere, or no more.
 *
 * One hop: a token is older than the grace before it is rotated again, so that what is moved there was regenerated.
 */
export async function findSuccessor(context: Context, budget: Budget, record: SessionRecord): Promise<Live | undefined> {
  if (record.state !== "moved" || isPastGrace(context, record)) return undefined;
  const next = await readSuccessor(context, budget, record);
  if (next?.record.state !== "live") return undefined;
  const found = await interpret(context, budget, { ...next, token: undefined, id: await context.idOf(next.key) });
  return found.kind === "live" ? found : undefined;
}

/** What a record was rotated to, as it is in the store. One that was moved otherwise does not say. */
export async function readSuccessor(
  context: Context,
  budget: Budget,
  { meta }: SessionRecord,
): Promise<Pick<Stored, "key" | "entry" | "record"> | undefined> {
  if (meta.to === undefined) return undefined;
  const key = context.options.prefix + meta.to;
  const entry = await context.ask(budget, "follow a session", (store) => store.get(key));
  const record = entry === undefined ? undefined : parseRecord(entry.value);
  return entry === undefined || record === undefined ? undefined : { key, entry, record };
}

/** A token that was replaced. Whoever still sends it after the grace may have stolen it. */
async function moved(context: Context, id: string, record: SessionRecord): Promise<Found> {
  if (!isPastGrace(context, record)) return { kind: "ended", id };
  const { to } = record.meta;
  return { kind: "ended", id, reuse: { successorId: to === undefined ? to : await context.idOf(context.options.prefix + to) } };
}

function isPastGrace({ options }: Context, { touchedAt }: SessionRecord): boolean {
  return options.now() - touchedAt >= options.rotateGrace;
}

export const DAMAGED: Corruption = { reason: "damaged", error: undefined };

/** The data and one-time values of a session's record, in the shape that the options ask for. */
export function decodeRecord(context: Context, id: string, record: SessionRecord): MaybePromise<Decoded | Corruption> {
  const { dataVersion = 0 } = record.meta;
  // First of all: a newer deployment may use serializers that this one does not know.
  if (dataVersion > (context.options.version ?? 0)) return { reason: "version", error: undefined };
  return andThen(decodeSection(context, record.data, "data", id), (stored) =>
    andThen(decodeFlash(context, record.flash, id), (flash) => {
      if (stored === undefined || flash === undefined) return DAMAGED;
      return andThen(shapeOf(context, stored, dataVersion), (shaped) => {
        if ("reason" in shaped) return shaped;
        const { data, encoded } = shaped;
        return { data, flash, base: createBase(record.data, encoded, data, context.codec) };
      });
    }),
  );
}

function decodeFlash(
  context: Context,
  section: Encoded | undefined,
  id: string,
): MaybePromise<ReadonlyMap<string, unknown> | undefined> {
  if (section === undefined) return NO_FLASH;
  return andThen(decodeSection(context, section, "flash", id), (flash) => flash && new Map(Object.entries(flash.data)));
}

/** A section of a record, as its serializer wrote it, and what it says. */
interface Section {
  readonly encoded: Encoded;
  readonly data: Fields;
}

function decodeSection(
  { codec, seals }: Context,
  section: Encoded,
  name: "data" | "flash",
  id: string,
): MaybePromise<Section | undefined> {
  return andThen(seals.open(section, name, id), (encoded) =>
    encoded === undefined
      ? undefined
      : andThen(codec.decode(encoded), (data) => (data === undefined ? undefined : { encoded, data })),
  );
}

function shapeOf({ shape }: Context, stored: Section, dataVersion: number): MaybePromise<Section | Corruption> {
  return shape === undefined ? stored : shape.then((by) => by.fit(stored, dataVersion));
}

/** What cannot be read is never overwritten. */
export function unreadableError(doing: string, { reason, error }: Corruption): SessionError {
  return storeError(doing, new Error(`The record cannot be read any more (${reason}).`, { cause: error }));
}

function reject(context: Context, reason: RejectReason, id: string | undefined): void {
  context.tell("rejected", { id, reason });
}
