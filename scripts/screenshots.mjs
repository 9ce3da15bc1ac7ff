// Takes the pictures of the README from the running playground. CHROMIUM says where the browser is.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const folder = fileURLToPath(new URL("../docs/images/", import.meta.url));
const viewport = { width: 1180, height: 896 };

const server = spawn(process.execPath, [fileURLToPath(new URL("start.mjs", import.meta.url))], {
  env: { ...process.env, NODE_ENV: "development", STORAGE: "memory:", HOST: "", PORT: "0" },
  stdio: ["ignore", "pipe", "inherit"],
});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"],
});
try {
  mkdirSync(folder, { recursive: true });
  const baseURL = await address(server.stdout);
  for (const colorScheme of ["light", "dark"]) {
    const context = await browser.newContext({ baseURL, viewport, deviceScaleFactor: 2, colorScheme, locale: "en-GB" });
    const page = await context.newPage();
    await onePage(page);
    await picture(page, `playground-${colorScheme}.webp`);
    await twoTabs(page);
    await picture(page, `tabs-${colorScheme}.webp`);
    await context.close();
  }
} finally {
  await browser.close();
  server.kill();
  await once(server, "close");
}

/** A visitor who has filled a cart and just logged in. */
async function onePage(page) {
  await page.goto("/");
  for (const name of ["Count", "Count", "Count", "Add Sencha", "Add Oolong", "Add Oolong"]) await press(page, name);
  await page.getByLabel("Your name").fill("Ada");
  await page.getByLabel(/Remember me/).check();
  await press(page, "Log in");
  await inspected(page, "/");
}

/** Two tabs that met at the same place, and many requests that did. */
async function twoTabs(page) {
  await page.goto("/tabs");
  for (const name of ["Different places", "The same place"]) {
    // Both tabs listen once their frames are loaded.
    await page.waitForLoadState("networkidle");
    await press(page, name);
    await page.frameLocator('[title="Tab A"]').locator(".waiting").waitFor();
    for (const tab of ["A", "B"])
      await page.frameLocator(`[title="Tab ${tab}"]`).locator(".waiting").waitFor({ state: "detached" });
  }
  await press(page, "Send 20 requests");
  await page.getByText("20 of 20").first().waitFor();
  await inspected(page, "/tabs");
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await page
    .frameLocator(".inspector iframe")
    .locator(".requests")
    .evaluate((list) => list.scrollIntoView());
  await page
    .frameLocator(".inspector iframe")
    .locator("body")
    .evaluate(() => scrollBy(0, -60));
}

/** As WebP, which playwright does not offer: sharp at twice the size, in less than half the bytes. */
async function picture(page, name) {
  const devtools = await page.context().newCDPSession(page);
  const { data } = await devtools.send("Page.captureScreenshot", { format: "webp", quality: 82 });
  writeFileSync(folder + name, Buffer.from(data, "base64"));
}

async function press(page, name) {
  await page.getByRole("button", { name, exact: true }).click();
}

/** Waits until the inspector shows this request as the newest, and the page has its fonts. */
async function inspected(page, path) {
  await page.frameLocator(".inspector iframe").locator("ol > li:first-child .path").getByText(path, { exact: true }).waitFor();
  await page.evaluate(() => document.fonts.ready);
}

async function address(output) {
  for await (const line of createInterface({ input: output })) {
    const [url] = /http:\/\/\S+/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error("The playground ended without an address");
}
