import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sessions } from "../playground/h3/app.ts";
import { root } from "../scripts/entries.ts";
import { Browser, open, ORIGIN } from "./_playground-browser.ts";
import { start } from "./_playground-start.ts";

describe("the playground's page", () => {
  it("has no script, and forbids any", async () => {
    const response = await new Browser().send("/");
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(await response.text()).not.toMatch(/<script|\son\w+=|javascript:/i);
  });

  it("gives each field a label", async () => {
    const { html } = await open();
    const inputs = [...html.matchAll(/<input[^>]*>/g)].map(([input]) => input);
    expect(inputs).toHaveLength(2);
    expect(html).toContain('<label for="name">');
    expect(html).toMatch(/<label[^>]*><input type="checkbox"/);
  });

  it("shows only lines of code that it runs", async () => {
    const code = ["app.ts", "devices.ts"].map((file) => readFileSync(join(root, "playground/h3", file), "utf8")).join("");
    const browser = await open();
    const before = browser.html;
    await browser.press("Log in", { name: "Ada" });
    const shown = [...(before + browser.html).matchAll(/<code>([^<]*)<\/code>/g)].map(([, line = ""]) =>
      line.replaceAll("&quot;", '"'),
    );
    expect(shown.length).toBeGreaterThan(8);
    for (const line of shown) expect(code).toContain(line);
  });

  it.each(["/style.css", "/icon.svg"])("sends %s without loading a session", async (path) => {
    const browser = new Browser();
    const response = await browser.send(path);
    expect([response.status, browser.received]).toEqual([200, []]);
    expect(response.headers.get("vary")).toBeNull();
  });
});

describe("the playground's counter", () => {
  it("counts each press", async () => {
    const browser = await open();
    expect(browser.count).toBe(0);
    await browser.press("Count");
    await browser.press("Count");
    expect(browser.count).toBe(2);
  });

  it("counts both of two presses at once", async () => {
    const browser = await open();
    await Promise.all([browser.submit("/count"), browser.submit("/count")]);
    expect((await browser.visit()).count).toBe(2);
  });

  it("is each visitor's own", async () => {
    const [one, other] = [await open(), await open()];
    await one.press("Count");
    expect((await other.visit()).count).toBe(0);
  });
});

describe("the playground's login", () => {
  it("knows the visitor by name afterwards, and keeps what was in the session", async () => {
    const browser = await open();
    await browser.press("Add Sencha");
    await browser.press("Log in", { name: "  Ada  " });
    expect([browser.user, browser.notice]).toEqual(["Ada", "Welcome, Ada."]);
    await browser.visit();
    expect([browser.user, browser.cart]).toEqual(["Ada", ["Sencha × 1"]]);
  });

  it("changes the token, and kills the old one", async () => {
    const browser = await open();
    const before = browser.token;
    await browser.press("Log in", { name: "Ada" });
    expect(browser.token).not.toBe(before);
    expect(await sessions.find(before)).toBeUndefined();
    expect(await sessions.find(browser.token)).toMatchObject({ user: { name: "Ada", since: expect.any(Date) } });
  });

  it("escapes the name wherever it is shown", async () => {
    const browser = await open();
    await browser.press("Log in", { name: `<img src=x onerror="alert('&')">` });
    const escaped = "&lt;img src=x onerror=&quot;alert(&#39;&amp;&#39;)&quot;&gt;";
    expect(browser.html.split(escaped)).toHaveLength(4);
    expect(browser.html).not.toContain("<img src=x");
  });

  it("asks again where the name is missing", async () => {
    const browser = await open();
    await browser.press("Log in", { name: "   " });
    expect([browser.user, browser.notice]).toEqual([undefined, "Tell us your name to log in."]);
  });

  it("leaves a cookie that ends with the browser", async () => {
    const browser = await open();
    await browser.press("Log in", { name: "Ada" });
    expect(browser.received).toHaveLength(1);
    expect(browser.received[0]).not.toMatch(/Max-Age|Expires/i);
    expect(browser.html).toContain("until the browser closes");
  });

  it("leaves a cookie of 14 days where the visitor asks to be remembered", async () => {
    const browser = await open();
    expect(browser.received[0]).not.toMatch(/Max-Age|Expires/i);
    await browser.press("Log in", { name: "Ada", remember: "on" });
    expect(browser.received).toEqual([expect.stringMatching(/; Max-Age=1209600; Path=\/; HttpOnly; SameSite=Lax$/)]);
    expect(browser.html).toContain("remembered after the browser closes");
  });
});

describe("the playground's logout", () => {
  it("ends the session, and takes the cookie away", async () => {
    const browser = await open();
    await browser.press("Log in", { name: "Ada", remember: "on" });
    const before = browser.token;
    await browser.press("Log out");
    expect(browser.received[0]).toMatch(/^session=; Max-Age=0;.* Path=\/; HttpOnly; SameSite=Lax$/);
    expect([browser.user, browser.count, browser.cart]).toEqual([undefined, 0, []]);
    expect(await sessions.find(before)).toBeUndefined();
    expect(browser.token).not.toBe(before);
  });

  it("leaves nothing that the old cookie could read or change", async () => {
    const browser = await open();
    await browser.press("Log in", { name: "Ada" });
    const thief = new Browser();
    thief.cookie = browser.cookie;
    await browser.press("Log out");
    const response = await thief.submit("/count");
    expect([response.status, thief.received]).toEqual([409, []]);
    expect(await (await thief.send("/")).text()).not.toContain("Ada");
  });
});

describe("the playground's devices", () => {
  const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
  const devicesOf = ({ html }: Browser): string[] => {
    const list = /<ul aria-label="Your devices">([\s\S]*?)<\/ul>/.exec(html)?.[1] ?? "";
    return [...list.matchAll(/<strong>([^<]*)<\/strong>\s*<span class="quiet">(This device|Last seen)/g)].map(([, ...words]) =>
      words.join(": "),
    );
  };
  const logIn = async (name: string, agent: string): Promise<Browser> => {
    const browser = new Browser();
    await browser.submit("/login", { name }, { "user-agent": agent });
    return browser.visit();
  };

  it("are shown to who is logged in, with what they are and when they were seen", async () => {
    expect(devicesOf(await open())).toEqual([]);
    await logIn("Grace", FIREFOX);
    const phone = await logIn("Grace", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1");
    expect(devicesOf(phone)).toEqual(["Firefox on Linux: Last seen", "Safari on iPhone: This device"]);
  });

  it("are logged out by one button, but for the one where it is pressed", async () => {
    const others = [await logIn("Edsger", FIREFOX), await logIn("Edsger", "curl/8.5.0")];
    const [mine, someone] = [await logIn("Edsger", FIREFOX), await logIn("Barbara", FIREFOX)];
    await mine.press("Log out my other devices");
    expect(mine.notice).toBe("2 other devices are logged out.");
    expect(devicesOf(mine)).toEqual(["Firefox on Linux: This device"]);
    for (const other of others) {
      const page = await other.send("/");
      other.html = await page.text();
      expect([page.status, other.user]).toEqual([409, undefined]);
      expect((await other.press("Start again")).user).toBeUndefined();
    }
    expect((await someone.visit()).user).toBe("Barbara");
  });

  it("are nobody's business who is not logged in", async () => {
    expect((await (await open()).submit("/devices/others")).status).toBe(403);
  });

  it("no longer show one that was logged out", async () => {
    const [laptop, phone] = [await logIn("Alan", FIREFOX), await logIn("Alan", "curl/8.5.0")];
    await laptop.press("Log out");
    expect(devicesOf(await phone.visit())).toEqual(["curl: This device"]);
  });
});

describe("the playground's cart", () => {
  it("takes items, and adds up what they cost", async () => {
    const browser = await open();
    expect(browser.html).toContain("Your cart is empty.");
    await browser.press("Add Oolong");
    await browser.press("Add Sencha");
    await browser.press("Add Oolong");
    expect(browser.cart).toEqual(["Sencha × 1", "Oolong × 2"]);
    expect(browser.html).toContain("€31.40");
  });

  it("changes a quantity", async () => {
    const browser = await open();
    await browser.press("Add Sencha");
    await browser.press("One Sencha more");
    await browser.press("One Sencha more");
    await browser.press("One Sencha less");
    expect(browser.cart).toEqual(["Sencha × 2"]);
    expect(await sessions.find(browser.token)).toMatchObject({ cart: { sencha: { quantity: 2 } } });
  });

  it("removes an item, by its button or with the last of it", async () => {
    const browser = await open();
    await browser.press("Add Sencha");
    await browser.press("Add Oolong");
    await browser.press("Remove Sencha");
    expect([browser.cart, browser.notice]).toEqual([["Oolong × 1"], "Sencha is no longer in your cart."]);
    await browser.press("One Oolong less");
    expect(browser.html).toContain("Your cart is empty.");
  });

  it("keeps what several tabs add at once", async () => {
    const browser = await open();
    await Promise.all(["sencha", "oolong", "sencha"].map((product) => browser.submit("/cart", { product })));
    expect((await browser.visit()).cart).toEqual(["Sencha × 2", "Oolong × 1"]);
  });

  it("does not bring back what another tab removed", async () => {
    const browser = await open();
    await browser.press("Add Sencha");
    const tab = browser.html;
    await browser.press("Remove Sencha");
    browser.html = tab;
    await browser.press("One Sencha more");
    expect([browser.cart, browser.notice]).toEqual([[], "Sencha is no longer in your cart."]);
  });

  it.each([
    ["a product that does not exist", 404, "/cart", { product: "coffee" }],
    ["no product", 404, "/cart", {}],
    ["a product called __proto__", 404, "/cart/__proto__", { quantity: "1" }],
    ["a quantity below 0", 400, "/cart/sencha", { quantity: "-1" }],
    ["a quantity with a fraction", 400, "/cart/sencha", { quantity: "1.5" }],
    ["no quantity", 400, "/cart/sencha", {}],
    ["a form of 6 kB", 413, "/cart", { product: "sencha".repeat(1000) }],
  ])("refuses %s with %i", async (_name, status, path, fields) => {
    const browser = await open();
    expect((await browser.submit(path, fields as Record<string, string>)).status).toBe(status);
    expect((await browser.visit()).cart).toEqual([]);
  });
});

describe("the playground's notices", () => {
  it("are shown once, after the redirect", async () => {
    const browser = await open();
    expect(browser.notice).toBeUndefined();
    await browser.press("Add Rooibos");
    expect(browser.notice).toBe("Rooibos is in your cart.");
    expect((await browser.visit()).notice).toBeUndefined();
  });
});

describe("the playground's visits", () => {
  it("are kept as a Date and a Map", async () => {
    const browser = await open();
    expect(browser.html).toContain("This is the first");
    await browser.visit();
    const before = await sessions.find(browser.token);
    expect(before).toMatchObject({ firstVisit: expect.any(Date), lastVisit: expect.any(Date), visits: expect.any(Map) });
    await browser.visit();
    const shown = [...browser.html.matchAll(/<time datetime="([^"]*)"/g)].map(([, time]) => time);
    expect(shown).toEqual([before?.firstVisit.toISOString(), before?.lastVisit.toISOString()]);
    // The hours are numbers, and there are two of them at most: the clock may strike meanwhile.
    const hours = [...((await sessions.find(browser.token))?.visits ?? [])];
    expect(hours.map(([hour]) => typeof hour)).toEqual(hours.map(() => "number"));
    expect(hours.reduce((sum, [, count]) => sum + count, 0)).toBe(3);
    for (const [hour, count] of hours) expect(browser.html).toContain(`${count} at ${hour} o&#39;clock`);
  });
});

describe("the playground, asked from elsewhere", () => {
  it.each([
    ["another site", { "sec-fetch-site": "cross-site", origin: "https://evil.example" }],
    ["a sibling of the same site", { "sec-fetch-site": "same-site", origin: "http://evil.localhost" }],
    ["another site that says it is ours", { "sec-fetch-site": "cross-site", origin: ORIGIN }],
    ["another origin, in an older browser", { origin: "http://evil.example" }],
    ["another port, in an older browser", { origin: "http://localhost:4000" }],
    ["an opaque origin", { origin: "null" }],
  ])("refuses a POST from %s", async (_name, headers) => {
    const browser = await open();
    browser.received = [];
    const response = await browser.submit("/count", {}, headers);
    expect([response.status, browser.received]).toEqual([403, []]);
    expect((await browser.visit()).count).toBe(0);
  });

  it.each([
    ["our own page", { "sec-fetch-site": "same-origin", origin: ORIGIN }],
    ["our own page, in an older browser", { origin: ORIGIN }],
    ["what is no browser", {}],
  ])("takes a POST from %s", async (_name, headers) => {
    const browser = await open();
    expect((await browser.submit("/count", {}, headers)).status).toBe(303);
  });

  it("does not log a visitor in from another site", async () => {
    const browser = new Browser();
    const response = await browser.submit("/login", { name: "Mallory" }, { "sec-fetch-site": "cross-site" });
    expect([response.status, browser.received]).toEqual([403, []]);
  });

  it.each(["/count", "/login", "/logout", "/cart", "/cart/sencha"])("changes nothing by a GET of %s", async (path) => {
    const browser = await open();
    expect((await browser.send(path)).status).toBeGreaterThanOrEqual(400);
  });
});

describe("the README's pictures of it", () => {
  it("are there, in both colour schemes, and small", () => {
    const readme = readFileSync(join(root, "README.md"), "utf8");
    const pictures = [...readme.matchAll(/(?:src|srcset)="(docs\/images\/[^"]+\.webp)"/g)].map(([, path = ""]) => path);
    expect(pictures.map((path) => /-(dark|light)\.webp$/.exec(path)?.[1])).toEqual(["dark", "light", "dark", "light"]);
    for (const path of pictures) expect(statSync(join(root, path)).size, path).toBeLessThan(150_000);
  });
});

describe("npm start", () => {
  it("serves the playground at the address that it prints", async () => {
    const port = await withPort((taken) => taken);
    const { address } = await start({ PORT: String(port) });
    expect(address).toBe(`http://127.0.0.1:${port}/`);
    const response = await fetch(address);
    expect([response.status, response.headers.getSetCookie()]).toEqual([
      200,
      [expect.stringMatching(/^session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/)],
    ]);
    expect(await response.text()).toContain("<h1>One visitor, one object.</h1>");
  });

  it("takes the next port where one is taken", async () => {
    await withPort(async (taken) => {
      const { address } = await start({ PORT: String(taken) });
      expect(Number(new URL(address).port)).toBeGreaterThan(taken);
      expect((await fetch(address)).status).toBe(200);
    });
  });
});

/** Runs with a port that something listens on; it is free again afterwards. */
async function withPort<R>(run: (port: number) => R): Promise<Awaited<R>> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    return await run((server.address() as AddressInfo).port);
  } finally {
    server.close();
    await once(server, "close");
  }
}
