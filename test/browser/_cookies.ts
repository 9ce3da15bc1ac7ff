import type { Page } from "playwright-core";

/** A cookie as the browser keeps it. */
export interface BrowserCookie {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  readonly path: string;
  /** Seconds since the epoch; -1 for a cookie that ends with the browser. */
  readonly expires: number;
  readonly httpOnly: boolean;
  readonly secure: boolean;
  readonly sameSite?: "Strict" | "Lax" | "None";
  readonly priority: "Low" | "Medium" | "High";
  readonly partitionKey?: { readonly topLevelSite: string; readonly hasCrossSiteAncestor: boolean };
}

/** A `Set-Cookie` that the browser did not take. */
export interface BlockedCookie {
  readonly cookieLine: string;
  readonly blockedReasons: readonly string[];
}

/** All cookies of the visitor, of any site. */
export async function cookiesOf(page: Page): Promise<readonly BrowserCookie[]> {
  const devtools = await page.context().newCDPSession(page);
  const { cookies } = await devtools.send("Network.getAllCookies");
  await devtools.detach();
  return cookies;
}

/** The only cookie of the visitor. */
export async function cookieOf(page: Page): Promise<BrowserCookie> {
  const [cookie, ...others] = await cookiesOf(page);
  if (cookie === undefined || others.length > 0) throw new Error(`there are ${cookie ? "several cookies" : "no cookies"}`);
  return cookie;
}

/** The `Set-Cookie` headers that a page came with and the browser refused, and why. */
export async function refusedBy(page: Page, url: string): Promise<readonly BlockedCookie[]> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Network.enable");
  const info = new Promise<readonly BlockedCookie[]>((resolve) =>
    devtools.once("Network.responseReceivedExtraInfo", ({ blockedCookies }) => resolve(blockedCookies)),
  );
  await page.goto(url);
  const blocked = await info;
  await devtools.detach();
  return blocked;
}
