import { managerAtWork } from "./at-work.ts";
import type { Session, SessionManager } from "./types.ts";

/** What opened a socket. */
interface SocketRequest {
  readonly url: string;
  readonly headers: Headers;
}

/** A WebSocket, by the request that opened it or by its peer in crossws, which knows that. */
export type Socket = SocketRequest | { readonly request: SocketRequest };

/**
 * The session of a socket, read anew each time, since a socket outlives what it was told.
 *
 * Its response has left, so that plain writes throw and `$update` writes. The session is not kept alive by it, since no cookie could
 * be renewed.
 *
 * @throws {SessionError} `ERR_SESSION_NOT_LOADED` if no manager of that name is at work
 */
export async function loadForSocket(socket: Socket, which: object | string | undefined): Promise<Session> {
  const manager = typeof which === "object" ? (which as SessionManager) : managerAtWork(which);
  const { headers } = "request" in socket ? socket.request : socket;
  const session = await manager.load(headers.get("cookie"), { touch: false });
  await manager.commit(session, { status: 101, headers: new Headers() });
  return session;
}
