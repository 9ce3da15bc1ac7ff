import { cp } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/entries.ts";
import { pack, remove, run, type Server } from "../_application.ts";
import { openContext, openPage, useBrowser } from "../browser/_chromium.ts";
import { build, createProject, serve, versions } from "./_project.ts";

/** What belongs to the application, and not to where it was tried out. */
const FILES = /playground\/nitro(\/(nitro\.config\.ts|tsconfig\.json|server|public)(\/.*)?)?$/;

let packed: { folder: string; tarball: string };
let app: Server;
let folder: string;
beforeAll(async () => {
  packed = await pack();
  const version = versions.find(({ name }) => name === "nitro-3") as (typeof versions)[number];
  const project = await createProject(version, packed.folder, packed.tarball);
  folder = project.folder;
  await cp(join(root, "playground/nitro"), join(folder, "playground"), { recursive: true, filter: (file) => FILES.test(file) });
  await build(project, "playground");
  app = await serve(project, "playground");
});
afterAll(async () => {
  await app?.stop();
  await remove(packed.folder);
});
useBrowser();

describe("the playground of Nitro", () => {
  it("gives a visitor who only looks no cookie", async () => {
    const page = await open(await openPage());
    await page.getByText("Nothing to read yet").waitFor();
    expect(await page.context().cookies()).toEqual([]);
  });

  it("keeps what a visitor adds, ticks off and removes", async () => {
    const page = await open(await openPage());
    await add(page, "Middlemarch");
    await add(page, "Dune");
    await page.getByRole("checkbox", { name: "Dune" }).check();
    await page.getByRole("button", { name: "Remove Middlemarch" }).click();
    await page.getByText("Middlemarch").waitFor({ state: "detached" });
    await open(page);
    expect(await titles(page)).toEqual(["Dune"]);
    expect(await page.getByRole("checkbox", { name: "Dune" }).isChecked()).toBe(true);
  });

  it("keeps the books of two tabs that add at the same time", async () => {
    const context = await openContext();
    const first = await open(await context.newPage());
    await add(first, "Emma");
    const second = await open(await context.newPage());
    await Promise.all([add(first, "Ulysses"), add(second, "Dracula")]);
    await open(first);
    expect((await titles(first)).toSorted()).toEqual(["Dracula", "Emma", "Ulysses"]);
  });

  it("gives a visitor who logs in another token, and one who logs out none", async () => {
    const page = await open(await openPage());
    await add(page, "Emma");
    const token = async (): Promise<string | undefined> => (await page.context().cookies())[0]?.value;
    const before = await token();
    await page.getByRole("textbox", { name: "Your name" }).fill("Ada");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText("Logged in as Ada").waitFor();
    expect(await titles(page)).toEqual(["Emma"]);
    expect(await token()).not.toBe(before);
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByText("Nothing to read yet").waitFor();
    expect(await token()).toBeUndefined();
  });

  it("type-checks", async () => {
    await run("node_modules/.bin/tsc", ["-p", "playground"], folder);
  });
});

/** The page, when it has shown what the server said. */
async function open(page: Page): Promise<Page> {
  const shown = page.waitForResponse((response) => response.url().endsWith("/api/shelf"));
  await page.goto(app.url);
  await shown;
  return page;
}

async function add(page: Page, title: string): Promise<void> {
  await page.getByRole("textbox", { name: "A book to read" }).fill(title);
  await page.getByRole("button", { name: "Add" }).click();
  await page.getByRole("listitem").filter({ hasText: title }).waitFor();
}

function titles(page: Page): Promise<string[]> {
  return page.locator(".title").allTextContents();
}
