import type { H3Event } from "h3";
import { cachedError } from "../errors.ts";
import { originOf } from "../request-sessions.ts";

/** What Nitro 3 puts on an event. */
interface NitroContext {
  readonly routeRules?: { readonly cache?: unknown; readonly isr?: unknown; readonly prerender?: unknown };
}

/**
 * Refuses a session where its data would be in a response for everybody: in what Nitro 3 caches or prerenders.
 *
 * @throws {SessionError} `ERR_SESSION_CACHED`
 */
export function refuseCached(event: H3Event): void {
  const { routeRules } = event.context as NitroContext;
  const origin = originOf(event.context);
  // The rule calls the handler past all middleware, whatever the method.
  const isCachedByRule = Boolean(routeRules?.cache) && origin === undefined;
  const isKept = isRead(event.req.method) && Boolean(routeRules?.isr || routeRules?.prerender);
  if (isCachedByRule || isKept || isNarrowed(event.req, origin)) throw cachedError();
}

/** `defineCachedHandler` gives its handler a request without the headers that its key does not cover, on the same event. */
function isNarrowed({ headers }: H3Event["req"], origin: object | undefined): boolean {
  if (origin === undefined) return false;
  const before = origin as H3Event["req"];
  // Only then, since all others pass here too; and h3 itself replaces requests, but keeps their headers.
  if (headers === before.headers) return false;
  return [...before.headers.keys()].some((name) => !headers.has(name));
}

function isRead(method: string): boolean {
  return method === "GET" || method === "HEAD";
}
