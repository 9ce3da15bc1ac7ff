import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Server } from "../_application.ts";
import { openPage } from "../browser/_chromium.ts";
import { command, serve, type Project } from "./_project.ts";

/** Builds the playground, and drives it with a browser. */
export function describePlayground(projectOf: () => Project): void {
  describe("the playground in a browser", () => {
    let app: Server;
    beforeAll(async () => {
      await command(projectOf(), "playground", "nuxt", "build");
      app = await serve(projectOf(), "playground");
    });
    afterAll(() => app?.stop());

    it("type-checks", async () => {
      await command(projectOf(), "playground", "vue-tsc", "-b", "--noEmit");
    });

    it("shows the fields that came with the page, and asks for none", async () => {
      const { page, asked } = await visit("/");
      await logIn(page, "Ada");
      asked.length = 0;
      await page.reload({ waitUntil: "networkidle" });
      expect([await who(page), asked]).toEqual(["Logged in as Ada", []]);
    });

    it("shows them anew after a request that changed them", async () => {
      const { page, asked } = await visit("/");
      const count = page.getByLabel("Count", { exact: true });
      expect(await count.textContent()).toBe("0");
      for (const expected of ["1", "2"]) {
        await page.getByRole("button", { name: "Count" }).click();
        await count.filter({ hasText: expected }).waitFor();
      }
      expect(asked).toEqual(["POST /api/count", "GET /_unsession/data", "POST /api/count", "GET /_unsession/data"]);
    });

    it("keeps what is no plain data as it was, rendered and fetched", async () => {
      const { page } = await visit("/");
      await logIn(page, "Ada");
      const since = page.locator("time").first();
      const fetched = await since.getAttribute("datetime");
      await page.reload({ waitUntil: "networkidle" });
      expect([Number.isNaN(Date.parse(String(fetched))), await since.getAttribute("datetime")]).toEqual([false, fetched]);
    });

    it("logs in and out, on all parts of the page", async () => {
      const { page } = await visit("/");
      await logIn(page, "Ada");
      expect(await who(page)).toBe("Logged in as Ada");
      await page.getByRole("button", { name: "Log out" }).click();
      await page.getByLabel("Your name").waitFor();
      expect(await who(page)).toBe("Not logged in");
    });

    it("lets only who is logged in to a page, by its address and by a link", async () => {
      const { page } = await visit("/account");
      await page.getByRole("link", { name: "Account" }).click();
      expect(new URL(page.url()).pathname).toBe("/");
      await logIn(page, "Ada");
      await page.getByRole("link", { name: "Account" }).click();
      await page.getByRole("heading", { name: "Hello, Ada." }).waitFor();
      await page.reload({ waitUntil: "networkidle" });
      expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Hello, Ada.");
    });

    it("fetches the fields once where the page is the same for everybody", async () => {
      const { page, asked } = await visit("/");
      await logIn(page, "Ada");
      asked.length = 0;
      const answer = await page.goto(`${app.url}/about`, { waitUntil: "networkidle" });
      expect([await answer?.text(), await who(page)]).toEqual([expect.not.stringContaining("Ada"), "Logged in as Ada"]);
      expect(asked).toEqual(["GET /_unsession/data"]);
    });

    /** A page, and what its scripts ask the server for. Nothing may go wrong on it. */
    async function visit(path: string): Promise<{ page: Page; asked: string[] }> {
      const page = await openPage();
      const asked: string[] = [];
      page.on("request", (request) => {
        const { pathname } = new URL(request.url());
        if (/^\/(?:api|_unsession)\//.test(pathname)) asked.push(`${request.method()} ${pathname}`);
      });
      // Vue tells there that what it rendered does not fit.
      page.on("console", (message) => expect([message.type(), message.text()]).not.toContain("error"));
      page.on("pageerror", (error) => expect(error).toBeUndefined());
      await page.goto(app.url + path, { waitUntil: "networkidle" });
      return { page, asked };
    }
  });
}

async function logIn(page: Page, name: string): Promise<void> {
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("button", { name: "Log out" }).waitFor();
}

async function who(page: Page): Promise<string | undefined> {
  return (await page.locator(".who").textContent())?.trim();
}
