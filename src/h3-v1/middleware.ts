import { createSessionManager, optionsOf } from "../manager.ts";
import { attach, toManager, type RequestSession, type SessionHost } from "../request-sessions.ts";
import type { DefaultSessionData, Session, SessionManager, SessionOptions, StoreErrorPolicy } from "../types.ts";
import type { H3V1Event, H3V1Handler } from "./event.ts";
import { holdOf, type Hold } from "./hold.ts";
import { serve } from "./serve.ts";
import { load } from "./use-session.ts";

/** {@link SessionOptions} with h3's event where one is given. */
export interface H3SessionOptions<T extends object = DefaultSessionData> extends Omit<
  SessionOptions<T>,
  "preload" | "touch" | "onStoreError"
> {
  /** Loads the session before the handler, so that `event.context.session` is there without `await`. @default false */
  preload?: boolean | { preload(event: H3V1Event): boolean }["preload"] | undefined;
  /** Whether a request keeps its session alive; see {@link SessionOptions.touch}. @default true */
  touch?: boolean | { touch(event: H3V1Event): boolean }["touch"] | undefined;
  /** What a request gets where the store fails, also by route. @default "throw" */
  onStoreError?: StoreErrorPolicy | { of(event: H3V1Event): StoreErrorPolicy }["of"] | undefined;
}

/**
 * Puts sessions on all routes that follow, on a server of Node (`toNodeListener`).
 *
 * On other hosts, such as `toWebHandler`, a middleware of h3 v1 cannot keep the response back, and `useSession` throws: wrap the
 * application in {@link defineSessionHandler} there, which serves both.
 *
 * @throws {SessionError} `ERR_SESSION_OPTIONS`
 * @example
 * app.use(sessionMiddleware());                       // memory store, cookie "session"
 * app.use(sessionMiddleware(createSessionManager({ … })));
 */
export function sessionMiddleware<T extends object = DefaultSessionData>(
  optionsOrManager?: H3SessionOptions<T> | SessionManager<T>,
): (event: H3V1Event) => Promise<undefined> | undefined {
  const manager = toManager(optionsOrManager, createSessionManager);
  return (event) => {
    const session = putToWork(event, manager);
    return session && load(event, session).then(() => undefined);
  };
}

/**
 * Puts sessions on an application, by its handler, or on one handler; on every host.
 *
 * h3 reads `app.handler` with each request, so an application may be wrapped after it was handed on, as a plugin of Nitro does. What
 * a commit fails with is thrown, to be answered by h3 and its `onError`, unless a stream is on its way.
 *
 * @throws {SessionError} `ERR_SESSION_OPTIONS`
 * @example
 * app.handler = defineSessionHandler(app.handler);
 */
export function defineSessionHandler<Handler extends H3V1Handler, T extends object = DefaultSessionData>(
  handler: Handler,
  optionsOrManager?: H3SessionOptions<T> | SessionManager<T>,
): Handler {
  const manager = toManager(optionsOrManager, createSessionManager);
  const wrapped: H3V1Handler = (event) =>
    serve(event, async () => {
      const session = putToWork(event, manager);
      if (session !== undefined) await load(event, session);
      return handler(event);
    });
  // h3 resolves routes and WebSockets by properties of a handler.
  return Object.assign(wrapped as Handler, handler);
}

/** Puts a manager to work on an event. The session, if it is to be loaded at once. */
function putToWork(event: H3V1Event, manager: SessionManager): RequestSession | undefined {
  const session = attach(event.context, manager, event.node.res);
  if (session === undefined) return undefined;
  // Now, since a response that has ended no longer tells whose it was.
  session.host = new Host(event, holdOf(event));
  return optionsOf(manager).preload(event) ? session : undefined;
}

/** No closures, as which V8 kept each request until the next full collection: that took a quarter of its time. */
class Host implements SessionHost {
  readonly #event: H3V1Event;
  readonly #hold: Hold;

  constructor(event: H3V1Event, hold: Hold) {
    this.#event = event;
    this.#hold = hold;
  }

  hold(): void {
    this.#hold.begin();
  }

  lend(session: RequestSession, cookie: string | undefined): Promise<Session> | undefined {
    const isOurs = cookie === undefined || cookie === this.#event.node.req.headers.cookie;
    return isOurs && this.#hold.canWait ? load(this.#event, session) : undefined;
  }
}
