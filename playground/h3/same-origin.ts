import { HTTPError, type H3Event } from "h3";

const SAFE_METHODS = ["GET", "HEAD", "OPTIONS"];

/**
 * Refuses changes that another origin's page asks for (CSRF). Safe methods must not change anything that matters.
 *
 * SameSite=Lax is no defence on its own: it lets through every subdomain and port of the same site, and a forged login needs no
 * cookie to begin with. Browsers tell where a request comes from, and pages cannot change what they tell.
 *
 * @see OWASP Cross-Site Request Forgery Prevention Cheat Sheet, "Fetch Metadata headers"
 */
export function sameOrigin(event: H3Event): void {
  if (!SAFE_METHODS.includes(event.req.method) && isForeign(event)) {
    throw new HTTPError({ status: 403, message: "This request came from another site" });
  }
}

/** Whether a page of another origin asks. */
export function isForeign({ req, url }: H3Event): boolean {
  const site = req.headers.get("sec-fetch-site");
  if (site !== null) return site !== "same-origin" && site !== "none";
  // Older browsers, and plain http. Without either header it is no browser, so there is no cookie to abuse.
  const origin = req.headers.get("origin");
  return origin !== null && (!URL.canParse(origin) || new URL(origin).host !== url.host);
}
