import { cachedError } from "../errors.ts";
import { originOf } from "../request-sessions.ts";
import type { H3V1Event } from "./event.ts";

/** What Nitro 2 puts on an event. */
interface NitroContext {
  /** Set by cached handlers, for good. */
  readonly cache?: unknown;
  readonly _nitro?: { readonly routeRules?: { readonly isr?: unknown; readonly prerender?: unknown } };
}

/**
 * Refuses a session where its data would be in a response for everybody: in what Nitro 2 caches or prerenders.
 *
 * @throws {SessionError} `ERR_SESSION_CACHED`
 */
export function refuseCached(event: H3V1Event): void {
  const { cache, _nitro } = event.context as NitroContext;
  // A cached handler is given an event of its own, on the context of the first visitor's, with a response that records.
  const isCached = cache !== undefined && originOf(event.context) !== event.node.res;
  const isRead = event.method === "GET" || event.method === "HEAD";
  const isKept = isRead && Boolean(_nitro?.routeRules?.isr || _nitro?.routeRules?.prerender);
  if (isCached || isKept) throw cachedError();
}
