import { Budget, Context, platform, type Platform } from "./context.ts";
import { commit } from "./commit.ts";
import { bury } from "./destroy.ts";
import { createEngine } from "./engine.ts";
import { describe } from "./describe.ts";
import { unsupportedError } from "./errors.ts";
import { isExpired } from "./lifecycle.ts";
import { findByToken, loadSession } from "./load.ts";
import { acceptsRawIds, isReachable, readToken } from "./migration.ts";
import { notice } from "./notice.ts";
import { resolveOptions, type ResolvedOptions } from "./options.ts";
import { parseRecord, type SessionRecord } from "./record.ts";
import { stateOf } from "./session.ts";
import { isSessionId } from "./token.ts";
import type { Stored } from "./session-state.ts";
import type { Store } from "./stores/store.ts";
import type { SchemaOutput, StandardSchema } from "./standard-schema.ts";
import type { DataOf, DefaultSessionData, Session, SessionManager, SessionOptions, Validated } from "./types.ts";

/** A sweep walks the whole store: it may take as long as this many saves. */
const SWEEP_SAVES = 30;

const contexts = new WeakMap<object, Context>();

/** What a manager works with, for tracing. */
export function contextOf(manager: object): Context {
  const context = contexts.get(manager);
  if (context === undefined)
    throw new TypeError("[unsession] This is not a session manager. Make one with `createSessionManager`.");
  return context;
}

/** The options of a manager, for adapters. */
export function optionsOf(manager: object): ResolvedOptions {
  return contextOf(manager).options;
}

export function isSessionManager(value: object): value is SessionManager {
  return contexts.has(value);
}

/**
 * Makes the manager of one kind of session: one cookie, one store, one set of options.
 *
 * Make it once, when the application starts; nothing is opened before the first session is loaded.
 *
 * @throws {SessionError} `ERR_SESSION_OPTIONS` if an option is wrong
 * @example
 * const sessions = createSessionManager<{ user: User; views: number }>({ secret: [process.env.SESSION_SECRET!] });
 * const session = await sessions.load(request.headers.get("cookie"), { secure: true });
 * session.views = (session.views ?? 0) + 1;
 * for (const cookie of await sessions.commit(session, response)) response.headers.append("set-cookie", cookie);
 */
export function createSessionManager<S extends StandardSchema<object>>(
  options: SessionOptions<SchemaOutput<S>> & { schema: S },
): SessionManager<Validated<SchemaOutput<S>>>;
export function createSessionManager<T extends object = DefaultSessionData>(options?: SessionOptions<T>): SessionManager<T>;
export function createSessionManager<T extends object>(options?: SessionOptions<T>): SessionManager<T> {
  return createManager(options, platform);
}

/** {@link createSessionManager} on a platform of the caller's. */
export function createManager<T extends object>(options: SessionOptions<T> | undefined, on: Platform): SessionManager<T> {
  const context = new Context(resolveOptions(options), on);
  const engine = createEngine(context);
  const { prefix, timeouts, now } = context.options;
  if (context.options.idleWindow === 0 && context.options.absoluteTimeout === 0) {
    notice(
      `forever ${prefix}`,
      "Sessions never expire: `idleTimeout` is 0 or null and there is no `absoluteTimeout`. The store will grow.",
    );
  }
  const loadBudget = (): Budget => new Budget(on, timeouts.load);

  const isLive = (record: SessionRecord): boolean => record.state === "live" && !isExpired(record, now()) && isOurs(record);

  const isOurs = ({ meta }: SessionRecord): boolean =>
    isReachable(context, meta) ||
    (acceptsRawIds(context.options) && isReachable(context, meta, { isUnsigned: false, isRaw: true }));

  /** Every live record, with its key. */
  async function* records(): AsyncGenerator<Pick<Stored, "key" | "entry" | "record">> {
    const store = await context.ask(loadBudget(), "open", (opened: Store) => opened);
    if (!store.list)
      throw unsupportedError(
        `The store ${store.name} cannot list its sessions`,
        "Keep an index of your own, or use another store",
      );
    for await (const key of listKeys(context, store, loadBudget)) {
      // The sessions of a manager whose prefix begins with this one are not ours.
      if (!context.isKey(key)) continue;
      const entry = await context.ask(loadBudget(), "list sessions", () => store.get(key));
      const record = entry === undefined ? undefined : parseRecord(entry.value);
      if (entry === undefined || record === undefined) continue;
      if (isLive(record)) yield { key, entry, record };
    }
  }

  /** The record of a session id, or what it was rotated to. Under a raw token an id leads to none, so all are looked through. */
  async function find(id: string): Promise<Pick<Stored, "key" | "entry" | "record"> | undefined> {
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
    for await (const one of records()) if ((await context.idOf(one.key, one.record.meta)) === id) return one;
    return undefined;
  }

  const manager: SessionManager<T> = {
    load: (header, request) =>
      context.trace("load", undefined, () => loadSession(context, engine, header, request)) as Promise<Session<T>>,
    async commit(session, response) {
      return commit(context, engine, stateOf(session), response);
    },
    async find(value) {
      const brought = await readToken(context, value);
      if (brought === undefined) return undefined;
      const found = await findByToken(context, loadBudget(), brought);
      return found.kind === "live" ? (found.data as DataOf<T>) : undefined;
    },
    async *list() {
      for await (const { key, record } of records()) yield await describe(context, key, record);
    },
    async count() {
      let count = 0;
      for await (const _ of records()) count++;
      return count;
    },
    async destroy(id) {
      const end = async (): Promise<boolean> => {
        const found = await find(id);
        const ended = found !== undefined && (await bury(context, found));
        if (ended) context.tell("destroyed", { id });
        return ended;
      };
      return context.trace("destroy", undefined, () => context.queue.run(id, end));
    },
    listByOwner: async (owner) => (await import("./owners/index.ts")).listByOwner(context, owner),
    destroyByOwner: (owner, { except } = {}) =>
      context.trace("destroy", undefined, async () => {
        const kept = typeof except === "object" ? { key: stateOf(except).stored?.key } : { id: except };
        return (await import("./owners/index.ts")).destroyByOwner(context, owner, kept);
      }),
    async clear() {
      for await (const record of records()) await bury(context, record);
    },
    async sweep() {
      const store = await context.ask(loadBudget(), "open", (opened: Store) => opened);
      return context.ask(new Budget(on, SWEEP_SAVES * timeouts.save), "sweep", () => store.sweep?.() ?? 0);
    },
    get capabilities() {
      const store = context.opened;
      return store && { class: store.class, ttl: store.ttl, list: store.list, maxBytes: store.maxBytes, store: store.name };
    },
    close: () => context.close(),
  };
  contexts.set(manager, context);
  return Object.freeze(manager);
}

/** The keys, each of which the store may take as long for as for a load. @throws {SessionError} `ERR_SESSION_STORE` */
async function* listKeys(context: Context, store: Store, budget: () => Budget): AsyncGenerator<string> {
  const keys = await context.ask(budget(), "list sessions", () => store.keys(context.options.prefix));
  const walk = Symbol.asyncIterator in keys ? keys[Symbol.asyncIterator]() : keys[Symbol.iterator]();
  try {
    for (;;) {
      const next = await context.ask(budget(), "list sessions", () => walk.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    // Not awaited: a step that hangs holds it up for ever.
    Promise.resolve(walk.return?.()).catch(() => {});
  }
}
