import { socketError } from "./errors.ts";
import { isSessionManager } from "./manager.ts";
import type { Session } from "./types.ts";

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
 * @throws {SessionError} `ERR_SESSION_NOT_LOADED` without a manager
 */
export async function loadForSocket(socket: Socket, manager: unknown): Promise<Session> {
  if (typeof manager !== "object" || manager === null || !isSessionManager(manager)) throw socketError();
  const { headers } = "request" in socket ? socket.request : socket;
  const session = await manager.load(headers.get("cookie"), { touch: false });
  await manager.commit(session, { status: 101, headers: new Headers() });
  return session;
}
