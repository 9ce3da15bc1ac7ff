import { createHash } from "node:crypto";
import { getCookie, toResponse, type H3Event, type Middleware } from "h3";
import type { Session, SessionManager } from "unsession";
import { sessionMiddleware } from "unsession/h3";
import { addToLog } from "./log.ts";
import { createRecord, current, type RequestRecord } from "./record.ts";

/**
 * The session middleware, between one that sees the response when all is stored and one that sees the session when nothing is yet.
 *
 * The application inside has its own, which steps aside for this one.
 */
export function recorded<T extends object>(manager: SessionManager<T>, isRecorded: (event: H3Event) => boolean): Middleware {
  const withSession = sessionMiddleware(manager);
  return async (event, next) => {
    if (!isRecorded(event)) return withSession(event, next);
    const record = createRecord(event.req.method, event.url.pathname);
    const handle = async (): Promise<unknown> => withSession(event, () => observed(event, record, next));
    const started = performance.now();
    const response = await toResponse(current.run(record, handle), event);
    record.duration = performance.now() - started;
    record.status = response.status;
    record.cookies = response.headers.getSetCookie();
    const id = record.usedSession ? sessionOf(event)?.$id : idOfCookie(event);
    if (id !== undefined) addToLog(id, record);
    return response;
  };
}

/** Notes the changes when the handler is done, or has failed. */
async function observed(event: H3Event, record: RequestRecord, next: () => unknown): Promise<unknown> {
  try {
    return await next();
  } finally {
    const session = sessionOf(event);
    if (session !== undefined) {
      record.usedSession = true;
      record.changes = session.$changes;
    }
  }
}

function sessionOf(event: H3Event): Session | undefined {
  return event.context.session;
}

/** Whose a request is that did not use its session: an id is the SHA-256 of its token. */
function idOfCookie(event: H3Event): string | undefined {
  const token = getCookie(event, "session");
  return token === undefined ? undefined : createHash("sha256").update(token).digest("base64url");
}
