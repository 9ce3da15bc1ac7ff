import { H3 } from "h3";
import { createApp, createRouter, defineEventHandler, getRequestURL, toWebHandler } from "h3-v1";
import { describe, expect, it } from "vitest";
import { isSameOrigin, sameOriginOnly } from "unsession/csrf";
import { sessionMiddleware, useSession } from "unsession/h3";

const OURS = "https://shop.example";
const APP = "https://app.example.com";

type Headers = Record<string, string>;

const ask = (headers: Headers, method = "POST", url = `${OURS}/cart`): Request => new Request(url, { method, headers });

/** Who asks, what the browser says of it, whether it may. */
const requests: readonly [who: string, headers: Headers, allowed: boolean][] = [
  ["our own page", { "sec-fetch-site": "same-origin", origin: OURS }, true],
  ["a user who typed the address", { "sec-fetch-site": "none" }, true],
  ["another site", { "sec-fetch-site": "cross-site", origin: "https://evil.example" }, false],
  ["a sibling of our site", { "sec-fetch-site": "same-site", origin: "https://blog.shop.example" }, false],
  ["another site without an Origin", { "sec-fetch-site": "cross-site" }, false],
  ["another site whose Origin is said to be ours", { "sec-fetch-site": "cross-site", origin: OURS }, false],
  ["a sandboxed frame of our own", { "sec-fetch-site": "cross-site", origin: "null" }, false],
  ["our own page that sends no referrer", { "sec-fetch-site": "same-origin", origin: "null" }, true],
  ["a word that browsers may add", { "sec-fetch-site": "same-party", origin: OURS }, false],
  ["two words", { "sec-fetch-site": "same-origin, cross-site", origin: OURS }, false],
  ["no word", { "sec-fetch-site": "", origin: OURS }, false],
  ["our own page, in an older browser", { origin: OURS }, true],
  ["our own page, behind a proxy that ends TLS", { origin: OURS, host: "shop.example" }, true],
  ["another host, in an older browser", { origin: "https://evil.example" }, false],
  ["another port, in an older browser", { origin: `${OURS}:8443` }, false],
  ["a subdomain, in an older browser", { origin: "https://blog.shop.example" }, false],
  ["a host that begins as ours, in an older browser", { origin: "https://shop.example.evil.example" }, false],
  ["an opaque origin, in an older browser", { origin: "null" }, false],
  ["an Origin that is none", { origin: "shop.example" }, false],
  ["an empty Origin", { origin: "" }, false],
  ["what is no browser", {}, true],
];

describe("isSameOrigin", () => {
  it.each(requests)("judges %s", (_who, headers, allowed) => {
    expect(isSameOrigin(ask(headers))).toBe(allowed);
  });

  it("goes by the Host header before the URL, which a server may have made up", () => {
    const request = { method: "POST", headers: new Headers({ origin: OURS, host: "shop.example" }), url: "http://10.0.0.7/cart" };
    expect(isSameOrigin(request)).toBe(true);
  });

  it("does not look at the method", () => {
    expect(isSameOrigin(ask({ "sec-fetch-site": "cross-site" }, "GET"))).toBe(false);
  });

  it.each<[string, Headers, boolean]>([
    ["a trusted origin", { "sec-fetch-site": "cross-site", origin: APP }, true],
    ["a trusted origin, in an older browser", { origin: APP }, true],
    ["a trusted host over http", { "sec-fetch-site": "cross-site", origin: "http://app.example.com" }, false],
    ["a trusted host at another port", { "sec-fetch-site": "cross-site", origin: `${APP}:8443` }, false],
    ["a subdomain of a trusted host", { "sec-fetch-site": "cross-site", origin: "https://x.app.example.com" }, false],
    ["our own page", { "sec-fetch-site": "same-origin", origin: OURS }, true],
  ])("with trusted origins judges %s", (_who, headers, allowed) => {
    expect(isSameOrigin(ask(headers), { trusted: [APP] })).toBe(allowed);
  });

  it('trusts no opaque origin, though "null" be in the list', () => {
    expect(isSameOrigin(ask({ "sec-fetch-site": "cross-site", origin: "null" }), { trusted: ["null"] })).toBe(false);
  });
});

describe("D14: sameOriginOnly", () => {
  const foreign = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
  const statusOf = (request: Request): number | undefined => sameOriginOnly()({ req: request })?.status;

  it.each(["POST", "PUT", "PATCH", "DELETE", "QUERY"])("refuses %s from another site", (method) => {
    expect(statusOf(ask(foreign, method))).toBe(403);
  });

  it.each(["GET", "HEAD", "OPTIONS"])("lets %s from another site pass: it changes nothing", (method) => {
    expect(statusOf(ask(foreign, method))).toBeUndefined();
  });

  it.each(["websocket", "WebSocket"])("refuses the handshake of a %s from another site, though it is a GET", (upgrade) => {
    expect(statusOf(ask({ ...foreign, upgrade }, "GET"))).toBe(403);
    expect(statusOf(ask({ origin: "https://evil.example", upgrade }, "GET"))).toBe(403);
    expect(statusOf(ask({ origin: OURS, upgrade }, "GET"))).toBeUndefined();
  });

  it.each([
    "https://app.example.com/",
    "https://app.example.com/path",
    "app.example.com",
    "https://*.example.com",
    "null",
    "*",
    "",
  ])("does not begin with %j for an origin", (origin) => {
    expect(() => sameOriginOnly({ trusted: [origin] })).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_OPTIONS", message: expect.stringContaining("`trusted`") }),
    );
  });

  it("keeps a forged request from the session and the handler of h3 v2", async () => {
    const app = new H3({ silent: true });
    let ran = 0;
    app.use(sessionMiddleware()).use(sameOriginOnly());
    app.post("/cart", async (event) => {
      (await useSession(event)).items = ++ran;
      return "done";
    });
    const refused = await app.fetch(ask(foreign));
    expect([refused.status, await refused.text(), refused.headers.getSetCookie(), ran]).toEqual([
      403,
      "This request came from another site.",
      [],
      0,
    ]);
    expect((await app.fetch(ask({ "sec-fetch-site": "same-origin" }))).status).toBe(200);
  });

  it("can be asked by h3 v1", async () => {
    const refusal = sameOriginOnly();
    const app = createApp();
    app.use(
      defineEventHandler((event) =>
        refusal({ req: { method: event.method, headers: event.headers, url: getRequestURL(event).href } }),
      ),
    );
    app.use(
      createRouter().post(
        "/cart",
        defineEventHandler(() => "done"),
      ),
    );
    const fetch = toWebHandler(app);
    expect((await fetch(ask(foreign))).status).toBe(403);
    expect((await fetch(ask({ origin: OURS, host: "shop.example" }))).status).toBe(200);
  });
});
