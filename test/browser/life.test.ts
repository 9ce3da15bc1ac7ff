import { describe, expect, it } from "vitest";
import { createClock } from "unsession/testing";
import { openPage, useBrowser } from "./_chromium.ts";
import { cookieOf, cookiesOf } from "./_cookies.ts";
import { logIn, userOn } from "./_login.ts";
import { startSite, type SiteOptions } from "./_site.ts";

useBrowser();

const DAY = 24 * 60 * 60;

describe("the browser", () => {
  it.each<[string, number, SiteOptions]>([
    ["30 days, by default", 30 * DAY, {}],
    ["as long as the session may be idle", 3600, { idleTimeout: 3600 }],
    ["until the absolute deadline, where that is sooner", 60, { idleTimeout: 3600, absoluteTimeout: 60 }],
    ["400 days, where a session never goes idle", 400 * DAY, { idleTimeout: null, absoluteTimeout: 800 * DAY }],
    ["400 days, where a session may be idle for 500", 400 * DAY, { idleTimeout: 500 * DAY }],
  ])("keeps a session cookie %s", async (_, seconds, options) => {
    const site = await startSite(options);
    const page = await openPage();
    const before = Date.now() / 1000;
    await page.goto(site.url("/begin"));
    const after = Date.now() / 1000;
    const { expires } = await cookieOf(page);
    // The cookie came at some time between the two.
    expect(expires - before).toBeGreaterThan(seconds - 1);
    expect(expires - after).toBeLessThan(seconds + 1);
  });

  it("keeps a cookie that is not persistent until it is closed", async () => {
    const site = await startSite({ cookie: { persistent: false } });
    const page = await openPage();
    await page.goto(site.url("/begin"));
    expect((await cookieOf(page)).expires).toBe(-1);
  });

  it("forgets a cookie whose time is over", async () => {
    const site = await startSite({ idleTimeout: 1 });
    const page = await openPage();
    await page.goto(site.url("/begin"));
    await expect.poll(() => cookiesOf(page), { timeout: 10_000 }).toEqual([]);
    const request = site.next("/");
    await page.goto(site.url("/"));
    expect((await request).cookie).toBeNull();
  });
});

describe("the server", () => {
  it("knows nobody once the session expired, though the browser still has its cookie", async () => {
    const clock = createClock(Date.now());
    const site = await startSite({ idleTimeout: 60, now: clock.now });
    const page = await openPage();
    await page.goto(site.url("/"));
    await logIn(page);
    const { value } = await cookieOf(page);
    clock.advance(61);
    const request = site.next("/");
    await page.goto(site.url("/"));
    expect([(await request).cookie, await userOn(page)]).toEqual([`session=${value}`, "nobody"]);
  });

  it("gives a new token in place of one that expired", async () => {
    const clock = createClock(Date.now());
    const site = await startSite({ idleTimeout: 60, now: clock.now });
    const page = await openPage();
    await page.goto(site.url("/"));
    await logIn(page);
    const { value } = await cookieOf(page);
    clock.advance(61);
    await page.goto(site.url("/"));
    await logIn(page);
    expect((await cookieOf(page)).value).not.toBe(value);
  });

  it("renews the cookie of who comes again, until the absolute deadline", async () => {
    const clock = createClock(Date.now());
    const site = await startSite({ idleTimeout: 1000, absoluteTimeout: 1500, now: clock.now });
    const page = await openPage();
    await page.goto(site.url("/begin"));
    const first = await cookieOf(page);
    clock.advance(900);
    await page.goto(site.url("/"));
    const second = await cookieOf(page);
    expect(second.value).toBe(first.value);
    // The browser's own clock stands nearly still: 1000 seconds are left at first, then 600.
    expect(first.expires - second.expires).toBeGreaterThan(300);
    expect(first.expires - second.expires).toBeLessThan(401);
  });
});
