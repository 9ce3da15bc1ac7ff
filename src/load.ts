import { Budget, type Context } from "./context.ts";
import { readCookies } from "./cookie.ts";
import { isExpired } from "./lifecycle.ts";
import { acceptsRawIds, isReachable, readToken, type Brought } from "./migration.ts";
import { parseRecord, type SessionRecord } from "./record.ts";
import { createSession, type SessionEngine } from "./session.ts";
import { createBase, SessionState, type Base, type Stored } from "./session-state.ts";
import { hashToken } from "./token.ts";
import type { RejectReason, Session } from "./types.ts";

type Fields = Record<string, unknown>;

/** How many cookies of one name are looked up: more are an attempt to make the store work (cookie tossing). */
const MAX_CANDIDATES = 4;

/** What a token leads to. */
export type Found =
  | ({ readonly kind: "live"; readonly data: Fields; readonly flash: Fields; readonly base: Base } & { readonly stored: Stored })
  /** Moved or dead: ended by another request. */
  | { readonly kind: "ended"; readonly id: string; readonly reuse?: { readonly successorId: string | undefined } }
  | { readonly kind: "expired" | "corrupt" | "unknown"; readonly id: string };

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
  request: { readonly secure?: boolean | undefined; readonly touch?: boolean | undefined } = {},
): Promise<Session> {
  const { options } = context;
  const values = readCookies(header, options.cookie.name);
  const state = new SessionState(options.now(), values.length > 0, request.secure);
  state.renews = request.touch ?? true;
  const found = await findCandidates(context, values);
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
    else if (one.kind === "expired" || one.kind === "corrupt") context.tell(one.kind, { id: one.id });
    else if (one.kind === "ended" && one.reuse !== undefined) context.tell("reuse", { id: one.id, ...one.reuse });
  }
  // The browser may have got a newer cookie by now, which nothing sent for this request may overwrite.
  if (live.length === 0 && found.some((one) => one.kind === "ended")) state.status = "ended";
  return createSession(state, {}, engine);
}

/** Makes a state show what the store holds. The tree is given by the caller. */
export function becomeStored(state: SessionState, found: Found & { kind: "live" }): void {
  state.status = "stored";
  state.stored = found.stored;
  state.base = found.base;
  state.flash = new Map(Object.entries(found.flash));
  state.showOverrides(found.stored.record.meta);
}

async function findCandidates(context: Context, values: readonly string[]): Promise<Found[]> {
  const tokens = new Map<string, Brought>();
  for (const value of values) {
    if (tokens.size === MAX_CANDIDATES) break;
    // In turn, not at once: most requests have one, and a flood of bad ones is not to be worked on side by side.
    const brought = await readToken(context, value);
    if (brought === undefined) reject(context, "malformed", undefined);
    else if (!brought.isUnsigned || !tokens.has(brought.token)) tokens.set(brought.token, brought);
  }
  if (tokens.size === 0) return [];
  const budget = new Budget(context.platform, context.options.timeouts.load);
  return Promise.all([...tokens.values()].map((brought) => findByToken(context, budget, brought)));
}

/** Looks a token up. */
export async function findByToken(context: Context, budget: Budget, { token, isUnsigned }: Brought): Promise<Found> {
  const id = await hashToken(token);
  const findAt = async (key: string, isRaw: boolean): Promise<Found> => {
    const approach = isUnsigned || isRaw ? { isUnsigned, isRaw } : undefined;
    const entry = await context.ask(budget, "load a session", (store) => store.get(key));
    return entry === undefined ? { kind: "unknown", id } : interpret(context, budget, { token, id, key, entry, approach });
  };
  const found = await findAt(context.keyOf(token, id), false);
  return found.kind === "unknown" && acceptsRawIds(context.options) ? findAt(context.options.prefix + token, true) : found;
}

/** Reads an entry of the store as a session, or as what leads to one. */
export async function interpret(context: Context, budget: Budget, place: Omit<Stored, "record">): Promise<Found> {
  const { id } = place;
  const record = parseRecord(place.entry.value);
  if (record === undefined) return { kind: "corrupt", id };
  if (!isReachable(context, record.meta, place.approach)) return { kind: "unknown", id };
  const expired = isExpired(record, context.options.now());
  // A tombstone past its time, in a store that does not drop it.
  if (record.state !== "live" && expired) return { kind: "unknown", id };
  if (record.state === "dead") return { kind: "ended", id };
  if (record.state === "moved") return (await findSuccessor(context, budget, record)) ?? moved(context, id, record);
  if (expired) return { kind: "expired", id };
  const decoded = await decodeRecord(context, record);
  if (decoded === undefined) return { kind: "corrupt", id };
  return { kind: "live", stored: { ...place, record }, ...decoded };
}

/**
 * The session that a record was rotated to, for requests that were in flight then; `undefined` if it leads nowhere, or no more.
 *
 * One hop: a token is older than the grace before it is rotated again, so that what is moved there was regenerated.
 */
export async function findSuccessor(
  context: Context,
  budget: Budget,
  record: SessionRecord,
): Promise<(Found & { kind: "live" }) | undefined> {
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

/** The data and one-time values of a record, `undefined` if they cannot be read. */
export async function decodeRecord(
  context: Context,
  record: SessionRecord,
): Promise<{ data: Fields; flash: Fields; base: Base } | undefined> {
  const data = await context.codec.decode(record.data);
  const flash = record.flash === undefined ? {} : await context.codec.decode(record.flash);
  if (data === undefined || flash === undefined) return undefined;
  return { data, flash, base: createBase(record.data, data, context.codec) };
}

function reject(context: Context, reason: RejectReason, id: string | undefined): void {
  context.tell("rejected", { id, reason });
}
