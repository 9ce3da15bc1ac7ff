import { optionError } from "./errors.ts";

/** As much of a request as tells where it comes from: a `Request` is one. */
export interface OriginRequest {
  readonly method: string;
  readonly headers: Headers;
  /** Absolute. Names the host where there is no `Host` header, as over HTTP/2. */
  readonly url: string;
}

export interface SameOriginOptions {
  /** Other origins whose pages may ask, exactly as browsers write them: `https://app.example.com`. @default [] */
  readonly trusted?: readonly string[] | undefined;
}

/** A safe method promises to change nothing (RFC 9110, 9.2.1). */
const SAFE_METHODS: readonly string[] = ["GET", "HEAD", "OPTIONS"];

/**
 * Whether a request comes from a page of the application itself, from an origin that is trusted, from the user (a typed address, a
 * bookmark), or from what is no browser.
 *
 * Browsers say so in `Sec-Fetch-Site`, which no page can set; the older ones, and all of them over plain http, in `Origin`, whose
 * host is compared with `Host`. What sends neither has no cookies to abuse. The method is not looked at: {@link sameOriginOnly} does.
 *
 * @see OWASP Cross-Site Request Forgery Prevention Cheat Sheet, "Fetch Metadata headers"; Go's `net/http.CrossOriginProtection`
 * @example
 * const handshake = (request: Request) => (isSameOrigin(request) ? undefined : new Response(null, { status: 403 })); // a WebSocket's
 */
export function isSameOrigin({ headers, url }: OriginRequest, { trusted = [] }: SameOriginOptions = {}): boolean {
  const site = headers.get("sec-fetch-site");
  const origin = headers.get("origin");
  if (site === "same-origin" || site === "none") return true;
  if (origin === null) return site === null;
  // "null", which every sandboxed page sends, is nobody's origin.
  if (!URL.canParse(origin)) return false;
  if (trusted.includes(origin)) return true;
  // Hosts, not origins: behind a proxy that ends TLS the scheme is not known here.
  return site === null && new URL(origin).host === (headers.get("host") ?? new URL(url).host);
}

/**
 * Makes a middleware that refuses with 403 what another origin's page asks for (CSRF), unless the method is safe.
 *
 * Safe are GET, HEAD and OPTIONS, which must not change anything that matters; the handshake of a WebSocket is checked although it is
 * a GET, since it opens a way to change things. It is a middleware of h3 v2, and needs of its event no more than the request, so that
 * any other framework can ask it: what it returns is the refusal, or `undefined`.
 *
 * @throws {SessionError} `ERR_SESSION_OPTIONS` if one of `trusted` is no origin
 * @example
 * app.use(sessionMiddleware());
 * app.use(sameOriginOnly({ trusted: ["https://app.example.com"] }));
 */
export function sameOriginOnly(
  options: SameOriginOptions = {},
): (event: { readonly req: OriginRequest }) => Response | undefined {
  for (const origin of options.trusted ?? []) {
    if (!isOrigin(origin)) throw optionError("trusted", origin, 'origins such as "https://app.example.com", without a path');
  }
  return ({ req }) =>
    isSafe(req) || isSameOrigin(req, options)
      ? undefined
      : new Response("This request came from another site.", { status: 403, headers: { "content-type": "text/plain" } });
}

function isSafe({ method, headers }: OriginRequest): boolean {
  return SAFE_METHODS.includes(method) && headers.get("upgrade")?.toLowerCase() !== "websocket";
}

/** A pattern parses as a host, and would match nothing. */
function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text && !text.includes("*");
}
