import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium, type Browser, type BrowserContext, type LaunchOptions, type Page } from "playwright-core";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { fingerprint } from "./_certificate.ts";

/** The names of the binary: Debian's, older Ubuntu's, and Google's own build. */
const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** How each browser of the tests is started. Hosts of the reserved top-level domain `test` (RFC 2606) are this machine. */
export const launchOptions: LaunchOptions = {
  executablePath: findChromium(),
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP *.test 127.0.0.1",
    // Rather than to ignore any error: a page that came with one is never cached.
    `--ignore-certificate-errors-spki-list=${fingerprint}`,
  ],
};

let browser: Browser;

/** Starts a browser for the tests of a file. */
export function useBrowser(options: LaunchOptions = {}): void {
  beforeAll(async () => {
    browser = await chromium.launch({ ...launchOptions, ...options });
  });
  afterAll(() => browser.close());
}

/** A visitor: has cookies of its own, and as many tabs as are opened. */
export async function openContext(): Promise<BrowserContext> {
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  return context;
}

/** A tab of a visitor without cookies. */
export async function openPage(): Promise<Page> {
  return (await openContext()).newPage();
}

function findChromium(): string {
  const given = process.env["CHROMIUM"];
  if (given !== undefined) return given;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
  if (found === undefined) {
    throw new Error(`No ${NAMES.join(", ")} on PATH. Run \`apt-get install -y chromium\`, or name a binary in CHROMIUM.`);
  }
  return found;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
