import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { pack, remove, type Server } from "../_application.ts";
import { openPage, useBrowser } from "../browser/_chromium.ts";
import { describePlayground } from "./_playground.ts";
import { command, createProject, createStarter, serve, serveDev, versions, type Project } from "./_project.ts";

// Some of them build an application.
vi.setConfig({ testTimeout: 5 * 60_000 });

const SECRET = "a".repeat(40);

useBrowser();

let packed: { folder: string; tarball: string };
beforeAll(async () => void (packed = await pack()));
afterAll(() => remove(packed.folder));

describe.each(versions)("an application of $name", (version) => {
  let project: Project;
  let app: Server;

  beforeAll(async () => {
    project = await createProject(version, packed.tarball, { app: "test/nuxt/fixtures/app", playground: "playground/nuxt" });
    await command(project, "app", "nuxt", "build");
    app = await serve(project, "app");
  });
  afterAll(() => app?.stop());

  const get = (path: string, cookie = "", init: RequestInit = {}): Promise<Response> =>
    fetch(app.url + path, { ...init, headers: { cookie, accept: "text/html" } });
  const sessions = async (): Promise<number> => (await readdir(join(project.folder, "app/kept")).catch(() => [])).length;
  const me = async (cookie: string): Promise<Record<string, unknown>> =>
    (await (await get("/api/me", cookie)).json()) as Record<string, unknown>;
  const login = async (): Promise<string> => cookieOf(await get("/api/login", "", { method: "POST" }));

  describe.each([
    ["by useFetch", "/", 200],
    ["by $fetch alone", "/bare", 200],
    ["by the page that shows an error", "/lost", 404],
  ])("a page that asks five routes, %s", (_by, path, status) => {
    it("makes one session on a first visit, and brings its cookie to the browser", async () => {
      const before = await sessions();
      const page = await get(path);
      expect([page.status, await sessions()]).toEqual([status, before + 1]);
      expect(page.headers.getSetCookie()).toHaveLength(1);
      const { id, trail, views } = await me(cookieOf(page));
      expect([views, (trail as string[]).toSorted()]).toEqual([5, [1, 2, 3, 4, 5].map((n) => `visit ${n}`)]);
      expect(idsIn(await page.text())).toEqual([id]);
    });

    it("goes on in the session of a visitor who comes back", async () => {
      const cookie = cookieOf(await get(path));
      const before = await sessions();
      const page = await get(path, cookie);
      expect([page.headers.getSetCookie(), await sessions()]).toEqual([[], before]);
      expect((await me(cookie))["views"]).toBe(10);
    });

    it("keeps visitors apart who come at the same time", async () => {
      const before = await sessions();
      const pages = await Promise.all(Array.from({ length: 20 }, () => get(path)));
      expect(await sessions()).toBe(before + 20);
      const ids = await Promise.all(
        pages.map(async (page) => {
          const { id, views } = await me(cookieOf(page));
          expect([idsIn(await page.text()), views]).toEqual([[id], 5]);
          return id;
        }),
      );
      expect(new Set(ids).size).toBe(20);
    });
  });

  it("shares the session of a request with those it makes along, and with no other", async () => {
    const [cookie, other] = [await login(), cookieOf(await get("/"))];
    const inner = (await (await get(`/api/inner?other=${other}`, cookie)).json()) as Record<string, { id?: string }>;
    const ids = await Promise.all([cookie, other].map(async (one) => (await me(one))["id"]));
    expect([inner["along"]?.id, inner["alone"]?.id, inner["other"]?.id]).toEqual([ids[0], undefined, ids[1]]);
  });

  it("gives one session to plugins, middleware and routes", async () => {
    const used = await get("/used");
    expect(await used.json()).toEqual({ trail: ["plugin", "middleware", "route"], isOnContext: true });
    expect(used.headers.getSetCookie()).toHaveLength(1);
  });

  it("signs with the secret of the environment", async () => {
    const signing = await serve(project, "app", { NUXT_UNSESSION_SECRET: SECRET });
    try {
      expect(cookieOf(await fetch(signing.url))).toMatch(/^sid=[\w-]{43}\.[\w-]{43}$/);
    } finally {
      await signing.stop();
    }
  });

  describe("useSessionData", () => {
    it("renders the public fields as they are at the end, and sends them along", async () => {
      const page = await (await get("/data", await login())).text();
      expect(page).toContain('<p id="data">Ada 1 2026-01-02T03:04:05.000Z</p>');
      expect(stateIn(page)).toMatchObject({ views: 1, user: { id: 7, name: "Ada" } });
    });

    it("renders nobody after a request of the page that ended the session", async () => {
      const page = await get("/leave", await login());
      const body = await page.text();
      expect([body.includes('<p id="left">nobody</p>'), stateIn(body)]).toEqual([true, {}]);
      expect(page.headers.getSetCookie()).toEqual([expect.stringMatching(/^sid=; Max-Age=0/)]);
    });

    it("shows no other field, in no page", async () => {
      const cookie = await login();
      expect((await me(cookie))["token"]).toBe("only-for-the-server");
      for (const path of ["/data", "/", "/_unsession/data"]) {
        expect(await (await get(path, cookie)).text()).not.toContain("only-for-the-server");
      }
    });

    it("is answered by a route that nothing caches", async () => {
      for (const [cookie, name] of [
        [await login(), "Ada"],
        ["", undefined],
      ] as const) {
        const answer = await get("/_unsession/data", cookie);
        expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-store"]);
        expect((await answer.json()) as object).toMatchObject({ json: name === undefined ? {} : { user: { name } } });
      }
    });

    it("is waited for in a page that only the browser renders", async () => {
      const page = await openPage();
      const [name = "", value = ""] = (await login()).split("=");
      await page.context().addCookies([{ name, value, url: app.url }]);
      await page.goto(`${app.url}/alone`);
      await page.locator("#alone").filter({ hasText: "Ada" }).waitFor();
    });

    it("puts nothing of the server into what browsers load", async () => {
      const folder = join(project.folder, "app/.output/public/_nuxt");
      const files = (await readdir(folder)).filter((file) => file.endsWith(".js"));
      const code = (await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")))).join("");
      expect([code.includes("/_unsession/data"), code.includes("[unsession]")]).toEqual([true, false]);
    });

    it.each(["swr", "isr", "prerendered"])("yields nothing in a page that is kept for all: %s", async (page) => {
      const cookie = await login();
      for (const path of [`/cached/${page}`, `/cached/${page}/_payload.json`]) {
        for (const visitor of [cookie, ""]) {
          const answer = await get(path, visitor);
          const body = await answer.text();
          expect([answer.status, answer.headers.getSetCookie(), body.includes("Ada")]).toEqual([200, [], false]);
          if (!path.endsWith(".json")) expect([body.includes('<p id="kept">nobody</p>'), stateIn(body)]).toEqual([true, null]);
        }
      }
    });
  });

  it.each(["/cached/bare", "/cached/inner"])(
    "refuses a session in the requests of a page that is kept for all: %s",
    async (path) => {
      const cookie = await login();
      const before = await sessions();
      for (const visitor of [cookie, ""]) {
        const page = await get(path, visitor);
        expect([page.headers.getSetCookie(), (await page.text()).includes("<p> 500</p>")]).toEqual([[], true]);
      }
      expect([app.output().includes("ERR_SESSION_CACHED"), await sessions()]).toEqual([true, before]);
    },
  );

  it("is typed, in server and application, where fields that are not public are none", async () => {
    await command(project, "app", "vue-tsc", "-b", "--noEmit");
  });

  it("refuses a list of public fields that names a control", async () => {
    const config = join(project.folder, "app/nuxt.config.ts");
    const code = await readFile(config, "utf8");
    await writeFile(config, code.replace('["views", ', '["$id", '));
    try {
      await expect(command(project, "app", "nuxt", "prepare")).rejects.toThrow("Option `publicFields`");
    } finally {
      await writeFile(config, code);
    }
  });

  it("makes one session for a page in dev too", async () => {
    const dev = await serveDev(project, "app");
    try {
      const page = await fetch(dev.url);
      expect(page.headers.getSetCookie()).toHaveLength(1);
      const visitor = (await (await fetch(`${dev.url}/api/me`, { headers: { cookie: cookieOf(page) } })).json()) as object;
      expect(visitor).toMatchObject({ views: 5 });
      expect(await (await fetch(`${dev.url}/data`)).text()).toContain('<p id="data">nobody 1 </p>');
    } finally {
      await dev.stop();
    }
  });

  it("is, as the guide shows it, built, typed and at work", async () => {
    await createStarter(project);
    await command(project, "starter", "nuxt", "build");
    await command(project, "starter", "vue-tsc", "-b", "--noEmit");
    const starter = await serve(project, "starter");
    try {
      const login = { method: "POST", body: '{"name":"Ada"}', headers: { "content-type": "application/json" } };
      const cookie = cookieOf(await fetch(`${starter.url}/api/login`, login));
      expect(await (await fetch(starter.url, { headers: { cookie } })).text()).toContain("Hello Ada");
    } finally {
      await starter.stop();
    }
  });

  describePlayground(() => project);
});

function cookieOf(response: Response): string {
  return response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
}

/** The session ids that a page shows, each once. */
function idsIn(page: string): string[] {
  return [...new Set(page.match(/(?<=[">])[\w-]{43}(?=["<])/g))];
}

/** What the payload of a page has for `useSessionData`. */
function stateIn(page: string): unknown {
  const [, payload = "[]"] = /__NUXT_DATA__"[^>]*>(.*?)<\/script>/.exec(page) ?? [];
  const values = JSON.parse(payload) as unknown[];
  const at = (index: number): unknown => {
    const value = values[index];
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, at(member as number)]));
  };
  const state = values.find((value) => typeof value === "object" && value !== null && "$sunsession" in value);
  return at((state as { $sunsession: number }).$sunsession);
}
