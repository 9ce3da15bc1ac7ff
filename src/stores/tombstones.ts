import { storeTtl } from "../lifecycle.ts";
import { parseRecord } from "../record.ts";

/**
 * Where a session goes when it ends, in a back end without conditional writes: to a key of its own, `prefix + "t:" + id`.
 *
 * A slow writer of another process may put the record at the main key once more, but nobody writes over a tombstone.
 */
const MARK = "t:";

/** Where the index of an owner's sessions is kept, as a record like any other: `prefix + "o:" + hash`. */
export const OWNER_MARK = "o:";

/** The tombstone of a record, by its key. */
export function tombstoneKey(prefix: string, key: string): string {
  return prefix + MARK + key.slice(prefix.length);
}

export function isTombstoneKey(prefix: string, key: string): boolean {
  return key.startsWith(prefix + MARK);
}

/** The record that a key of either kind belongs to; `undefined` for a key of a longer prefix. */
export function mainKey(prefix: string, key: string): string | undefined {
  const rest = key.slice(prefix.length + (isTombstoneKey(prefix, key) ? MARK.length : 0));
  const id = rest.startsWith(OWNER_MARK) ? rest.slice(OWNER_MARK.length) : rest;
  return id.includes(":") ? undefined : prefix + rest;
}

/** Whether a record says that its session has ended. */
export function isEnd(text: string): boolean {
  const state = parseRecord(text)?.state;
  return state === "dead" || state === "moved";
}

/**
 * How long a tombstone stays if nobody sweeps: `ttl`, and then as long as a late writer's record may live, so that it is never
 * the tombstone that leaves first.
 */
export function tombstoneTtl(ended: string, ttl: number | undefined, now: number): number | undefined {
  const record = parseRecord(ended);
  const life = record === undefined ? 0 : storeTtl({ ...record, touchedAt: now }, now);
  return ttl === undefined || life === undefined ? undefined : ttl + life;
}
