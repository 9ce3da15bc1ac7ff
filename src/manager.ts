import { Context, platform, type Platform } from "./context.ts";
import type { Directory } from "./directory.ts";
import { onDemand } from "./on-demand.ts";
import { notice } from "./notice.ts";
import type { Operations } from "./operations.ts";
import { resolveOptions, type ResolvedOptions } from "./options.ts";
import type { SchemaOutput, StandardSchema } from "./standard-schema.ts";
import type { DefaultSessionData, SessionManager, SessionOptions, Validated } from "./types.ts";

const operationsCode = onDemand(async () => {
  // Together, since a session is always in a store.
  const [operations] = await Promise.all([import("./operations.ts"), import("./stores/open.ts")]);
  return operations;
});
const directoryCode = onDemand(() => import("./directory.ts"));

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
  if (context.options.idleWindow === 0 && context.options.absoluteTimeout === 0) {
    notice(
      `forever ${context.options.prefix}`,
      "Sessions never expire: `idleTimeout` is 0 or null and there is no `absoluteTimeout`. The store will grow.",
    );
  }
  let operations: Operations<T> | undefined;
  const operate = <R>(run: (by: Operations<T>) => Promise<R>): Promise<R> =>
    operations === undefined
      ? operationsCode(({ createOperations }) => run((operations ??= createOperations<T>(context))))
      : run(operations);
  const look = <R>(run: (by: Directory) => Promise<R>): Promise<R> =>
    directoryCode(({ createDirectory }) => run(createDirectory(context)));

  const manager: SessionManager<T> = {
    load: (header, request) => context.trace("load", undefined, () => operate((by) => by.load(header, request))),
    commit: (session, response) => operate((by) => by.commit(session, response)),
    find: (token) => operate((by) => by.find(token)),
    async *list() {
      yield* await look(async (by) => by.list());
    },
    count: () => look((by) => by.count()),
    destroy: (id) => context.trace("destroy", undefined, () => look((by) => by.destroy(id))),
    listByOwner: (owner) => look((by) => by.listByOwner(owner)),
    destroyByOwner: (owner, spared) => context.trace("destroy", undefined, () => look((by) => by.destroyByOwner(owner, spared))),
    clear: () => look((by) => by.clear()),
    sweep: () => look((by) => by.sweep()),
    get capabilities() {
      const store = context.opened;
      return store && { class: store.class, ttl: store.ttl, list: store.list, maxBytes: store.maxBytes, store: store.name };
    },
    close: () => context.close(),
  };
  contexts.set(manager, context);
  return Object.freeze(manager);
}
