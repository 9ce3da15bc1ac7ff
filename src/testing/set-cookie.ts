/** A cookie as a browser keeps it. */
export interface JarCookie {
  readonly name: string;
  /** As it came: nothing is decoded. */
  readonly value: string;
  readonly domain: string;
  /** Whether only this host gets it, and no subdomain: there was no Domain attribute. */
  readonly hostOnly: boolean;
  readonly path: string;
  /** Milliseconds since the epoch; `undefined` for a cookie that ends with the browser. */
  readonly expiresAt: number | undefined;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: string | undefined;
  readonly partitioned: boolean;
}

/** Reads a `Set-Cookie` value that came from a URL; `undefined` where a browser would refuse it (RFC 6265bis, 5.7). */
export function parseSetCookie(header: string, url: URL, now: number): JarCookie | undefined {
  const [pair = "", ...rest] = header.split(";");
  const [name, value] = split(pair);
  // The last of several attributes of a name counts.
  const attributes = new Map(rest.map((part) => split(part)).map(([key, text = ""]) => [key.toLowerCase(), text]));
  if (value === undefined || name === "") return undefined;

  const wanted = attributes.get("domain")?.replace(/^\./, "").toLowerCase();
  const hostOnly = wanted === undefined || wanted === "";
  const path = attributes.get("path") ?? "";
  const cookie: JarCookie = {
    name,
    value,
    domain: hostOnly ? url.hostname : wanted,
    hostOnly,
    path: path.startsWith("/") ? path : defaultPath(url.pathname),
    expiresAt: expiry(attributes, now),
    secure: attributes.has("secure"),
    httpOnly: attributes.has("httponly"),
    sameSite: attributes.get("samesite"),
    partitioned: attributes.has("partitioned"),
  };
  const isOurs = isWithinDomain(url.hostname, cookie);
  return isOurs && (!cookie.secure || isTrustworthy(url)) && keepsItsPrefix(cookie) ? cookie : undefined;
}

/** Whether a request for a URL carries a cookie. */
export function isSentTo(cookie: JarCookie, url: URL): boolean {
  return (
    isWithinDomain(url.hostname, cookie) && isWithinPath(url.pathname, cookie.path) && (!cookie.secure || isTrustworthy(url))
  );
}

function split(part: string): [name: string, value?: string] {
  const equals = part.indexOf("=");
  return equals < 0 ? [part.trim()] : [part.slice(0, equals).trim(), part.slice(equals + 1).trim()];
}

function expiry(attributes: ReadonlyMap<string, string>, now: number): number | undefined {
  const maxAge = attributes.get("max-age");
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return now + Number(maxAge) * 1000;
  const expires = Date.parse(attributes.get("expires") ?? "");
  return Number.isNaN(expires) ? undefined : expires;
}

function defaultPath(pathname: string): string {
  return pathname.slice(0, Math.max(1, pathname.lastIndexOf("/")));
}

function isWithinDomain(host: string, { domain, hostOnly }: JarCookie): boolean {
  return host === domain || (!hostOnly && host.endsWith(`.${domain}`));
}

function isWithinPath(pathname: string, path: string): boolean {
  return pathname === path || pathname.startsWith(path.endsWith("/") ? path : `${path}/`);
}

/** Browsers take this machine for as safe as https. */
function isTrustworthy({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}

function keepsItsPrefix({ name, secure, hostOnly, path }: JarCookie): boolean {
  if (/^__secure-/i.test(name)) return secure;
  return !/^__host-/i.test(name) || (secure && hostOnly && path === "/");
}
