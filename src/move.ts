import { createRecord, startAttempt, writeConditionally } from "./conditional-write.ts";
import type { Budget, Context } from "./context.ts";
import { storeError } from "./errors.ts";
import { isExpired, timeoutsOf } from "./lifecycle.ts";
import { DAMAGED, unreadableError } from "./load.ts";
import { listSuccessor, unlist } from "./ownership.ts";
import { deadRecord, firstWrite, rememberWrite, type RecordMeta, type SessionRecord } from "./record.ts";
import { createToken } from "./save.ts";
import type { Place, Stored } from "./session-state.ts";

/** How a session is moved to a new token. */
export interface Manner {
  /** For messages. */
  readonly doing: string;
  /** What is left at the old key, of a record that is dead. */
  readonly tombstone: (dead: SessionRecord, successor: Stored) => SessionRecord;
  /** Whether the new record is removed also if it cannot be known whether the old one leads to it. */
  readonly discardsUnknown: boolean;
  /** Throws if the newest record is not to be moved. */
  readonly check?: (newest: SessionRecord) => Promise<void>;
}

/** What became of it. `newest` is what came first, `undefined` if the record is gone. */
export type Moved =
  | { readonly status: "moved"; readonly successor: Stored }
  | { readonly status: "lost"; readonly newest: SessionRecord | undefined };

/**
 * Moves a session to a new token: what regenerating and rotating have in common.
 *
 * First the record is created under the new key, then the old one is replaced by a tombstone, by compare-and-set: of concurrent
 * moves one wins, and a crash in between leaves the old session as it was.
 *
 * @throws {SessionError} `ERR_SESSION_STORE`, and what `check` throws
 */
export async function move(context: Context, budget: Budget, old: Stored, manner: Manner): Promise<Moved> {
  const { options } = context;
  const { doing } = manner;
  const place = await createToken(context);
  const attempt = startAttempt(old);
  let successor: Stored | undefined;
  const discard = async (): Promise<void> => {
    if (successor !== undefined) await removeQuietly(context, budget, successor.key);
  };
  const moved = await writeConditionally(context, budget, old.key, doing, attempt, async (record, writeId) => {
    if (record.state !== "live" || isExpired(record, options.now())) return undefined;
    await manner.check?.(record);
    const prepared = await prepareSuccessor(context, budget, old, place, record, successor, doing);
    if (prepared === undefined) return undefined;
    successor = prepared;
    const next = { ...record, version: record.version + 1, writes: rememberWrite(record, writeId) };
    return manner.tombstone({ ...deadRecord(next, options.now(), options.tombstoneTtl), state: "moved" }, successor);
  }).catch(async (error: unknown) => {
    if (manner.discardsUnknown || attempt.unanswered === undefined) await discard();
    throw error;
  });
  if (moved.status === "written" && successor !== undefined) {
    await unlist(context, successor.record.meta, old.key);
    return { status: "moved", successor };
  }
  await discard();
  return { status: "lost", newest: moved.status === "missing" ? undefined : moved.record };
}

/**
 * Creates the record under the new key, or brings the one made in an earlier round up to date; none if the sessions of its owner are
 * being ended.
 */
async function prepareSuccessor(
  context: Context,
  budget: Budget,
  from: Stored,
  place: Place,
  record: SessionRecord,
  earlier: Stored | undefined,
  doing: string,
): Promise<Stored | undefined> {
  const { options } = context;
  const now = options.now();
  const { idleWindow } = timeoutsOf(record.meta.timeouts, options);
  const sections = await context.seals.move(record, from.id, place.id);
  if (sections === undefined) throw unreadableError(doing, DAMAGED);
  const { data, flash } = sections;
  const fresh = { ...record, data, flash, touchedAt: now, idleWindow, meta: successorMeta(context, record.meta, now) };
  if (!(await listSuccessor(context, from.key, place.key, fresh))) return undefined;
  if (earlier === undefined) {
    const first = { ...fresh, version: 1, writes: firstWrite() };
    const entry = await createRecord(context, budget, place.key, first);
    // The tombstone of a session that is being ended was there first.
    if (entry === undefined && fresh.meta.owner !== undefined) return undefined;
    if (entry === undefined) throw storeError(doing, new Error("`generateToken` gave a token that is in use."));
    return { ...place, entry, record: first };
  }
  const written = await writeConditionally(context, budget, place.key, doing, startAttempt(earlier), async (current, writeId) =>
    current.state === "live" ? { ...fresh, version: current.version + 1, writes: rememberWrite(current, writeId) } : undefined,
  );
  if (written.status === "stopped") return undefined;
  if (written.status === "missing") throw storeError(doing, new Error("The new record vanished."));
  return { ...place, entry: written.entry, record: written.record };
}

/** What is kept beside the data of a session, once its record is of this manager's kind. */
function successorMeta(context: Context, meta: RecordMeta, now: number): RecordMeta {
  const { prefix: _, signed: __, ...kept } = meta;
  return { ...context.ownMeta, ...kept, ...(context.options.rotateEvery === 0 ? {} : { issuedAt: now }) };
}

async function removeQuietly(context: Context, budget: Budget, key: string): Promise<void> {
  try {
    await context.ask(budget, "remove an unused record", (store) => store.remove(key));
  } catch {
    // Nobody has its token, and it expires by itself.
  }
}
