import type { EventHandler, H3Event, Middleware } from "h3";
import { isPromise } from "../is-promise.ts";
import { letGoWith } from "../keep-alive.ts";
import { createSessionManager, optionsOf } from "../manager.ts";
import { attach, toManager, type RequestSession } from "../request-sessions.ts";
import type { DefaultSessionData, SessionManager, SessionOptions, StoreErrorPolicy } from "../types.ts";
import { respond, respondToError } from "./respond.ts";
import { load } from "./use-session.ts";

/** {@link SessionOptions} with h3's event where one is given. */
export interface H3SessionOptions<T extends object = DefaultSessionData> extends Omit<
  SessionOptions<T>,
  "preload" | "touch" | "onStoreError"
> {
  /** Loads the session before the handler, so that `event.context.session` is there without `await`. @default false */
  preload?: boolean | ((event: H3Event) => boolean) | undefined;
  /** Whether a request keeps its session alive; see {@link SessionOptions.touch}. @default true */
  touch?: boolean | ((event: H3Event) => boolean) | undefined;
  /** What a request gets where the store fails, also by route. @default "throw" */
  onStoreError?: StoreErrorPolicy | ((event: H3Event) => StoreErrorPolicy) | undefined;
}

/**
 * Puts sessions on all routes that follow: register it first, so that it is outermost and sees every response.
 *
 * A route that does not use its session passes through at once: nothing is read, and nothing is awaited that was not.
 *
 * @throws {SessionError} `ERR_SESSION_OPTIONS`
 * @example
 * app.use(sessionMiddleware());                       // memory store, cookie "session"
 * app.use(sessionMiddleware(createSessionManager({ … })));
 */
export function sessionMiddleware<T extends object = DefaultSessionData>(
  optionsOrManager?: H3SessionOptions<T> | SessionManager<T>,
): Middleware {
  const manager = toManager(optionsOrManager, createSessionManager);
  return (event, next) => serve(event, manager, next);
}

/**
 * Puts sessions on one handler, where there is no application to add a middleware to.
 *
 * @throws {SessionError} `ERR_SESSION_OPTIONS`
 */
export function defineSessionHandler<T extends object = DefaultSessionData>(
  handler: EventHandler,
  optionsOrManager?: H3SessionOptions<T> | SessionManager<T>,
): EventHandler {
  const manager = toManager(optionsOrManager, createSessionManager);
  return (event) => serve(event, manager, () => handler(event));
}

/** Runs what comes after, and commits the session if it was used. Stays synchronous as long as the rest does. */
function serve(event: H3Event, manager: SessionManager, run: () => unknown): unknown {
  const session = attach(event.context, manager, event.req);
  if (session === undefined) return run();
  if (!optionsOf(manager).preload(event)) return proceed(event, session, run);
  return load(event, session).then(
    () => proceed(event, session, run),
    (error: unknown) => letGoWith(session, respondToError(event, error)),
  );
}

function proceed(event: H3Event, session: RequestSession, run: () => unknown): unknown {
  const failed = (error: unknown): unknown => {
    if (session.loading === undefined) throw error;
    return letGoWith(session, respond(event, session, error, true));
  };
  const answered = (outcome: unknown): unknown =>
    session.loading === undefined ? outcome : letGoWith(session, respond(event, session, outcome, false));
  let outcome: unknown;
  try {
    outcome = run();
  } catch (error) {
    return failed(error);
  }
  return isPromise(outcome) ? outcome.then(answered, failed) : answered(outcome);
}
