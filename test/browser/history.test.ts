import { describe, expect, it } from "vitest";
import { html } from "h3";
import { useSession } from "unsession/h3";
import { createClock } from "unsession/testing";
import { openPage, useBrowser } from "./_chromium.ts";
import { logIn, logOut, userOn } from "./_login.ts";
import { startSite, type SiteOptions } from "./_site.ts";

interface Shown {
  readonly user: string;
  /** Whether the server was asked for the page again. */
  readonly asked: boolean;
  /** Whether the page had been kept in memory, and came back as it was left. */
  readonly frozen: boolean;
}

interface Visit extends SiteOptions {
  /** The `Cache-Control` of the page. */
  readonly cacheControl?: string;
  /** The `Clear-Site-Data` of the logout. */
  readonly clearSiteData?: string;
  /** Called before the page is read. */
  readonly before?: () => void;
}

/** What a visitor sees who read a page, logged out, and goes back to it. */
async function goBack({ cacheControl, clearSiteData, before, ...options }: Visit): Promise<Shown> {
  let tell: ((query: URLSearchParams) => void) | undefined;
  const site = await startSite({
    ...options,
    routes(app, sessions) {
      app.get("/private", async (event) => {
        const session = await useSession(event, sessions);
        if (cacheControl !== undefined) event.res.headers.set("cache-control", cacheControl);
        return html`<!doctype html>
          <h1>${session.user ?? "nobody"}</h1>
          <a href="/">Home</a>
          <script>
            addEventListener("pageshow", async ({ persisted }) => {
              const user = document.querySelector("h1").textContent;
              await fetch("/shown?" + new URLSearchParams({ user, persisted }), { method: "POST" });
              document.title = "shown";
            });
          </script>`;
      });
      app.post("/shown", (event) => {
        tell?.(event.url.searchParams);
        return "";
      });
      if (clearSiteData !== undefined) {
        app.use("/logout", (event) => void event.res.headers.set("clear-site-data", clearSiteData));
      }
    },
  });
  const page = await openPage();
  await page.goto(site.url("/"));
  await logIn(page);
  before?.();
  await page.goto(site.url("/private"));
  expect(await userOn(page)).toBe("Ada");
  // A page that still waits for an answer is not kept.
  await page.waitForFunction(() => document.title === "shown");
  await page.getByRole("link", { name: "Home" }).click();
  await page.getByRole("button", { name: "Log out" }).waitFor();
  await logOut(page);
  const requests = site.received.length;
  // What comes back from memory is not seen by the driver of the browser: the page itself tells.
  const shown = new Promise<URLSearchParams>((resolve) => (tell = resolve));
  // Not before the driver has its answer, which this page could not give once it is left.
  await page.evaluate(() => void setTimeout(() => history.go(-2)));
  const query = await shown;
  return {
    user: query.get("user") ?? "",
    asked: site.received.slice(requests).some(({ path }) => path === "/private"),
    frozen: query.get("persisted") === "true",
  };
}

const asked: Shown = { user: "nobody", asked: true, frozen: false };

describe.each(["http", "https"] as const)("going back after a logout, over %s, to a page from the browser's cache", (scheme) => {
  useBrowser();

  it.each([{}, { cacheControl: "private, max-age=600" }, { cacheControl: "no-store" }])(
    "asks the server, since the page varies by Cookie: %o",
    async (visit) => {
      expect(await goBack({ scheme, ...visit })).toEqual(asked);
    },
  );

  it("does not ask for a page that used no session", async () => {
    const site = await startSite({
      scheme,
      routes: (app) =>
        app.get("/cached", (event) => {
          event.res.headers.set("cache-control", "max-age=600");
          return html`<title>cached</title>`;
        }),
    });
    const page = await openPage();
    await page.goto(site.url("/cached"));
    await page.goto(site.url("/"));
    await logIn(page);
    await logOut(page);
    await page.goBack();
    await page.goBack();
    await page.goBack();
    expect(await page.title()).toBe("cached");
    expect(site.received.filter(({ path }) => path === "/cached")).toHaveLength(1);
  });
});

describe.each(["http", "https"] as const)(
  "going back after a logout, over %s, where the browser keeps pages in memory",
  (scheme) => {
    // Playwright switches it off; visitors have it.
    useBrowser({ ignoreDefaultArgs: ["--disable-back-forward-cache"] });

    it("shows a page as it was left, without a word to the server", async () => {
      expect(await goBack({ scheme })).toEqual({ user: "Ada", asked: false, frozen: true });
    });

    it.each(["no-store", "private, no-store"])("asks the server for a page with Cache-Control: %s", async (cacheControl) => {
      expect(await goBack({ scheme, cacheControl })).toEqual(asked);
    });

    it("asks the server for a page that came with the cookie", async () => {
      const clock = createClock(Date.now());
      expect(await goBack({ scheme, idleTimeout: 1000, now: clock.now, before: () => clock.advance(500) })).toEqual(asked);
    });

    it("asks the server for any page once the logout cleared the cache", async () => {
      expect(await goBack({ scheme, clearSiteData: '"cache"' })).toEqual(asked);
    });
  },
);
