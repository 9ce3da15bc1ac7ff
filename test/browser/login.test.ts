import { describe, expect, it } from "vitest";
import { openContext, openPage, useBrowser } from "./_chromium.ts";
import { cookieOf, cookiesOf } from "./_cookies.ts";
import { logIn, logOut, userOn } from "./_login.ts";
import { startSite } from "./_site.ts";

useBrowser();

describe.each(["http", "https"] as const)("a login over %s", (scheme) => {
  it("is known to the page that it redirects to", async () => {
    const site = await startSite({ scheme });
    const page = await openPage();
    await page.goto(site.url("/"));
    const response = page.waitForResponse(site.url("/login"));
    await logIn(page);
    expect([(await response).status(), await userOn(page)]).toEqual([303, "Ada"]);
    const { value } = await cookieOf(page);
    expect(site.received).toEqual([
      { method: "GET", path: "/", cookie: null },
      { method: "POST", path: "/login", cookie: null },
      { method: "GET", path: "/", cookie: `session=${value}` },
    ]);
  });

  it("changes the cookie, and the old one is dead", async () => {
    const site = await startSite({ scheme });
    const page = await openPage();
    await page.goto(site.url("/begin"));
    const before = await cookieOf(page);
    await page.goto(site.url("/"));
    await logIn(page);
    const after = await cookieOf(page);
    expect(after.value).not.toBe(before.value);
    expect(await site.sessions.find(before.value)).toBeUndefined();
    expect(await site.sessions.find(after.value)).toEqual({ count: 0, user: "Ada" });
  });

  it("leaves who knew the old cookie outside", async () => {
    const site = await startSite({ scheme });
    const page = await openPage();
    await page.goto(site.url("/begin"));
    const { value } = await cookieOf(page);
    const attacker = await openContext();
    await attacker.addCookies([{ name: "session", value, url: site.url("/") }]);
    await page.goto(site.url("/"));
    await logIn(page);
    const other = await attacker.newPage();
    const request = site.next("/");
    await other.goto(site.url("/"));
    expect([(await request).cookie, await userOn(other)]).toEqual([`session=${value}`, "nobody"]);
  });

  it("does not use a cookie that was planted", async () => {
    const site = await startSite({ scheme });
    const page = await openPage();
    await page.context().addCookies([{ name: "session", value: "A".repeat(43), url: site.url("/") }]);
    await page.goto(site.url("/"));
    await logIn(page);
    expect((await cookieOf(page)).value).not.toBe("A".repeat(43));
    expect(await site.sessions.find("A".repeat(43))).toBeUndefined();
  });

  it("can be followed by a logout and another login", async () => {
    const site = await startSite({ scheme });
    const page = await openPage();
    await page.goto(site.url("/"));
    await logIn(page);
    const first = await cookieOf(page);
    await logOut(page);
    expect(await cookiesOf(page)).toEqual([]);
    await logIn(page);
    expect((await cookieOf(page)).value).not.toBe(first.value);
  });
});
