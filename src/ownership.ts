import type { Context } from "./context.ts";
import { expiresAt, type Lifetime } from "./lifecycle.ts";
import type { RecordMeta, SessionRecord } from "./record.ts";
import type { Place } from "./session-state.ts";

/**
 * What each operation owes to the index of a session's owner (`owners/`), which is loaded with the first owner: a session without
 * one costs nothing here.
 */

const owners = (): Promise<typeof import("./owners/index.ts")> => import("./owners/index.ts");

/** `$setOwner` on its way to the store. */
export interface Claim {
  /** What its record says of the owner; nothing if it is to have none. */
  readonly meta: Pick<RecordMeta, "owner" | "ownerMeta" | "listing">;
  /** Where a new session goes. */
  readonly place?: Place;
  /** Lists the session at a key, if it is not yet. False if the owner's sessions are being ended. */
  list(key: string): Promise<boolean>;
  /** Looks at the index again: false if the owner's sessions are being ended. */
  holds(key: string): Promise<boolean>;
}

/**
 * Until when an index lists a session of this life, 0 for ever: to the end of an idle window, counted from the epoch, so that a
 * renewal within one has nothing to tell the index.
 */
export function listedUntil(life: Lifetime): number {
  const end = expiresAt(life);
  if (end === undefined || life.idleWindow === 0) return end ?? 0;
  return Math.ceil(end / life.idleWindow) * life.idleWindow;
}

/** The meta section with another owner in it. */
export function withOwner(meta: RecordMeta, claim: Claim): RecordMeta {
  const { owner: _, ownerMeta: _about, listing: _listing, ...rest } = meta;
  return { ...rest, ...claim.meta };
}

/** Sees to it that a session is listed for as long as it is about to live. False if the owner's sessions are being ended. */
export async function stayListed(context: Context, key: string, record: SessionRecord, next: Lifetime): Promise<boolean> {
  if (record.meta.owner === undefined || listedUntil(record) === listedUntil(next)) return true;
  return (await owners()).keepListed(context, record.meta, key, next);
}

/** Lists the record to which a session is about to move. False if the owner's sessions are being ended. */
export async function listSuccessor(context: Context, from: string, to: string, record: SessionRecord): Promise<boolean> {
  return record.meta.owner === undefined || (await owners()).keepListed(context, record.meta, to, record, from);
}

/**
 * Takes a session off the index of an owner whose it is no longer; with a key, that place of it alone, which it has left. What
 * fails leaves an entry that leads nowhere.
 */
export async function unlist(context: Context, { owner, listing }: RecordMeta, left?: string): Promise<void> {
  if (owner === undefined) return;
  const { removeEntries } = await owners();
  await removeEntries(context, owner, ({ key, stamp }) => stamp === listing && (left === undefined || key === left));
}
