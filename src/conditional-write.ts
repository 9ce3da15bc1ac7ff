import type { Budget, Context } from "./context.ts";
import { contentionError, storeError, uncertainError } from "./errors.ts";
import { storeTtl } from "./lifecycle.ts";
import {
  createWriteId,
  encodeRecord,
  hasWrite,
  lastWrite,
  parseRecord,
  REMEMBERED_WRITES,
  type SessionRecord,
} from "./record.ts";
import type { Replaced, StoreEntry } from "./stores/store.ts";

/** A record and the entry of the store it was read from. */
export interface Seen {
  readonly entry: StoreEntry;
  readonly record: SessionRecord;
}

/** How a conditional write ended. */
export type Written =
  /** `newest` is later than `record` if the answer was lost, and others wrote before it was found to be stored. */
  | ({ readonly status: "written"; readonly newest: SessionRecord } & Seen)
  /** The newest record asked for no write. */
  | ({ readonly status: "stopped" } & Seen)
  | { readonly status: "missing" };

/** A conditional write. One that failed unanswered can be taken up again, also by a later operation. */
export interface Attempt {
  readonly writeId: string;
  /** What it replaces. */
  seen: Seen;
  /** What was sent and not answered: it may be stored, or still arrive as long as the version it replaces stands. */
  unanswered: SessionRecord | undefined;
}

export function startAttempt(seen: Seen): Attempt {
  return { writeId: createWriteId(), seen, unanswered: undefined };
}

/** A store that fails this often in a row, asked again after a pause, is down. */
const MAX_ERRORS = 3;

/** In milliseconds: who waits longer is seldom there when the others stand back. */
const LONGEST_PAUSE = 16;

/**
 * Replaces a record by what `next` makes of it, by compare-and-set, until that is certain or the budget is spent.
 *
 * `next` is given the newest record, and the id to put among its writes, and says what to write, or `undefined` to stop. It runs
 * again whenever someone else wrote first, but never while a write is unanswered: that is recognised by its id if it is there, and
 * sent again as it was if it may still arrive, so that it is applied at most once.
 *
 * @throws {SessionError} `ERR_SESSION_STORE` if the store fails, or if it cannot be known whether a write happened;
 * `ERR_SESSION_CONFLICT` if others kept writing first for as long as the budget lasted
 */
export async function writeConditionally(
  context: Context,
  budget: Budget,
  key: string,
  doing: string,
  attempt: Attempt,
  next: (record: SessionRecord, writeId: string) => Promise<SessionRecord | undefined>,
): Promise<Written> {
  const { writeId } = attempt;
  const { binary = false } = context.opened ?? (await context.open(budget, doing));
  let errors = 0;
  for (let round = 0; ; round++) {
    const { seen } = attempt;
    const record = attempt.unanswered ?? (await next(seen.record, writeId));
    if (record === undefined) return { status: "stopped", ...seen };
    const value = encodeRecord(record, binary);
    let replaced: Replaced;
    try {
      const ttl = storeTtl(record, context.options.now());
      replaced = await context.ask(budget, doing, (store) => store.replace(key, value, seen.entry, ttl));
    } catch (error) {
      attempt.unanswered = record;
      // A store that can be read and not written: a replica, or one without memory.
      if (++errors > MAX_ERRORS) throw error;
      replaced = await lookAgain(context, budget, key, doing, error);
    }
    if (replaced.status === "ok") return { status: "written", entry: replaced.entry, record, newest: record };
    if (replaced.status === "missing") return replaced;
    if (replaced.uncertain) attempt.unanswered = record;
    const newest = parseRecord(replaced.current.value);
    // What cannot be read is never overwritten.
    if (newest === undefined) throw storeError(doing, new Error("The record was damaged meanwhile."));
    if (hasWrite(newest, writeId)) return { status: "written", entry: { value }, record, newest };
    const missed = newest.version - seen.record.version;
    if (attempt.unanswered !== undefined && missed > REMEMBERED_WRITES) throw uncertainError();
    // Something else is there without it, so that it cannot arrive any more.
    if (!isSameVersion(newest, seen.record)) attempt.unanswered = undefined;
    if (attempt.unanswered === undefined) errors = 0;
    attempt.seen = { entry: replaced.current, record: newest };
    if (budget.left === 0) throw attempt.unanswered === undefined ? contentionError() : uncertainError();
    // Every other time at once: what was seen before a pause is old on a busy session, so that only the try after it has a chance.
    if (round % 2 === 1) await pause(context, (round - 1) / 2);
  }
}

/** By the write that made it too: a key that was removed and made anew begins at version 1 again. */
function isSameVersion(one: SessionRecord, other: SessionRecord): boolean {
  return one.version === other.version && lastWrite(one) === lastWrite(other);
}

/** After a write whose answer was lost: reads what there is now, so that the caller sees whether it was the write. */
async function lookAgain(context: Context, budget: Budget, key: string, doing: string, cause: unknown): Promise<Replaced> {
  for (let errors = 1; errors <= MAX_ERRORS && budget.left > 0; errors++) {
    await pause(context, errors);
    try {
      const current = await context.ask(budget, doing, (store) => store.get(key));
      return current === undefined ? { status: "missing" } : { status: "conflict", current };
    } catch {
      continue;
    }
  }
  throw cause;
}

/** Stores a record under a new key; `undefined` if the key is taken by another record. */
export async function createRecord(
  context: Context,
  budget: Budget,
  key: string,
  record: SessionRecord,
): Promise<StoreEntry | undefined> {
  const { binary = false } = context.opened ?? (await context.open(budget, "create a session"));
  const value = encodeRecord(record, binary);
  const ttl = storeTtl(record, context.options.now());
  const writeId = lastWrite(record);
  for (let errors = 0; ;) {
    try {
      if (await context.ask(budget, "create a session", (store) => store.create(key, value, ttl))) return { value };
      // Taken, perhaps by our own first try, whose answer was lost.
      const taken = await context.ask(budget, "create a session", (store) => store.get(key));
      const found = taken === undefined ? undefined : parseRecord(taken.value);
      // Given as it was created: others may have written since, and even ended it.
      if (taken !== undefined) return found !== undefined && hasWrite(found, writeId) ? { value } : undefined;
      throw storeError("create a session", new Error("The key was taken, and then it was not."));
    } catch (error) {
      if (++errors > MAX_ERRORS || budget.left === 0) throw error;
      await pause(context, errors);
    }
  }
}

/** Waits before the next try: ever longer, and by chance, so that writers who met once do not meet again. */
export function pause(context: Context, round: number): Promise<void> {
  return context.platform.sleep(context.platform.random() * Math.min(LONGEST_PAUSE, 2 ** round));
}
