import type { MaybePromise } from "../stores/store.ts";
import { isSentTo, parseSetCookie, type JarCookie } from "./set-cookie.ts";

/** An application with a `fetch`, as h3 v2 has it, or a function such as h3 v1's `toWebHandler(app)` or the global `fetch`. */
export type FetchTarget = { fetch(request: Request): MaybePromise<Response> } | ((request: Request) => MaybePromise<Response>);

export interface CookieJarOptions {
  /** What paths are relative to; `"http://localhost"` by default, as h3's `app.request` has it. */
  readonly origin?: string | undefined;
  /** The clock, in milliseconds; `Date.now` by default. */
  readonly now?: (() => number) | undefined;
}

/** The cookies of one browser. */
export interface CookieJar {
  /** Where paths lead to. */
  readonly origin: string;
  /** Every cookie that has not expired. */
  readonly cookies: readonly JarCookie[];
  /**
   * Sends a request with the jar's cookies, and keeps those that the response sets.
   *
   * A `Cookie` header of the caller's own is sent instead, as it is. Redirects are not followed unless `init` says so: what they
   * set on the way would be lost.
   */
  fetch(target: FetchTarget, input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** Keeps, changes or removes a cookie as a `Set-Cookie` value says; false if a browser would refuse it. */
  set(setCookie: string, url?: string | URL): boolean;
  /** The value of a cookie as a request for the URL would carry it; for the session cookie, what `manager.find` takes. */
  get(name: string, url?: string | URL): string | undefined;
  /** The `Cookie` header for a URL, `""` for none. */
  header(url?: string | URL): string;
  /** Closes the browser and opens it again: cookies without an expiry are gone. */
  restart(): void;
  /** Forgets all cookies. */
  clear(): void;
}

/**
 * Makes an empty cookie jar: what a browser does with cookies, for an application without a server and for any `fetch`.
 *
 * It goes by name, domain, path, expiry, Secure and the `__Host-` and `__Secure-` prefixes. It knows no sites, so SameSite and
 * Partitioned are noted and change nothing, and no public suffixes, so a Domain such as `com` is taken.
 *
 * @example
 * const jar = createCookieJar();
 * await jar.fetch(app, "/login", { method: "POST" });
 * const page = await jar.fetch(app, "/");
 */
export function createCookieJar(options: CookieJarOptions = {}): CookieJar {
  return new Jar(options.origin ?? "http://localhost", options.now ?? (() => Date.now()));
}

class Jar implements CookieJar {
  readonly origin: string;
  readonly #now: () => number;
  /** A map keeps the place of what is set again, as browsers do. */
  readonly #cookies = new Map<string, JarCookie>();

  constructor(origin: string, now: () => number) {
    this.origin = new URL(origin).origin;
    this.#now = now;
  }

  get cookies(): JarCookie[] {
    return [...this.#cookies.values()].filter(({ expiresAt = Infinity }) => expiresAt > this.#now());
  }

  async fetch(target: FetchTarget, input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const request = new Request(input instanceof Request ? input : this.#url(input), { redirect: "manual", ...init });
    const cookie = this.header(request.url);
    if (cookie !== "" && !request.headers.has("cookie")) request.headers.set("cookie", cookie);
    const response = await (typeof target === "function" ? target(request) : target.fetch(request));
    for (const line of response.headers.getSetCookie()) this.set(line, request.url);
    return response;
  }

  set(setCookie: string, url: string | URL = "/"): boolean {
    const cookie = parseSetCookie(setCookie, this.#url(url), this.#now());
    if (cookie === undefined) return false;
    const key = [cookie.name, cookie.domain, cookie.hostOnly, cookie.path].join(";");
    if ((cookie.expiresAt ?? Infinity) > this.#now()) this.#cookies.set(key, cookie);
    else this.#cookies.delete(key);
    return true;
  }

  get(name: string, url: string | URL = "/"): string | undefined {
    return this.#sent(url).find((cookie) => cookie.name === name)?.value;
  }

  header(url: string | URL = "/"): string {
    return this.#sent(url)
      .map(({ name, value }) => `${name}=${value}`)
      .join("; ");
  }

  restart(): void {
    for (const [key, { expiresAt }] of this.#cookies) if (expiresAt === undefined) this.#cookies.delete(key);
  }

  clear(): void {
    this.#cookies.clear();
  }

  /** Longer paths first, then in the order in which they were set (RFC 6265bis, 5.8.3). */
  #sent(url: string | URL): JarCookie[] {
    const at = this.#url(url);
    return this.cookies.filter((cookie) => isSentTo(cookie, at)).sort((a, b) => b.path.length - a.path.length);
  }

  #url(url: string | URL): URL {
    return new URL(url, this.origin);
  }
}
