import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "h3";
import { chromium, type BrowserContext, type Page } from "playwright-core";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { app, sessions } from "../../playground/h3/app.ts";
import { launchOptions } from "./_chromium.ts";
import { cookieOf, cookiesOf } from "./_cookies.ts";
import { submitForm } from "./_form.ts";

let playground: string;

beforeAll(async () => {
  const server = serve(app, { port: 0, hostname: "127.0.0.1", silent: true, gracefulShutdown: false });
  await server.ready();
  playground = server.url as string;
  return () => server.close(true);
});

/** A browser that can be closed and opened again, since it keeps its profile. */
async function makeBrowser(): Promise<() => Promise<BrowserContext>> {
  const profile = await mkdtemp(join(tmpdir(), "unsession-profile-"));
  let context: BrowserContext | undefined;
  onTestFinished(async () => {
    await context?.close();
    await rm(profile, { recursive: true });
  });
  return async () => {
    await context?.close();
    context = await chromium.launchPersistentContext(profile, launchOptions);
    return context;
  };
}

async function openPlayground(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(playground);
  return page;
}

/** Posts a form, whatever forms the page has of its own, and waits for the page that comes then. */
async function post(page: Page, action: string, fields: Record<string, string> = {}): Promise<void> {
  const loaded = page.waitForEvent("load");
  await submitForm(page, { method: "post", action, fields });
  await loaded;
}

describe("a visitor of the playground, once the browser was closed and opened again", () => {
  it("is known still, if to be remembered", async () => {
    const open = await makeBrowser();
    const page = await openPlayground(await open());
    await post(page, "/login", { name: "Ada", remember: "on" });
    await post(page, "/cart", { product: "sencha" });
    const before = await cookieOf(page);
    expect(before.expires).toBeGreaterThan(Date.now() / 1000 + 13 * 86_400);

    const later = await openPlayground(await open());
    expect((await cookieOf(later)).value).toBe(before.value);
    expect(await sessions.find(before.value)).toMatchObject({ user: { name: "Ada" }, cart: { sencha: { quantity: 1 } } });
    expect(await later.content()).toContain("Ada");
  });

  it("is nobody, if not to be remembered", async () => {
    const open = await makeBrowser();
    const page = await openPlayground(await open());
    await post(page, "/login", { name: "Ada" });
    const before = await cookieOf(page);
    expect([before.expires, await page.content()]).toEqual([-1, expect.stringContaining("Ada")]);

    const later = await openPlayground(await open());
    expect((await cookieOf(later)).value).not.toBe(before.value);
    expect(await later.content()).not.toContain("Ada");
  });

  it("is nobody, if logged out before", async () => {
    const open = await makeBrowser();
    const page = await openPlayground(await open());
    await post(page, "/login", { name: "Ada", remember: "on" });
    const before = await cookieOf(page);
    await post(page, "/logout");

    const context = await open();
    const later = await context.newPage();
    expect((await cookiesOf(later)).map(({ value }) => value)).not.toContain(before.value);
    await later.goto(playground);
    expect(await later.content()).not.toContain("Ada");
  });
});
