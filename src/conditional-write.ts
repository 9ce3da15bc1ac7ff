import type { Budget, Context } from "./context.ts";
import { contentionError, storeError, uncertainError } from "./errors.ts";
import { storeTtl } from "./lifecycle.ts";
import { createWriteId, encodeRecord, hasWrite, parseRecord, REMEMBERED_WRITES, type SessionRecord } from "./record.ts";
import type { Replaced, StoreEntry } from "./stores/store.ts";

/** A record and the entry of the store it was read from. */
export interface Seen {
  readonly entry: StoreEntry;
  readonly record: SessionRecord;
}

/** How a conditional write ended; `stopped` if the newest record asked for no write. */
export type Written = ({ readonly status: "written" | "stopped" } & Seen) | { readonly status: "missing" };

/** A store that fails this often in a row, asked again after a pause, is down. */
const MAX_ERRORS = 3;

const LONGEST_PAUSE = 64;

/**
 * Replaces a record by what `next` makes of it, by compare-and-set, until that is certain or the budget is spent.
 *
 * `next` is given the newest record, and the id to put among its writes, and says what to write, or `undefined` to stop. It runs
 * again whenever someone else wrote first. A write whose answer was lost is recognised by its id, so it is applied at most once.
 *
 * @throws {SessionError} `ERR_SESSION_STORE` if the store fails, or if it cannot be known whether a write happened;
 * `ERR_SESSION_CONFLICT` if others kept writing first for as long as the budget lasted
 */
export async function writeConditionally(
  context: Context,
  budget: Budget,
  key: string,
  doing: string,
  first: Seen,
  next: (record: SessionRecord, writeId: string) => Promise<SessionRecord | undefined>,
): Promise<Written> {
  const writeId = createWriteId();
  let seen = first;
  /** The version an unanswered try began from. */
  let unanswered: number | undefined;
  for (let round = 0; ; round++) {
    const record = await next(seen.record, writeId);
    if (record === undefined) return { status: "stopped", ...seen };
    let replaced: Replaced;
    try {
      const ttl = storeTtl(record, context.options.now());
      replaced = await context.ask(budget, doing, (store) => store.replace(key, encodeRecord(record), seen.entry, ttl));
    } catch (error) {
      unanswered ??= seen.record.version;
      replaced = await lookAgain(context, budget, key, doing, error);
    }
    if (replaced.status === "ok") return { status: "written", entry: replaced.entry, record };
    if (replaced.status === "missing") return replaced;
    const current = parseRecord(replaced.current.value);
    // What cannot be read is never overwritten.
    if (current === undefined) throw storeError(doing, new Error("The record was damaged meanwhile."));
    if (hasWrite(current, writeId)) return { status: "written", entry: replaced.current, record: current };
    const from = unanswered ?? (replaced.uncertain ? seen.record.version : undefined);
    if (from !== undefined && current.version - from > REMEMBERED_WRITES) throw uncertainError();
    seen = { entry: replaced.current, record: current };
    if (budget.left === 0) throw contentionError();
    await pause(context, round);
  }
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
  const value = encodeRecord(record);
  const ttl = storeTtl(record, context.options.now());
  const [writeId] = record.writes as [string];
  for (let errors = 0; ;) {
    try {
      if (await context.ask(budget, "create a session", (store) => store.create(key, value, ttl))) return { value };
      // Taken, perhaps by our own first try, whose answer was lost.
      const taken = await context.ask(budget, "create a session", (store) => store.get(key));
      const found = taken === undefined ? undefined : parseRecord(taken.value);
      if (taken !== undefined) return found !== undefined && hasWrite(found, writeId) ? taken : undefined;
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
