import type { H3Event } from "h3";
import { keepAlive } from "../keep-alive.ts";
import { findSession, loadOnce } from "../request-sessions.ts";
import { loadForSocket, type Socket } from "../socket-session.ts";
import type { DefaultSessionData, Session, SessionManager } from "../types.ts";
import { refuseCached } from "./cached.ts";
import { watchNodeResponse } from "./node-handlers.ts";
import { gateOf } from "./respond.ts";

declare module "h3" {
  interface H3EventContext {
    /** The session, once `useSession` or `preload` loaded it. */
    session?: Session;
  }
}

/**
 * The session of a request: loaded on first use, the same object each time, saved once the handler is done.
 *
 * Give the manager to have its data typed, or a name where several sessions are on the route. In the hooks of a WebSocket, give the
 * peer or the `Request` in place of the event: the session is then read anew each time, and changed by `$update`. Without a manager
 * it is the one that was last put on routes.
 *
 * @throws {SessionError} `ERR_SESSION_NOT_LOADED` if no `sessionMiddleware` is on the route; `ERR_SESSION_STORE`, which answers 503;
 * `ERR_SESSION_CACHED` where Nitro keeps the response for all visitors
 * @example
 * app.get("/", async (event) => {
 *   const session = await useSession(event);
 *   session.$increment("views");
 *   return `views: ${session.views}`;
 * });
 */
export function useSession<T extends object>(event: H3Event | Socket, manager: SessionManager<T>): Promise<Session<T>>;
export function useSession(event: H3Event | Socket, name?: string): Promise<Session<DefaultSessionData>>;
export function useSession(event: H3Event | Socket, which?: object | string): Promise<Session<never>> {
  try {
    if (!("req" in event)) return loadForSocket(event, which) as Promise<Session<never>>;
    refuseCached(event);
    return load(event, findSession(event.context, which)) as Promise<Session<never>>;
  } catch (error) {
    // Whoever awaits a session looks for its errors there.
    return Promise.reject(error);
  }
}

/** Loads a session for an event, and sees to it that no byte leaves before it is committed. */
export function load(event: H3Event, session: ReturnType<typeof findSession>): Promise<Session> {
  if (session.loading !== undefined) return session.loading;
  watchNodeResponse(event, () => gateOf(event));
  const { req } = event;
  // Elsewhere requests go on by themselves, and waiting would only keep a server from closing.
  if (req.runtime?.name === "cloudflare") keepAlive(session, (promise) => req.waitUntil?.(promise));
  return loadOnce(event.context, session, event.req.headers.get("cookie"), {
    secure: isSecure(event),
    touch: session.touch(event),
    event,
  });
}

function isSecure(event: H3Event): boolean | undefined {
  const { protocol } = event.url;
  return protocol === "https:" ? true : protocol === "http:" ? false : undefined;
}
