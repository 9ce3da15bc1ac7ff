/**
 * Keeps a response that depends on a session out of shared caches (RFC 9111; OWASP Session Management Cheat Sheet, "Web Content
 * Caching"; CVE-2023-30861). Returns true if the route had allowed shared caching.
 */
export function protectFromCaches(headers: Headers, sessionWasRead: boolean, setsCookie: boolean): boolean {
  if (sessionWasRead) addVary(headers);
  const directives = parseCacheControl(headers.get("cache-control"));
  const isPublic = directives.some(isShared);
  if (setsCookie) {
    const keep = directives.some((directive) => directive === "private" || directive === "no-store");
    if (!keep) headers.set("cache-control", "no-store");
    else if (isPublic) headers.set("cache-control", withoutShared(directives));
    return isPublic;
  }
  if (sessionWasRead && isPublic) headers.set("cache-control", withoutShared(directives));
  return sessionWasRead && isPublic;
}

function addVary(headers: Headers): void {
  const sent = headers.get("vary");
  if (sent === null) return headers.set("vary", "Cookie");
  const vary = sent.split(",").map((name) => name.trim().toLowerCase());
  if (!vary.includes("cookie") && !vary.includes("*")) headers.append("vary", "Cookie");
}

function parseCacheControl(value: string | null): string[] {
  if (value === null) return [];
  return value
    .split(",")
    .map((directive) => directive.trim().toLowerCase())
    .filter((directive) => directive !== "");
}

function isShared(directive: string): boolean {
  return directive === "public" || directive.startsWith("s-maxage");
}

function withoutShared(directives: readonly string[]): string {
  return [...new Set(["private", ...directives.filter((directive) => !isShared(directive))])].join(", ");
}
