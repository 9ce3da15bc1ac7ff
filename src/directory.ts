import { Budget, type Context } from "./context.ts";
import { describe } from "./describe.ts";
import { bury } from "./destroy.ts";
import { unsupportedError } from "./errors.ts";
import { isPromise } from "./is-promise.ts";
import { isExpired } from "./lifecycle.ts";
import { acceptsRawIds, isReachable } from "./migration.ts";
import { parseRecord, type SessionRecord } from "./record.ts";
import { stateOf } from "./session.ts";
import type { Stored } from "./session-state.ts";
import { SWEPT_AT_ONCE, type MaybePromise, type Store, type StoreEntry } from "./stores/store.ts";
import { isSessionId } from "./token.ts";
import { Turns } from "./give-way.ts";
import type { SessionManager } from "./types.ts";

/** A sweep walks the whole store: it may take as long as this many saves. */
const SWEEP_SAVES = 30;

/** Records read at once: enough that the way to the store does not count, few enough that nobody waits long behind them. */
const PAGE = 100;

type Found = Pick<Stored, "key" | "entry" | "record">;

/** What a manager does with sessions that no request brought: loaded with the first of these calls. */
export type Directory = Pick<SessionManager, "list" | "count" | "destroy" | "listByOwner" | "destroyByOwner" | "clear" | "sweep">;

export function createDirectory(context: Context): Directory {
  const { prefix, timeouts, now } = context.options;
  const loadBudget = (): Budget => new Budget(context.platform, timeouts.load);

  const isLive = (record: SessionRecord): boolean => record.state === "live" && !isExpired(record, now()) && isOurs(record);

  const isOurs = ({ meta }: SessionRecord): boolean =>
    isReachable(context, meta) ||
    (acceptsRawIds(context.options) && isReachable(context, meta, { isUnsigned: false, isRaw: true }));

  /** Every live record, with its key, some at a time. */
  async function* records(): AsyncGenerator<readonly Found[]> {
    const store = await context.open(loadBudget(), "open");
    if (!store.list)
      throw unsupportedError(
        `The store ${store.name} cannot list its sessions`,
        "Keep an index of your own, or use another store",
      );
    for await (const page of listKeys(context, store, loadBudget)) {
      // The sessions of a manager whose prefix begins with this one are not ours.
      const keys = page.filter((key) => context.isKey(key));
      const read = (): MaybePromise<(StoreEntry | undefined)[]> => {
        const entries = keys.map((key) => store.get(key));
        return entries.some(isPromise) ? Promise.all(entries) : (entries as (StoreEntry | undefined)[]);
      };
      const entries = await context.ask(loadBudget(), "list sessions", read);
      const found: Found[] = [];
      for (const [n, key] of keys.entries()) {
        const entry = entries[n];
        const record = entry === undefined ? undefined : parseRecord(entry.value);
        if (entry !== undefined && record !== undefined && isLive(record)) found.push({ key, entry, record });
      }
      yield found;
    }
  }

  /** The record of a session id, or what it was rotated to. Under a raw token an id leads to none, so all are looked through. */
  async function find(id: string): Promise<Found | undefined> {
    if (!isSessionId(id)) return undefined;
    const { hashIds } = context.options;
    if (hashIds) {
      const key = prefix + id;
      const entry = await context.ask(loadBudget(), "find a session", (store) => store.get(key));
      const record = entry === undefined ? undefined : parseRecord(entry.value);
      const leads = record !== undefined && isReachable(context, record.meta) && (isLive(record) || record.meta.to !== undefined);
      if (entry !== undefined && leads) return { key, entry, record };
    }
    if (hashIds && !acceptsRawIds(context.options)) return undefined;
    for await (const page of records()) {
      for (const one of page) if ((await context.idOf(one.key, one.record.meta)) === id) return one;
    }
    return undefined;
  }

  return {
    async *list() {
      for await (const page of records()) {
        for (const { key, record } of page) yield await describe(context, key, record);
      }
    },
    async count() {
      let count = 0;
      for await (const page of records()) count += page.length;
      return count;
    },
    async destroy(id) {
      const end = async (): Promise<boolean> => {
        const found = await find(id);
        const ended = found !== undefined && (await bury(context, found));
        if (ended) context.tell("destroyed", { id });
        return ended;
      };
      return context.queue.run(id, end);
    },
    listByOwner: async (owner) => (await import("./owners/index.ts")).listByOwner(context, owner),
    async destroyByOwner(owner, { except } = {}) {
      const kept = typeof except === "object" ? { key: stateOf(except).stored?.key } : { id: except };
      return (await import("./owners/index.ts")).destroyByOwner(context, owner, kept);
    },
    async clear() {
      for await (const page of records()) {
        for (const one of page) {
          if (await bury(context, one)) context.tell("destroyed", { id: await context.idOf(one.key, one.record.meta) });
        }
      }
    },
    async sweep() {
      const store = await context.open(loadBudget(), "open");
      const budget = new Budget(context.platform, SWEEP_SAVES * timeouts.save);
      const turns = new Turns(context.platform);
      for (let swept = 0; ;) {
        const part = await context.ask(budget, "sweep", () => store.sweep?.() ?? 0);
        swept += part;
        if (part < SWEPT_AT_ONCE) return swept;
        await turns.giveWay();
      }
    },
  };
}

/**
 * The keys, some at a time, each of which the store may take as long for as for a load.
 *
 * @throws {SessionError} `ERR_SESSION_STORE`
 */
async function* listKeys(context: Context, store: Store, budget: () => Budget): AsyncGenerator<readonly string[]> {
  const keys = await context.ask(budget(), "list sessions", () => store.keys(context.options.prefix));
  const walk = Symbol.asyncIterator in keys ? keys[Symbol.asyncIterator]() : keys[Symbol.iterator]();
  const turns = new Turns(context.platform);
  const step = (): MaybePromise<IteratorResult<string>> => walk.next();
  let page: string[] = [];
  try {
    for (;;) {
      const answer = context.ask(budget(), "list sessions", step);
      const next = isPromise(answer) ? await answer : answer;
      if (next.done === true) break;
      if (page.push(next.value) < PAGE) continue;
      yield page;
      page = [];
      await turns.giveWay();
    }
    yield page;
  } finally {
    // Not awaited: a step that hangs holds it up for ever.
    Promise.resolve(walk.return?.()).catch(() => {});
  }
}
