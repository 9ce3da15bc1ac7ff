import { describe, expect, it } from "vitest";
import type { Frame, Page } from "playwright-core";
import { openPage, useBrowser } from "./_chromium.ts";
import { cookiesOf } from "./_cookies.ts";
import { logIn, logOut, userOn } from "./_login.ts";
import { startSite, type Site, type SiteOptions } from "./_site.ts";

useBrowser();

const embedded: SiteOptions = { scheme: "https", cookie: { name: "__Host-id", partitioned: true, sameSite: "none" } };

/** Opens a page of a host that shows widget.test in a frame. */
async function embed(page: Page, site: Site, host: string): Promise<Frame> {
  await page.goto(site.url("/plain", host));
  const attached = page.waitForEvent("frameattached");
  await page.evaluate(
    (source) => {
      document.body.append(Object.assign(document.createElement("iframe"), { src: source }));
    },
    site.url("/", "widget.test"),
  );
  const frame = await attached;
  await frame.getByRole("heading").waitFor();
  return frame;
}

/** The sites that the visitor's cookies are kept for. */
async function sitesOf(page: Page): Promise<(string | undefined)[]> {
  return (await cookiesOf(page)).map(({ partitionKey }) => partitionKey?.topLevelSite).toSorted();
}

describe("a partitioned cookie (CHIPS)", () => {
  it("is kept for the site that the browser shows", async () => {
    const site = await startSite(embedded);
    const page = await openPage();
    await logIn(await embed(page, site, "shop.test"));
    const [cookie] = await cookiesOf(page);
    expect(cookie).toMatchObject({
      name: "__Host-id",
      domain: "widget.test",
      secure: true,
      sameSite: "None",
      partitionKey: { topLevelSite: "https://shop.test", hasCrossSiteAncestor: true },
    });
  });

  it("is another one on each site that embeds ours, and on our own", async () => {
    const site = await startSite(embedded);
    const page = await openPage();
    await logIn(await embed(page, site, "shop.test"));
    expect(await userOn(await embed(page, site, "news.test"))).toBe("nobody");
    await page.goto(site.url("/", "widget.test"));
    expect(await userOn(page)).toBe("nobody");
    await logIn(page);
    expect(await userOn(await embed(page, site, "shop.test"))).toBe("Ada");
    expect(await sitesOf(page)).toEqual(["https://shop.test", "https://widget.test"]);
  });

  it("is removed by a logout, on the site where that was", async () => {
    const site = await startSite(embedded);
    const page = await openPage();
    await logIn(await embed(page, site, "shop.test"));
    const frame = await embed(page, site, "news.test");
    await logIn(frame);
    await logOut(frame);
    expect(await sitesOf(page)).toEqual(["https://shop.test"]);
    expect(await userOn(await embed(page, site, "shop.test"))).toBe("Ada");
  });

  it("is not taken over http, save from localhost", async () => {
    const site = await startSite({ cookie: { partitioned: true } });
    const page = await openPage();
    await page.goto(site.url("/begin", "shop.test"));
    expect(await cookiesOf(page)).toEqual([]);
    await page.goto(site.url("/begin"));
    expect((await cookiesOf(page)).map(({ domain }) => domain)).toEqual(["localhost"]);
  });

  it("never reaches a frame if it is Lax, as it is by default", async () => {
    const site = await startSite({ scheme: "https", cookie: { partitioned: true } });
    const page = await openPage();
    const frame = await embed(page, site, "shop.test");
    const afterLogin = site.next("/");
    await frame.getByRole("button", { name: "Log in" }).click();
    expect([(await afterLogin).cookie, await cookiesOf(page)]).toEqual([null, []]);
  });
});
