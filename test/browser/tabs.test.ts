import { describe, expect, it } from "vitest";
import { useSession } from "unsession/h3";
import type { Page } from "playwright-core";
import { openContext, useBrowser } from "./_chromium.ts";
import { cookieOf } from "./_cookies.ts";
import { logIn, logOut, userOn } from "./_login.ts";
import { startSite, type Site } from "./_site.ts";

useBrowser();

/** Two tabs of one visitor, who has a session. */
async function openTabs(site: Site): Promise<[Page, Page]> {
  const context = await openContext();
  const [one, other] = [await context.newPage(), await context.newPage()];
  await one.goto(site.url("/begin"));
  await one.goto(site.url("/"));
  await other.goto(site.url("/"));
  return [one, other];
}

/** Sends requests all at once, as a script of the page; gives their statuses. */
function postAtOnce(page: Page, path: string, times: number): Promise<number[]> {
  return page.evaluate(
    ([path, times]) => Promise.all(Array.from({ length: times }, async () => (await fetch(path, { method: "POST" })).status)),
    [path, times] as const,
  );
}

describe.each(["http", "https"] as const)("two tabs of one visitor, over %s", (scheme) => {
  it("lose none of forty increments made at once", async () => {
    const site = await startSite({ scheme });
    const [one, other] = await openTabs(site);
    const statuses = await Promise.all([postAtOnce(one, "/count", 20), postAtOnce(other, "/count", 20)]);
    expect(statuses.flat()).toEqual(Array.from({ length: 40 }, () => 200));
    expect(await site.sessions.find((await cookieOf(one)).value)).toEqual({ count: 40 });
  });

  it("keep what each writes while the other's request is on its way", async () => {
    const waiting: (() => void)[] = [];
    const site = await startSite({
      scheme,
      routes: (app, sessions) =>
        app.post("/write/:name", async (event) => {
          const session = await useSession(event, sessions);
          Object.assign(session, { [event.context.params?.["name"] as string]: true });
          // Neither answers before both have loaded the session.
          await new Promise<void>((resolve) => {
            waiting.push(resolve);
            if (waiting.length === 2) for (const proceed of waiting) proceed();
          });
          return "";
        }),
    });
    const [one, other] = await openTabs(site);
    await Promise.all([postAtOnce(one, "/write/a", 1), postAtOnce(other, "/write/b", 1)]);
    expect(await site.sessions.find((await cookieOf(one)).value)).toEqual({ count: 0, a: true, b: true });
  });

  it("are logged in together", async () => {
    const site = await startSite({ scheme });
    const [one, other] = await openTabs(site);
    await logIn(one);
    await other.reload();
    expect(await userOn(other)).toBe("Ada");
  });

  it("are logged out together", async () => {
    const site = await startSite({ scheme });
    const [one, other] = await openTabs(site);
    await logIn(one);
    await other.reload();
    await logOut(one);
    await other.reload();
    expect(await userOn(other)).toBe("nobody");
  });

  it("keep a new login when an old request of the other tab ends late", async () => {
    let release = (): void => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const site = await startSite({
      scheme,
      routes: (app, sessions) =>
        app.post("/slow", async (event) => {
          const session = await useSession(event, sessions);
          await released;
          session.$increment("count");
          return "";
        }),
    });
    const [one, other] = await openTabs(site);
    await logIn(one);
    const arrived = site.next("/slow");
    const slow = postAtOnce(other, "/slow", 1);
    await arrived;
    await logOut(one);
    await logIn(one);
    const { value } = await cookieOf(one);
    release();
    expect(await slow).toEqual([409]);
    expect((await cookieOf(one)).value).toBe(value);
    await one.reload();
    expect(await userOn(one)).toBe("Ada");
  });
});
