import type { Context } from "../context.ts";
import { firstWrite, type SessionRecord } from "../record.ts";

/** A session in the index of an owner; more than one of a session whose owner is being set again. */
export interface Entry {
  /** The key of its record. */
  readonly key: string;
  /** Tells one listing of a session from the next; the record names the newest. */
  readonly stamp: string;
  readonly addedAt: number;
  /** Until when the session may live, 0 for ever. */
  readonly until: number;
  /** It is being ended, or kept from beginning. */
  readonly leaving: boolean;
}

type Row = readonly [rest: string, stamp: string, addedAt: number, until: number, leaving: 0 | 1];

/** No manager has it, so that none takes an index for a session of its own, whatever its prefix. */
const NO_PREFIX = "owner index";

/** The record of an index that lists these, and then those after it by `replaceIndex`; it lives as long as any of them may. */
export function indexRecord(context: Context, entries: readonly Entry[]): SessionRecord {
  const { now, prefix, tombstoneTtl } = context.options;
  const at = now();
  const rows = entries.map(({ key, stamp, addedAt, until, leaving }): Row => [
    key.slice(prefix.length),
    stamp,
    addedAt,
    until,
    leaving ? 1 : 0,
  ]);
  const forever = entries.some(({ until }) => until === 0);
  return {
    state: "live",
    version: 1,
    createdAt: at,
    touchedAt: at,
    idleWindow: 0,
    absoluteAt: forever ? 0 : Math.max(at + tombstoneTtl, ...entries.map(({ until }) => until)),
    writes: firstWrite(),
    data: { serializer: "owner", text: JSON.stringify(rows) },
    flash: undefined,
    meta: { prefix: NO_PREFIX },
  };
}

/** The entries whose time is not over; `undefined` if the record is no index. */
export function entriesOf(context: Context, record: SessionRecord): Entry[] | undefined {
  const { now, prefix } = context.options;
  if (record.data.serializer !== "owner") return undefined;
  let rows: Row[];
  try {
    rows = JSON.parse(record.data.text) as Row[];
  } catch {
    return undefined;
  }
  const at = now();
  return rows
    .map(([rest, stamp, addedAt, until, leaving]) => ({ key: prefix + rest, stamp, addedAt, until, leaving: leaving === 1 }))
    .filter(({ until }) => until === 0 || until > at);
}

/** The sessions that are listed, by their keys, in the order of their newest listings. */
export function keysOf(entries: readonly Entry[]): string[] {
  return [...new Set(entries.map(({ key }) => key).toReversed())].toReversed();
}

/** The entry, marked as leaving. */
export function leave(entry: Entry): Entry {
  return { ...entry, leaving: true };
}

/** The later of two instants of which 0 is never. */
export function later(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : Math.max(a, b);
}
