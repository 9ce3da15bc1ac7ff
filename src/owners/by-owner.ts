import { Budget, type Context } from "../context.ts";
import { describe } from "../describe.ts";
import { isExpired } from "../lifecycle.ts";
import { parseRecord } from "../record.ts";
import type { OwnedSession } from "../types.ts";
import { keysOf, leave } from "./entries.ts";
import { changeIndex, readIndex } from "./owner-index.ts";
import { settleLeaving } from "./settle.ts";

/** The live sessions of an owner, the oldest login first. */
export async function listByOwner(context: Context, owner: string): Promise<OwnedSession[]> {
  const keys = keysOf(await readIndex(context, owner));
  const budget = new Budget(context.platform, context.options.timeouts.load);
  const found = await Promise.all(keys.map((key) => ownedSession(context, budget, owner, key)));
  return found.filter((one) => one !== undefined);
}

async function ownedSession(context: Context, budget: Budget, owner: string, key: string): Promise<OwnedSession | undefined> {
  const entry = await context.ask(budget, "list the sessions of an owner", (store) => store.get(key));
  const record = entry && parseRecord(entry.value);
  if (record?.state !== "live" || record.meta.owner !== owner || isExpired(record, context.options.now())) return undefined;
  const { touchedAt, meta } = record;
  return { ...(await describe(context, key, record)), lastSeenAt: new Date(touchedAt), meta: meta.ownerMeta ?? {} };
}

/** The session that is to be left, by where it is or by its id. */
export interface Kept {
  readonly key?: string | undefined;
  readonly id?: string | undefined;
}

/**
 * Ends the sessions of an owner, but for one. Those on their way to be his are ended too, or kept from it; what he begins from
 * now on is listed.
 */
export async function destroyByOwner(context: Context, owner: string, kept: Kept): Promise<number> {
  const listed = await changeIndex(context, owner, async (entries) => {
    const ids = await Promise.all(entries.map(({ key }) => context.idOf(key)));
    const marked = entries.map((entry, index) =>
      entry.leaving || entry.key === kept.key || ids[index] === kept.id ? entry : leave(entry),
    );
    return marked.every((entry, index) => entry === entries[index]) ? undefined : marked;
  });
  return settleLeaving(context, owner, listed);
}
