import { describe, expect, it } from "vitest";
import type { CookieOptions } from "unsession";
import { openPage, useBrowser } from "./_chromium.ts";
import { cookieOf, cookiesOf } from "./_cookies.ts";
import { logIn, logOut } from "./_login.ts";
import { startSite } from "./_site.ts";

useBrowser();

describe.each([
  ["http", "localhost"],
  ["https", "shop.test"],
] as const)("a logout over %s on %s", (scheme, host) => {
  it.each<[string, CookieOptions]>([
    ["as it is by default", {}],
    ["that is Strict", { sameSite: "strict" }],
    ["without SameSite", { sameSite: false }],
    ["that scripts may see", { httpOnly: false }],
    ["with a path", { path: "/account" }],
    ["with a priority", { priority: "high" }],
    ["that ends with the browser", { persistent: false }],
    ["that is Secure", { secure: true }],
    ["with SameSite=None", { sameSite: "none" }],
    ["named __Secure-", { name: "__Secure-id" }],
    ["named __Host-", { name: "__Host-id" }],
    ["that is partitioned", { partitioned: true }],
    ["that is partitioned and named __Host-", { name: "__Host-id", partitioned: true, sameSite: "none" }],
  ])("removes a cookie %s", async (_, cookie) => {
    const site = await startSite({ cookie, scheme });
    const page = await openPage();
    await page.goto(site.url("/account/", host));
    await logIn(page);
    const { value } = await cookieOf(page);
    await logOut(page);
    expect(await cookiesOf(page)).toEqual([]);
    expect(await site.sessions.find(value)).toBeUndefined();
  });
});

describe("a logout", () => {
  it.each(["http", "https"] as const)("on one host removes the cookie of all hosts of the domain, over %s", async (scheme) => {
    const site = await startSite({ scheme, cookie: { domain: "shop.test" } });
    const page = await openPage();
    await page.goto(site.url("/", "www.shop.test"));
    await logIn(page);
    expect((await cookieOf(page)).domain).toBe(".shop.test");
    await page.goto(site.url("/", "pay.shop.test"));
    await logOut(page);
    expect(await cookiesOf(page)).toEqual([]);
  });

  it("leaves the cookies of others alone", async () => {
    const site = await startSite();
    const page = await openPage();
    await page.context().addCookies([{ name: "theme", value: "dark", url: site.url("/") }]);
    await page.goto(site.url("/"));
    await logIn(page);
    await logOut(page);
    expect((await cookieOf(page)).name).toBe("theme");
  });
});
