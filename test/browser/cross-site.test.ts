import { describe, expect, it } from "vitest";
import type { CookieOptions } from "unsession";
import type { Page } from "playwright-core";
import { openPage, useBrowser } from "./_chromium.ts";
import { cookieOf } from "./_cookies.ts";
import { submitForm } from "./_form.ts";
import { startSite, type Received, type Site } from "./_site.ts";

useBrowser();

interface Attack {
  readonly site: Site;
  readonly page: Page;
  /** The `Cookie` header that our own pages send. */
  readonly own: string;
}

/** A visitor who has a session on one host, and then opens a page of another. */
async function lure(cookie: CookieOptions, host: string, attacker: string, scheme: "http" | "https"): Promise<Attack> {
  const site = await startSite({ cookie, scheme });
  const page = await openPage();
  await page.goto(site.url("/begin", host));
  const { name, value } = await cookieOf(page);
  await page.goto(site.url("/plain", attacker));
  return { site, page, own: `${name}=${value}` };
}

/** What a form of the page sends to another host. */
async function submit({ site, page }: Attack, method: "get" | "post", path: string, host: string): Promise<Received> {
  const request = site.next(path);
  await submitForm(page, { method, action: site.url(path, host) });
  return request;
}

describe.each(["http", "https"] as const)("over %s, a form of another site", (scheme) => {
  it.each([
    ["shop.test", "evil.test"],
    ["localhost", "127.0.0.1"],
  ])("that posts to %s from %s brings no Lax cookie", async (host, attacker) => {
    const attack = await lure({}, host, attacker, scheme);
    expect((await submit(attack, "post", "/count", host)).cookie).toBeNull();
  });

  it("that posts brings no Strict cookie", async () => {
    const attack = await lure({ sameSite: "strict" }, "shop.test", "evil.test", scheme);
    expect((await submit(attack, "post", "/count", "shop.test")).cookie).toBeNull();
  });

  it("that navigates brings a Lax cookie", async () => {
    const attack = await lure({}, "shop.test", "evil.test", scheme);
    expect((await submit(attack, "get", "/", "shop.test")).cookie).toBe(attack.own);
  });

  it("that navigates brings no Strict cookie, which our own page then brings again", async () => {
    const attack = await lure({ sameSite: "strict" }, "shop.test", "evil.test", scheme);
    expect((await submit(attack, "get", "/", "shop.test")).cookie).toBeNull();
    await attack.page.getByRole("heading", { name: "nobody" }).waitFor();
    expect((await submit(attack, "post", "/count", "shop.test")).cookie).toBe(attack.own);
  });
});

describe("what a cookie does not stop", () => {
  it("is a post from a host of the same site: that brings even a Strict cookie", async () => {
    const attack = await lure({ sameSite: "strict" }, "shop.test", "evil.shop.test", "https");
    expect((await submit(attack, "post", "/count", "shop.test")).cookie).toBe(attack.own);
  });

  it("is a post from another site, with SameSite=None", async () => {
    const attack = await lure({ sameSite: "none" }, "shop.test", "evil.test", "https");
    expect((await submit(attack, "post", "/count", "shop.test")).cookie).toBe(attack.own);
  });

  it("is a post from another site in its first two minutes, without SameSite", async () => {
    const attack = await lure({ sameSite: false }, "shop.test", "evil.test", "https");
    expect((await submit(attack, "post", "/count", "shop.test")).cookie).toBe(attack.own);
  });
});
