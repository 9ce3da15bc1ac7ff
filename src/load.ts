import { Budget, type Context } from "./context.ts";
import { readCookies } from "./cookie.ts";
import { isExpired } from "./lifecycle.ts";
import { parseRecord, type SessionRecord } from "./record.ts";
import { createSession, type SessionEngine } from "./session.ts";
import { createBase, SessionState, type Base, type Stored } from "./session-state.ts";
import type { StoreEntry } from "./stores/store.ts";
import { hashToken } from "./token.ts";
import type { RejectReason, Session } from "./types.ts";

type Fields = Record<string, unknown>;

/** How many cookies of one name are looked up: more are an attempt to make the store work (cookie tossing). */
const MAX_CANDIDATES = 4;

/** What a token leads to. */
export type Found =
  | ({ readonly kind: "live"; readonly data: Fields; readonly flash: Fields; readonly base: Base } & { readonly stored: Stored })
  /** Moved or dead: ended by another request. */
  | { readonly kind: "ended"; readonly id: string }
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
  secure: boolean | undefined,
): Promise<Session> {
  const { options } = context;
  const values = readCookies(header, options.cookie.name);
  const state = new SessionState(options.now(), values.length > 0, secure);
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
  state.cookie = { ...found.stored.record.meta.cookie };
}

async function findCandidates(context: Context, values: readonly string[]): Promise<Found[]> {
  const tokens = new Set<string>();
  for (const value of values) {
    if (tokens.size === MAX_CANDIDATES) break;
    // In turn, not at once: most requests have one, and a flood of bad ones is not to be worked on side by side.
    const token = await context.signer.verify(value);
    if (token === undefined) reject(context, "malformed", undefined);
    else tokens.add(token);
  }
  if (tokens.size === 0) return [];
  const budget = new Budget(context.platform, context.options.timeouts.load);
  return Promise.all([...tokens].map((token) => findByToken(context, token, budget)));
}

/** Looks a token up. */
export async function findByToken(context: Context, token: string, budget: Budget): Promise<Found> {
  const id = await hashToken(token);
  const key = context.keyOf(token, id);
  const entry = await context.ask(budget, "load a session", (store) => store.get(key));
  return entry === undefined ? { kind: "unknown", id } : interpret(context, { token, id, key, entry });
}

/** Reads an entry of the store as a session. */
export async function interpret(
  context: Context,
  place: { token: string; id: string; key: string; entry: StoreEntry },
): Promise<Found> {
  const { id } = place;
  const record = parseRecord(place.entry.value);
  if (record === undefined) return { kind: "corrupt", id };
  const expired = isExpired(record, context.options.now());
  // A tombstone past its time, in a store that does not drop it.
  if (record.state !== "live") return { kind: expired ? "unknown" : "ended", id };
  if (expired) return { kind: "expired", id };
  if (record.meta.prefix !== context.ownMeta.prefix) return { kind: "unknown", id };
  const decoded = await decodeRecord(context, record);
  if (decoded === undefined) return { kind: "corrupt", id };
  return { kind: "live", stored: { ...place, record }, ...decoded };
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
