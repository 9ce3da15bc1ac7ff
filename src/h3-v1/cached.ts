import type { ServerResponse } from "node:http";
import { cachedError } from "../errors.ts";
import { originOf } from "../request-sessions.ts";
import type { H3V1Event } from "./event.ts";
import { outerContextOf } from "./inner.ts";

/** What Nitro 2 puts on an event. */
interface NitroContext {
  /** Set by cached handlers, for good. */
  readonly cache?: unknown;
  readonly _nitro?: { readonly routeRules?: { readonly isr?: unknown; readonly prerender?: unknown } };
}

/**
 * Refuses a session where its data would be in a response for everybody: in what Nitro 2 caches or prerenders, and in the requests
 * that are made for that.
 *
 * @throws {SessionError} `ERR_SESSION_CACHED`
 */
export function refuseCached(event: H3V1Event): void {
  const { node, context, method } = event;
  // A cached handler is given an event of its own, on the context of the first visitor's, with a response that records.
  const isCached = isInCache(context) && originOf(context) !== node.res;
  if (isCached || isKeptByRule(context, method) || isMadeForKept(outerContextOf(node.req))) throw cachedError();
}

function isMadeForKept(context: NitroContext | undefined): boolean {
  const origin = context && originOf(context);
  if (context === undefined || origin === undefined) return false;
  const { req } = origin as ServerResponse;
  return isInCache(context) || isKeptByRule(context, req.method) || isMadeForKept(outerContextOf(req));
}

function isInCache({ cache }: NitroContext): boolean {
  return cache !== undefined;
}

function isKeptByRule({ _nitro }: NitroContext, method: string | undefined): boolean {
  const isRead = method === "GET" || method === "HEAD";
  return isRead && Boolean(_nitro?.routeRules?.isr || _nitro?.routeRules?.prerender);
}
