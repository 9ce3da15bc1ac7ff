import { execFileSync } from "node:child_process";
import { request } from "node:http";
import { serve } from "h3";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { sessions } from "../playground/h3/app.ts";
import { inspected } from "../playground/inspector/app.ts";
import { requestsOf } from "../playground/inspector/log.ts";
import { tree } from "../playground/inspector/tree.ts";
import { root } from "../scripts/entries.ts";
import { Browser, open as openPage } from "./_playground-browser.ts";
import { start } from "./_playground-start.ts";

const DAY = 24 * 60 * 60 * 1000;

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

function open(): Promise<Browser> {
  return openPage(inspected);
}

async function inspect(browser: Browser): Promise<string> {
  const response = await browser.send("/_inspector");
  expect(response.status).toBe(200);
  return response.text();
}

function textOf(html: string): string {
  return html
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ")
    .replaceAll("&#39;", "'")
    .replaceAll("&quot;", '"')
    .trim();
}

/** What the inspector says of the requests of a browser, newest first, without how long they took. */
async function requests(browser: Browser): Promise<string[]> {
  const [, list = ""] = /<ol>([\s\S]*)<\/ol>/.exec(await inspect(browser)) ?? [];
  return list
    .split('<p class="head"')
    .slice(1)
    .map((item) => textOf(`<p${item}`).replace(/[\d.]+ ms /, ""));
}

async function newest(browser: Browser): Promise<string> {
  return (await requests(browser))[0] ?? "";
}

describe("what a request cost, as the inspector shows it", () => {
  it("is one write and a cookie for a new session", async () => {
    const browser = await open();
    expect(await newest(browser)).toMatch(/^GET \/ 200 0 reads · 1 write create created set firstVisit .* Set-Cookie session=/);
  });

  it("is one read for an existing session", async () => {
    const browser = await open();
    await browser.send("/tabs/a");
    expect(await newest(browser)).toBe("GET /tabs/a 200 1 read · 0 writes get loaded");
  });

  it("is one read and one write where it was written to", async () => {
    const browser = await open();
    await browser.submit("/count");
    expect(await newest(browser)).toBe("POST /count 303 1 read · 1 write get replace loaded, saved increment count +1");
  });

  it("is one read where it was written with the value it had", async () => {
    const browser = await open();
    await browser.press("Add Sencha");
    await browser.submit("/cart/sencha", { quantity: "1" });
    expect(await newest(browser)).toBe("POST /cart/sencha 303 1 read · 0 writes get loaded");
  });

  it("is nothing where it was not used", async () => {
    const browser = await open();
    await browser.send("/style.css");
    expect(textOf(await inspect(browser))).toContain("0 reads · 0 writes session not used GET /style.css");
  });

  it("is one touch more, and the cookie, at a renewal step", async () => {
    const browser = await open();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 2 * DAY });
    await browser.send("/tabs/a");
    expect(await newest(browser)).toMatch(/^GET \/tabs\/a 200 1 read · 1 write get touch loaded, touched Set-Cookie session=/);
  });

  it("is three writes, the owner's index and the cookie for a login with its new token, and what went before is still there", async () => {
    const browser = await open();
    await browser.submit("/login", { name: "Ada" });
    const [login, before] = await requests(browser);
    expect(login).toMatch(
      /^POST \/login 303 3 reads · 5 writes get create replace get (create|replace) replace get replace loaded, /,
    );
    expect(login).toMatch(
      / set user { name: 'Ada', since: [\d-]+T[\d:.]+Z } Set-Cookie session=[^;]+; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    expect(before).toContain("GET /");
  });

  it("is at most two after the load for a logout", async () => {
    const browser = await open();
    const id = (await sessions.load(browser.cookie)).$id;
    await browser.submit("/logout");
    const [logout] = requestsOf(id);
    expect(logout?.calls.map(({ verb }) => verb)).toEqual(["get", "replace"]);
    expect(logout?.cookies).toEqual([expect.stringMatching(/^session=; Max-Age=0;/)]);
  });

  it("tells of a conflict, and of the try that it cost", async () => {
    const browser = await open();
    await Promise.all([
      browser.submit("/tabs/a/colour", { colour: "amber", wait: "20" }),
      browser.submit("/tabs/b/colour", { colour: "violet", wait: "120" }),
    ]);
    expect(await newest(browser)).toBe(
      "POST /tabs/b/colour 303 1 read · 2 writes get replace replace loaded, conflict at colour, saved set colour 'violet'",
    );
  });

  it("counts nothing of the inspector's own", async () => {
    const browser = await open();
    const before = await requests(browser);
    await inspect(browser);
    expect(await requests(browser)).toEqual(before);
  });

  it("is kept for the last 25 requests", async () => {
    const browser = await open();
    for (let times = 0; times < 30; times++) await browser.submit("/count");
    expect(await requests(browser)).toHaveLength(25);
  });
});

describe("the session in the inspector", () => {
  it("is shown with its id, its data and their types", async () => {
    const browser = await open();
    await browser.press("Add Oolong");
    await browser.submit("/login", { name: "Ada" });
    const text = textOf(await inspect(browser));
    expect(text).toContain(`Session id ${(await sessions.load(browser.cookie)).$id}`);
    expect(text).toMatch(/ firstVisit \d{4}-[\dT:.-]+Z Date /);
    expect(text).toMatch(/ visits Map · 1 \d+ \d+ /);
    expect(text).toContain(" cart Object · 1 oolong Object · 1 quantity 1 ");
    expect(text).toContain(" user Object · 2 name 'Ada' since ");
    expect(text).toContain("class A");
  });

  it("ends at both deadlines, which count down", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 0, 1) });
    const browser = await open();
    vi.setSystemTime(Date.UTC(2026, 0, 1) + 90_061_000);
    const html = await inspect(browser);
    expect(textOf(html)).toContain("Idle 12d 22:58:59 Absolute 28d 22:58:59");
    expect([...html.matchAll(/<time datetime="([^"]*)"/g)].map(([, end]) => end)).toEqual([
      "2026-01-15T00:00:00.000Z",
      "2026-01-31T00:00:00.000Z",
    ]);
  });

  it("is not changed by being looked at", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 0, 1) });
    const browser = await open();
    vi.setSystemTime(Date.UTC(2026, 0, 1) + 3 * DAY);
    browser.received = [];
    await inspect(browser);
    expect(browser.received).toEqual([]);
    expect((await sessions.load(browser.cookie)).$expiresAt).toEqual(new Date(Date.UTC(2026, 0, 15)));
  });

  it("shows its token in the raw Set-Cookie alone", async () => {
    const browser = await open();
    const html = await inspect(browser);
    expect(html.split(browser.token)).toHaveLength(2);
    expect(html).toContain(`<b>Set-Cookie</b> session=${browser.token}`);
  });

  it("is nobody else's", async () => {
    const [one, other] = [await open(), await open()];
    await one.submit("/count");
    expect(await inspect(other)).not.toContain("/count");
    expect(await inspect(new Browser(inspected))).toContain("No session yet");
  });

  it("is hidden from the token that a login replaced", async () => {
    const browser = await open();
    const old = new Browser(inspected);
    old.cookie = browser.cookie;
    await browser.submit("/login", { name: "Ada" });
    expect(await inspect(old)).not.toMatch(/Ada|Set-Cookie/);
  });

  it("is escaped", async () => {
    const browser = await open();
    await browser.submit("/login", { name: `<img src=x onerror="alert(1)">` });
    expect(await inspect(browser)).not.toContain("<img src=x");
  });
});

describe("the inspector's panel", () => {
  it("is sent to its script when something happened, and only then", async () => {
    const browser = await open();
    const [, version = ""] = /data-version="([^"]*)"/.exec(await inspect(browser)) ?? [];
    const ask = (): Promise<Response> => browser.send(`/_inspector/requests?since=${version}`);
    expect((await ask()).status).toBe(204);
    await browser.submit("/count");
    const response = await ask();
    expect([response.status, response.headers.get("x-version") === version]).toEqual([200, false]);
    expect(await response.text()).toContain("/count");
  });

  it("is beside both pages, in a frame that needs no script", async () => {
    const browser = await open();
    for (const page of ["/", "/tabs"]) expect((await browser.visit(page)).html).toContain('<iframe src="/_inspector"');
  });

  it("has no script but its own, and stays out of caches and of other sites' frames", async () => {
    const browser = await open();
    const response = await browser.send("/_inspector");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("content-security-policy")).toMatch(/script-src 'self';.* frame-ancestors 'self'$/);
    expect(await response.text()).not.toMatch(/<script(?! type="module" src="\/)|\son\w+=|javascript:| style=/i);
  });
});

describe("a value in the inspector", () => {
  const cycle: Record<string, unknown> = { name: "ring" };
  cycle["self"] = cycle;

  it.each([
    ["a string", "text", "'text'"],
    ["-0", -0, "-0"],
    ["null", null, "null"],
    ["a bigint", 12n, "12n bigint"],
    ["a Date", new Date(0), "1970-01-01T00:00:00.000Z Date"],
    ["a date that is none", new Date(NaN), "Invalid Date Date"],
    ["a Map", new Map([[1, { two: 2n }]]), "Map · 1 1 Object · 1 two 2n bigint"],
    ["a Map by object", new Map([[{ a: 1 }, "x"]]), "Map · 1 { a: 1 } 'x'"],
    ["a Set", new Set(["a", "b"]), "[ 'a', 'b' ] Set · 2"],
    ["a list of objects", [{ n: 1 }], "Array · 1 0 Object · 1 n 1"],
    ["bytes", new Uint8Array([1, 2]), "Uint8Array(2) [ 1, 2 ] Uint8Array"],
    ["a URL", new URL("https://h3.dev/?q"), "https://h3.dev/?q URL"],
    ["a ring", cycle, "Object · 2 name 'ring' self <ref *1> { name: 'ring', self: [Circular *1] } Object"],
  ])("is shown with its type: %s", (_name, value, shown) => {
    const text = textOf(tree({ it: value }).value)
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">");
    expect(text).toBe(`it ${shown}`);
  });

  it("is closed at first where it is long", () => {
    const long = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`key${index}`, index]));
    expect(tree({ long }).value).toMatch(/<details data-key="long" >/);
    expect(tree({ short: { key: 1 } }).value).toMatch(/<details data-key="short" open>/);
  });
});

describe("the inspector, asked from elsewhere", () => {
  let port: number;

  beforeAll(async () => {
    const server = serve(inspected, { port: 0, hostname: "127.0.0.1", silent: true, gracefulShutdown: false });
    await server.ready();
    port = Number(new URL(server.url as string).port);
    return () => server.close(true);
  });

  const ask = (headers: Record<string, string>, path = "/_inspector"): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port, path, headers: { host: `localhost:${port}`, ...headers } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      sent.on("error", reject).end();
    });

  it.each(["localhost", "app.localhost", "127.0.0.1", "127.9.8.7", "[::1]", "LOCALHOST"])("answers at %s", async (host) => {
    expect(await ask({ host: `${host}:${port}` })).toBe(200);
  });

  it.each([
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evillocalhost",
    "localhost@evil.example",
    "192.168.0.7",
    "0.0.0.0",
    "[::2]",
  ])("refuses the host %s, which may only point here", async (host) => {
    for (const path of ["/_inspector", "/_inspector/requests"]) expect(await ask({ host: `${host}:${port}` }, path)).toBe(403);
  });

  it.each([
    "/_inspector/",
    "/%5Finspector",
    "/%5finspector/requests",
    "//_inspector",
    "/tabs/../_inspector",
    "/_inspector?x",
    "/.//_inspector",
  ])("is not found past its guard at %s", async (path) => {
    expect(await ask({ host: `evil.example:${port}` }, path)).toBeGreaterThanOrEqual(400);
  });

  it.each([
    ["another site's page", { "sec-fetch-site": "cross-site" }],
    ["a page of the same site", { "sec-fetch-site": "same-site" }],
    ["another origin, in an older browser", { origin: "https://evil.example" }],
    ["another port, in an older browser", { origin: "http://localhost:1" }],
    ["an opaque origin", { origin: "null" }],
  ])("refuses %s", async (_name, headers) => {
    expect(await ask(headers as Record<string, string>)).toBe(403);
  });

  it.each([
    ["its own page", { "sec-fetch-site": "same-origin" }],
    ["whoever types its address", { "sec-fetch-site": "none" }],
  ])("answers %s", async (_name, headers) => {
    expect(await ask(headers)).toBe(200);
  });

  it("lets no other origin read it", async () => {
    const response = await inspected.fetch(new Request("http://localhost/_inspector"));
    expect([...response.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

describe("the inspector in production", () => {
  it("refuses, wherever it is served", async () => {
    vi.stubEnv("NODE_ENV", "production");
    for (const path of ["/_inspector", "/_inspector/requests", "/_inspector/panel.js"]) {
      expect((await inspected.fetch(new Request(`http://localhost${path}`))).status).toBe(404);
    }
  });

  it("is not there at all with npm start", async () => {
    const { address } = await start({ NODE_ENV: "production", PORT: "0" });
    expect((await fetch(new URL("/_inspector", address))).status).toBe(404);
    const page = await (await fetch(address)).text();
    expect(page).toContain("<h1>One visitor, one object.</h1>");
    expect(page).not.toContain("_inspector");
  });
});

describe("the package", () => {
  it("holds nothing of the playground", () => {
    const packed = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: root, encoding: "utf8" });
    const [{ files }] = JSON.parse(packed) as [{ files: { path: string }[] }];
    const paths = files.map(({ path }) => path);
    expect(paths).toContain("README.md");
    expect(paths.filter((path) => /^playground|^scripts|^docs\/images|inspector/.test(path))).toEqual([]);
  });
});
