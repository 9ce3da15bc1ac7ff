import { createRecord, startAttempt, writeConditionally } from "../conditional-write.ts";
import { Budget, type Context } from "../context.ts";
import { isExpired } from "../lifecycle.ts";
import { deadRecord, firstWrite, parseRecord, rememberWrite, type SessionRecord } from "../record.ts";
import { keysOf, type Entry } from "./entries.ts";
import { removeEntries } from "./owner-index.ts";

const DOING = "end a session of its owner";

/**
 * Ends the sessions behind entries that are leaving, then removes these.
 *
 * @returns how many sessions were ended
 * @throws {SessionError} `ERR_SESSION_STORE`; the entries then stay, for whoever sees them next
 */
export async function settleLeaving(context: Context, owner: string, entries: readonly Entry[]): Promise<number> {
  const leaving = entries.filter((entry) => entry.leaving);
  if (leaving.length === 0) return 0;
  const ended = await Promise.all(keysOf(leaving).map((key) => settle(context, owner, key)));
  const settled = new Set(leaving.map(({ key, stamp }) => key + stamp));
  await removeEntries(context, owner, (entry) => entry.leaving && settled.has(entry.key + entry.stamp));
  return ended.filter(Boolean).length;
}

/**
 * Ends a session if it is the owner's; otherwise makes the record another version, so that a login that is about to write it looks
 * at the index again.
 *
 * Not in the turn of the session: two logins that end each other's sessions would wait for ever.
 */
async function settle(context: Context, owner: string, key: string): Promise<boolean> {
  const { options } = context;
  const budget = new Budget(context.platform, options.timeouts.save);
  for (;;) {
    const entry = await context.ask(budget, DOING, (store) => store.get(key));
    if (entry === undefined) {
      if ((await createRecord(context, budget, key, tombstone(context))) !== undefined) return false;
      continue;
    }
    const record = parseRecord(entry.value);
    // Damaged, and so no session that anyone could load.
    if (record === undefined) return false;
    let counts = false;
    const written = await writeConditionally(
      context,
      budget,
      key,
      DOING,
      startAttempt({ entry, record }),
      async (current, writeId) => {
        if (current.state !== "live") return undefined;
        const next = { ...current, version: current.version + 1, writes: rememberWrite(current, writeId) };
        const isTheirs = current.meta.owner === owner;
        counts = isTheirs && !isExpired(current, options.now());
        return isTheirs ? deadRecord(next, options.now(), options.tombstoneTtl) : next;
      },
    );
    if (written.status === "missing") continue;
    const ended = written.status === "written" && counts;
    if (ended) context.tell("destroyed", { id: await context.idOf(key, record.meta) });
    return ended;
  }
}

/** In the place of a record that a login may be about to create. */
function tombstone(context: Context): SessionRecord {
  const { now, tombstoneTtl } = context.options;
  const at = now();
  const nothing: SessionRecord = {
    state: "live",
    version: 1,
    createdAt: at,
    touchedAt: at,
    absoluteAt: 0,
    idleWindow: 0,
    writes: firstWrite(),
    data: { serializer: "json", text: "" },
    flash: undefined,
    meta: context.ownMeta,
  };
  return deadRecord(nothing, at, tombstoneTtl);
}
