import { createRecord, startAttempt, writeConditionally } from "../conditional-write.ts";
import { Budget, type Context } from "../context.ts";
import { storeError } from "../errors.ts";
import { parseRecord, rememberWrite, type SessionRecord } from "../record.ts";
import type { MaybePromise } from "../stores/store.ts";
import { OWNER_MARK } from "../stores/tombstones.ts";
import { hashToken } from "../token.ts";
import { entriesOf, indexRecord, type Entry } from "./entries.ts";

const DOING = "list a session of its owner";

/** The sessions that an owner's index lists. */
export async function readIndex(context: Context, owner: string): Promise<readonly Entry[]> {
  const budget = new Budget(context.platform, context.options.timeouts.load);
  const key = await indexKey(context, owner);
  const entry = await context.ask(budget, DOING, (store) => store.get(key));
  return entry === undefined ? [] : read(context, parseRecord(entry.value));
}

/**
 * Changes an owner's index, atomically: `change` is run again on what is there by then, until it holds. `undefined` leaves the
 * index as it is.
 *
 * @returns what it lists now
 */
export async function changeIndex(
  context: Context,
  owner: string,
  change: (entries: readonly Entry[]) => MaybePromise<readonly Entry[] | undefined>,
): Promise<readonly Entry[]> {
  const key = await indexKey(context, owner);
  return context.queue.run(key, async () => {
    // Begun after the wait for others of this process.
    const budget = new Budget(context.platform, context.options.timeouts.save);
    let listed: readonly Entry[] = [];
    const make = async (found: readonly Entry[]): Promise<SessionRecord | undefined> => {
      const changed = await change(found);
      listed = changed ?? found;
      return changed && indexRecord(context, changed);
    };
    for (;;) {
      const entry = await context.ask(budget, DOING, (store) => store.get(key));
      if (entry === undefined) {
        const first = await make([]);
        if (first === undefined || (await createRecord(context, budget, key, first)) !== undefined) return listed;
        continue;
      }
      const record = parseRecord(entry.value);
      const written = await writeConditionally(
        context,
        budget,
        key,
        DOING,
        startAttempt({ entry, record: record ?? damaged() }),
        async (current, writeId) => {
          const next = await make(read(context, current));
          return next && { ...next, version: current.version + 1, writes: rememberWrite(current, writeId) };
        },
      );
      // Missing: all that it listed is over.
      if (written.status !== "missing") return listed;
    }
  });
}

/** Removes entries, if that comes off: what stays leads nowhere. */
export async function removeEntries(context: Context, owner: string, isOver: (entry: Entry) => boolean): Promise<void> {
  try {
    await changeIndex(context, owner, (entries) => (entries.some(isOver) ? entries.filter((one) => !isOver(one)) : undefined));
  } catch {
    // Told to the `error` hook where it happened.
  }
}

/** Of a hash, so that the store's keys name nobody. */
async function indexKey(context: Context, owner: string): Promise<string> {
  return context.options.prefix + OWNER_MARK + (await hashToken(owner));
}

function read(context: Context, record: SessionRecord | undefined): readonly Entry[] {
  return (record && entriesOf(context, record)) ?? damaged();
}

/** What cannot be read is never overwritten: it may list live sessions. */
function damaged(): never {
  throw storeError(DOING, new Error("The index of an owner is damaged."));
}
