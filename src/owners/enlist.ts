import { Budget, type Context } from "../context.ts";
import { ownerLimitError } from "../errors.ts";
import { isExpired, type Lifetime } from "../lifecycle.ts";
import { listedUntil } from "../ownership.ts";
import { parseRecord, type RecordMeta } from "../record.ts";
import { keysOf, later, leave, type Entry } from "./entries.ts";
import { changeIndex } from "./owner-index.ts";
import { settleLeaving } from "./settle.ts";

/**
 * Lists a session that is about to become the owner's, as his newest; over `maxPerOwner` his oldest are ended first.
 *
 * Since every login is listed before it is written, and written only once those are ended that it pushed out, no more than
 * `maxPerOwner` are ever his at once.
 *
 * @returns false if the owner's sessions are being ended, this one among them
 * @throws {SessionError} `ERR_SESSION_CONFLICT` if he has as many as he may, and that is to be refused; `ERR_SESSION_STORE`
 */
export async function enlist(context: Context, owner: string, session: Omit<Entry, "leaving" | "addedAt">): Promise<boolean> {
  const { max } = context.options.maxPerOwner;
  let stays = true;
  const listed = await changeIndex(context, owner, async (entries) => {
    stays = !entries.some(({ key, leaving }) => key === session.key && leaving);
    if (!stays) return undefined;
    // Its earlier listings stay until this one is in the record: it may still come to name any of them.
    const earlier = entries.filter(({ key }) => key === session.key);
    const others = entries.filter(({ key }) => key !== session.key);
    const isFull = keysOf(others.filter(({ leaving }) => !leaving)).length >= max;
    const room = isFull ? await makeRoom(context, owner, others) : others;
    return [...earlier, ...room, { ...session, addedAt: context.options.now(), leaving: false }];
  });
  if (stays) await settleLeaving(context, owner, listed);
  return stays;
}

/**
 * Sees to it that a session is listed for the whole of a life; a successor takes its place after the one it comes `from`.
 *
 * @returns false if the owner's sessions are being ended
 */
export async function keepListed(
  context: Context,
  { owner, listing }: RecordMeta,
  key: string,
  life: Lifetime,
  from: string = key,
): Promise<boolean> {
  let stays = true;
  await changeIndex(context, owner as string, (entries) => {
    const present = entries.find((entry) => entry.key === key && entry.stamp === listing);
    stays = !entries.some((entry) => entry.leaving && (entry.key === key || entry.key === from));
    const until = later(present?.until ?? 1, listedUntil(life));
    if (!stays || present?.until === until) return undefined;
    const entry: Entry = { key, stamp: listing as string, addedAt: context.options.now(), until, leaving: false };
    if (present !== undefined) return entries.map((one) => (one === present ? { ...one, until } : one));
    // The store has lost the index if the one before is not there either.
    const place = entries.findIndex((one) => one.key === from) + 1 || entries.length;
    return entries.toSpliced(place, 0, entry);
  });
  return stays;
}

/** What the index tells is not to be believed where it costs someone a session: the records are asked. */
async function makeRoom(context: Context, owner: string, entries: readonly Entry[]): Promise<readonly Entry[]> {
  const { max, whenFull } = context.options.maxPerOwner;
  const budget = new Budget(context.platform, context.options.timeouts.load);
  const known = await Promise.all(
    entries.map(async (entry) => ({ entry, is: entry.leaving ? "leaving" : await lookUp(context, budget, owner, entry) })),
  );
  const staying = keysOf(known.filter(({ is }) => is === "staying").map(({ entry }) => entry));
  const excess = staying.length - max + 1;
  if (excess > 0 && whenFull === "refuse") throw ownerLimitError(max);
  const oldest = new Set(staying.slice(0, Math.max(0, excess)));
  return known
    .filter(({ is }) => is !== "ended")
    .map(({ entry, is }) => (is === "staying" && !oldest.has(entry.key) ? entry : leave(entry)));
}

/** Whether a session is the owner's or about to become it, has ended for good, or is none of his and may go. */
async function lookUp(
  context: Context,
  budget: Budget,
  owner: string,
  { key, addedAt }: Entry,
): Promise<"staying" | "ended" | "leaving"> {
  const { now, timeouts } = context.options;
  const found = await context.ask(budget, "look up a session of its owner", (store) => store.get(key));
  const record = found && parseRecord(found.value);
  if (record !== undefined && record.state !== "live") return "ended";
  if (record?.meta.owner === owner) return isExpired(record, now()) ? "leaving" : "staying";
  // A login takes no longer than it takes to write the index, and then the record.
  return now() < addedAt + 2 * timeouts.save ? "staying" : "leaving";
}
