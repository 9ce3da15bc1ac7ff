import { describe, expect, it } from "vitest";
import type { CookieOptions } from "unsession";
import { openPage, useBrowser } from "./_chromium.ts";
import { cookieOf, cookiesOf, refusedBy, type BrowserCookie } from "./_cookies.ts";
import { startSite, type SiteOptions } from "./_site.ts";

useBrowser();

/** The cookie of a visitor whose session begins. */
async function begin(options: SiteOptions, host?: string): Promise<BrowserCookie> {
  const site = await startSite(options);
  const page = await openPage();
  await page.goto(site.url("/begin", host));
  return cookieOf(page);
}

describe("a session cookie, as the browser keeps it", () => {
  it.each(["http", "https"] as const)("belongs to one host and all its paths, is HttpOnly and Lax, over %s", async (scheme) => {
    expect(await begin({ scheme }, "shop.test")).toMatchObject({
      name: "session",
      domain: "shop.test",
      path: "/",
      httpOnly: true,
      sameSite: "Lax",
      priority: "Medium",
    });
  });

  it.each([
    ["http", "localhost", false],
    ["http", "127.0.0.1", false],
    ["http", "shop.test", false],
    ["https", "localhost", true],
    ["https", "127.0.0.1", true],
    ["https", "shop.test", true],
  ] as const)("over %s, on %s: Secure is %s", async (scheme, host, secure) => {
    expect((await begin({ scheme }, host)).secure).toBe(secure);
  });

  it("is not to be seen by scripts", async () => {
    const site = await startSite();
    const page = await openPage();
    await page.goto(site.url("/begin"));
    expect(await cookiesOf(page)).toHaveLength(1);
    expect(await page.evaluate(() => document.cookie)).toBe("");
  });

  it("is seen by scripts where it is told not to be HttpOnly", async () => {
    const site = await startSite({ cookie: { httpOnly: false } });
    const page = await openPage();
    await page.goto(site.url("/begin"));
    expect(await page.evaluate(() => document.cookie)).toBe(`session=${(await cookieOf(page)).value}`);
  });

  it.each<[string, CookieOptions, Partial<BrowserCookie>]>([
    ["SameSite=Strict", { sameSite: "strict" }, { sameSite: "Strict" }],
    ["SameSite=None, and Secure", { sameSite: "none" }, { sameSite: "None", secure: true }],
    ["a low priority", { priority: "low" }, { priority: "Low" }],
    ["a high priority", { priority: "high" }, { priority: "High" }],
    ["a path", { path: "/account" }, { path: "/account" }],
    ["a domain, for all its hosts", { domain: "shop.test" }, { domain: ".shop.test" }],
    [
      "a name that begins with __Host-",
      { name: "__Host-id" },
      { name: "__Host-id", secure: true, path: "/", domain: "shop.test" },
    ],
    ["a name that begins with __Secure-", { name: "__Secure-id" }, { name: "__Secure-id", secure: true }],
  ])("has %s where it is told to", async (_, cookie, expected) => {
    expect(await begin({ cookie, scheme: "https" }, "shop.test")).toMatchObject(expected);
  });

  it("has no SameSite where it is told to have none", async () => {
    expect(await begin({ cookie: { sameSite: false } })).not.toHaveProperty("sameSite");
  });
});

describe("a cookie that is Secure by its name or attributes, over http", () => {
  const secured: [CookieOptions][] = [
    [{ name: "__Host-id" }],
    [{ name: "__Secure-id" }],
    [{ sameSite: "none" }],
    [{ secure: true }],
  ];

  it.each(secured)("is taken from localhost, which the browser trusts: %o", async (cookie) => {
    expect((await begin({ cookie })).secure).toBe(true);
  });

  it.each(secured)("is refused from any other host: %o", async (cookie) => {
    const site = await startSite({ cookie });
    const page = await openPage();
    const [refused] = await refusedBy(page, site.url("/begin", "shop.test"));
    expect(refused?.blockedReasons).toEqual(["name" in cookie ? "InvalidPrefix" : "SecureOnly"]);
    expect(await cookiesOf(page)).toEqual([]);
  });
});

describe("a cookie's scope", () => {
  it("is the path it was given", async () => {
    const site = await startSite({ cookie: { path: "/account" } });
    const page = await openPage();
    await page.goto(site.url("/begin"));
    const cookie = await cookieOf(page);
    await page.goto(site.url("/"));
    await page.goto(site.url("/account/"));
    expect(site.received.map(({ cookie }) => cookie)).toEqual([null, null, `session=${cookie.value}`]);
  });

  it("is one host where no domain is given", async () => {
    const site = await startSite();
    const page = await openPage();
    await page.goto(site.url("/begin", "shop.test"));
    await page.goto(site.url("/", "www.shop.test"));
    expect(site.received.find(({ path }) => path === "/")?.cookie).toBeNull();
  });

  it("is all hosts of the domain it was given", async () => {
    const site = await startSite({ cookie: { domain: "shop.test" } });
    const page = await openPage();
    await page.goto(site.url("/begin", "www.shop.test"));
    const { value } = await cookieOf(page);
    await page.goto(site.url("/", "pay.shop.test"));
    expect(site.received.find(({ path }) => path === "/")?.cookie).toBe(`session=${value}`);
  });

  it("cannot be the domain of another", async () => {
    const site = await startSite({ cookie: { domain: "shop.test" } });
    const page = await openPage();
    const [refused] = await refusedBy(page, site.url("/begin", "evil.test"));
    expect(refused?.blockedReasons).toEqual(["InvalidDomain"]);
  });

  it("holds among other cookies over HTTP/2, where each travels on its own", async () => {
    const site = await startSite({ scheme: "https" });
    const page = await openPage();
    const others = ["a", "b", "c"].map((name) => ({ name, value: "1", url: site.url("/") }));
    await page.context().addCookies(others);
    await page.goto(site.url("/begin"));
    const protocol = await page.evaluate(() =>
      performance.getEntriesByType("navigation").map((entry) => entry.toJSON().nextHopProtocol),
    );
    const session = (await cookiesOf(page)).find(({ name }) => name === "session");
    expect([protocol, await site.sessions.find(session?.value ?? "")]).toEqual([["h2"], { count: 0 }]);
    await page.goto(site.url("/"));
    expect(
      site.received
        .find(({ path }) => path === "/")
        ?.cookie?.split("; ")
        .toSorted(),
    ).toEqual(["a=1", "b=1", "c=1", `session=${session?.value}`]);
  });
});
