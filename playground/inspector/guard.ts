import { HTTPError, type H3Event } from "h3";
import { isSameOrigin } from "unsession/csrf";

const LOOPBACK = /^(?:(?:[\w-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * Keeps the inspector to the developer at this machine, since it shows what no page should: the session's token among others.
 *
 * A host that only points here (DNS rebinding) would make another site's page same-origin, so the name is checked too.
 *
 * @throws {HTTPError} 404 in production, 403 for another host or another origin's page
 */
export function guard(event: H3Event): void {
  if (process.env["NODE_ENV"] === "production")
    throw new HTTPError({ status: 404, message: "There is no inspector in production" });
  if (!LOOPBACK.test(event.url.hostname))
    throw new HTTPError({ status: 403, message: "The inspector answers at localhost only" });
  if (!isSameOrigin(event.req)) throw new HTTPError({ status: 403, message: "The inspector answers its own pages only" });
}
