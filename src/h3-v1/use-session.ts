import type { TLSSocket } from "node:tls";
import { keepAlive } from "../keep-alive.ts";
import { borrow, findSession, loadOnce, type RequestSession } from "../request-sessions.ts";
import { loadForSocket, type Socket } from "../socket-session.ts";
import type { DefaultSessionData, Session, SessionManager } from "../types.ts";
import { refuseCached } from "./cached.ts";
import type { H3V1Event } from "./event.ts";
import { holdOf } from "./hold.ts";
import { outerContextOf } from "./inner.ts";

declare module "h3" {
  interface H3EventContext {
    /** The session, once `useSession` or `preload` loaded it. */
    session?: Session;
  }
}

/**
 * The session of a request: loaded on first use, the same object each time, saved before the response leaves.
 *
 * Give the manager to have its data typed, or a name where several sessions are on the route. In the hooks of a WebSocket, give the
 * peer or the `Request` in place of the event: the session is then read anew each time, and changed by `$update`. Without a manager
 * it is the one that was last put on routes.
 *
 * @throws {SessionError} `ERR_SESSION_NOT_LOADED` if no `sessionMiddleware` is on the route; `ERR_SESSION_STORE`, which answers
 * 503; `ERR_SESSION_UNSUPPORTED` if only a wrapper can serve this host; `ERR_SESSION_CACHED` where Nitro keeps
 * the response for all visitors
 * @example
 * export default defineEventHandler(async (event) => {
 *   const session = await useSession(event);
 *   session.$increment("views");
 *   return `views: ${session.views}`;
 * });
 */
export function useSession<T extends object>(event: H3V1Event | Socket, manager: SessionManager<T>): Promise<Session<T>>;
export function useSession(event: H3V1Event | Socket, name?: string): Promise<Session<DefaultSessionData>>;
export function useSession(event: H3V1Event | Socket, which?: object | string): Promise<Session<never>> {
  try {
    if (!("node" in event)) return loadForSocket(event, which) as Promise<Session<never>>;
    refuseCached(event);
    return load(event, findSession(event.context, which)) as Promise<Session<never>>;
  } catch (error) {
    // Whoever awaits a session looks for its errors there.
    return Promise.reject(error);
  }
}

/** What Nitro 2 puts on a context. */
interface HostContext {
  readonly waitUntil?: (promise: Promise<unknown>) => unknown;
}

/** Loads a session for an event, and sees to it that no byte leaves before it is committed. */
export function load(event: H3V1Event, session: RequestSession): Promise<Session> {
  const { req } = event.node;
  const outer = outerContextOf(req);
  if (session.loading === undefined && outer !== undefined) borrow(event.context, session, outer, req.headers.cookie);
  if (session.loading !== undefined && session.isBorrowed) return session.loading;
  session.host?.hold();
  // Nitro 2 has it where the host drops requests: a server of Node goes on by itself.
  keepAlive(event, (event.context as HostContext).waitUntil);
  return loadOnce(event.context, session, req.headers.cookie ?? null, {
    secure: isSecure(event),
    touch: session.touch(event),
    event,
  });
}

/** By the connection alone: `X-Forwarded-Proto` is the client's word unless a proxy replaces it. */
function isSecure(event: H3V1Event): boolean | undefined {
  const protocol = event.web?.url?.protocol;
  if (protocol !== undefined) return protocol === "https:";
  if ((event.node.req.socket as TLSSocket | undefined)?.encrypted) return true;
  // A request that was made up in memory, as by Nitro's serverless presets, does not say how it came.
  return holdOf(event).isServed ? false : undefined;
}
