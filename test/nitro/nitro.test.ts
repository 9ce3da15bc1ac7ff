import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, pack, remove, run, type Server } from "../_application.ts";
import { Client } from "../integration/_sockets.ts";
import { build, createProject, serve, serveDev, versions, type Project } from "./_project.ts";

const SECRETS = ["a".repeat(40), "b".repeat(40)] as const;

let packed: { folder: string; tarball: string };
beforeAll(async () => void (packed = await pack()));
afterAll(() => remove(packed.folder));

describe.each(versions)("an application of $name", (version) => {
  let project: Project;
  let log: string;
  let app: Server;
  let starter: Server;

  beforeAll(async () => {
    project = await createProject(version, packed.folder, packed.tarball);
    log = await build(project, "starter", "app");
    [app, starter] = await Promise.all([
      serve(project, "app", { NITRO_UNSESSION_SECRET: SECRETS.join(",") }),
      serve(project, "starter"),
    ]);
  });
  afterAll(() => Promise.all([app?.stop(), starter?.stop()]));

  const get = (path: string, cookie = "", init: RequestInit = {}): Promise<Response> =>
    fetch(app.url + path, { redirect: "manual", ...init, headers: { cookie } });

  it("counts the views of a visitor", async () => {
    const first = await get("/counter");
    expect(await first.json()).toEqual({ views: 1 });
    expect(await (await get("/counter", cookieOf(first))).json()).toEqual({ views: 2 });
    expect(await (await get("/counter")).json()).toEqual({ views: 1 });
  });

  it("sends the cookie of a login with the redirect", async () => {
    const login = await get("/login", "", { method: "POST" });
    expect([login.status, login.headers.get("location")]).toEqual([302, "/me"]);
    expect(await (await get("/me", cookieOf(login))).json()).toEqual({ id: 7 });
    expect((await get("/me")).status).toBe(401);
  });

  it.each([401, 404, 500])("sends the cookie with an error of status %i", async (status) => {
    const failed = await get(`/fail/${status}`);
    expect(failed.status).toBe(status);
    expect(await (await get("/counter", cookieOf(failed))).json()).toEqual({ views: 2 });
  });

  it("sends no cookie where there is no route", async () => {
    const nowhere = await get("/nowhere");
    expect([nowhere.status, nowhere.headers.getSetCookie()]).toEqual([404, []]);
  });

  it("sends the cookie with a stream", async () => {
    const streamed = await get("/stream");
    expect(await streamed.text()).toBe("streamed");
    expect(await (await get("/counter", cookieOf(streamed))).json()).toEqual({ views: 2 });
  });

  it("signs with the first secret of the environment, and reads all", async () => {
    const cookie = cookieOf(await get("/counter"));
    expect(cookie).toMatch(/^sid=[\w-]{43}\.[\w-]{43}$/);
    const turned = await serve(project, "app", { NITRO_UNSESSION_SECRET: SECRETS.toReversed().join(",") });
    const other = await serve(project, "app", { NITRO_UNSESSION_SECRET: "c".repeat(40) });
    try {
      const views = async ({ url }: Server): Promise<unknown> =>
        ((await (await fetch(`${url}/counter`, { headers: { cookie } })).json()) as { views: number }).views;
      expect([await views(turned), await views(other)]).toEqual([2, 1]);
    } finally {
      await Promise.all([turned.stop(), other.stop()]);
    }
  });

  it("keeps sessions where storage.session says, and tells of memory where it says nothing", async () => {
    const before = await readdir(join(project.folder, "app/kept")).catch(() => []);
    await get("/counter");
    expect(await readdir(join(project.folder, "app/kept"))).toHaveLength(before.length + 1);
    expect(log.match(/Sessions will be kept in memory/g)).toHaveLength(1);
  });

  it("takes options that are code from the file that config names", async () => {
    await get("/counter");
    expect(await (await get("/heard")).json()).toContain("created");
  });

  it("is built without what belongs to one that was built before it", async () => {
    const visit = await fetch(starter.url);
    expect(await visit.json()).toEqual({ views: 1 });
    expect(cookieOf(visit)).toMatch(/^session=[\w-]{43}$/);
    expect(cookieOf(await get("/counter"))).toMatch(/^sid=/);
  });

  it.each(["/cached/rule", "/cached/handler", "/cached/isr"])("refuses a session in %s", async (path) => {
    const cookie = cookieOf(await get("/counter"));
    for (const visitor of [cookie, ""]) {
      const refused = await get(path, visitor);
      expect([refused.status, refused.headers.getSetCookie()]).toEqual([500, []]);
    }
    expect(app.output()).toContain("ERR_SESSION_CACHED");
  });

  it("gives a session where a rule says that nothing is cached", async () => {
    expect((await get("/fine")).status).toBe(200);
  });

  it("refuses a session in what is prerendered, and prerenders the rest", async () => {
    expect(log).toContain("ERR_SESSION_CACHED");
    const files = await readdir(join(project.folder, "app/.output/public"), { recursive: true });
    expect(files.filter((file) => /prerendered/.test(file))).toEqual([]);
    expect(await (await get("/plain")).text()).toBe("kept for everybody");
  });

  it("type-checks, configuration included", async () => {
    for (const folder of ["starter", "app"]) {
      const config = join(project.folder, folder, "tsconfig.json");
      await writeFile(config, JSON.stringify(typesOf(version.name)));
      await run("node_modules/.bin/tsc", ["-p", config], project.folder);
    }
  });

  it("gives a WebSocket its session", async () => {
    const cookie = cookieOf(await get("/counter"));
    const socket = new Client(new URL("/_ws", app.url), cookie);
    expect(await socket.opened).toBe(true);
    expect([await socket.ask("one"), await socket.ask("two")]).toEqual(["2", "3"]);
    socket.close();
    expect(await (await get("/counter", cookie)).json()).toEqual({ views: 4 });
  });

  it("refuses options that a build would lose", async () => {
    await cp(join(project.folder, "starter"), join(project.folder, "wrong"), { recursive: true });
    const config = join(project.folder, "wrong/nitro.config.ts");
    const code = await readFile(config, "utf8");
    await writeFile(config, code.replace("  modules", "  unsession: { hooks: {} },\n  modules"));
    await expect(build(project, "wrong")).rejects.toThrow(/ERR_SESSION_OPTIONS|Option `hooks`/);
  });

  it("keeps sessions in dev when the code changes", async () => {
    const dev = await serveDev(project, "starter");
    try {
      const cookie = cookieOf(await fetch(dev.url));
      const route = join(project.folder, "starter/routes/index.ts");
      const code = await readFile(route, "utf8");
      let answer: { views?: number; version?: number } = {};
      for (let version = 1; answer.version === undefined; version++) {
        // Again and again: a server that answers need not watch its files yet.
        await writeFile(route, code.replace("views: session.views", `views: session.views, version: ${version}`));
        const again = await ask(dev.url, { headers: { cookie } });
        answer = (await again?.json().catch(() => ({}))) ?? {};
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      expect(answer.views).toBeGreaterThan(1);
    } finally {
      await dev.stop();
    }
  });

  it("costs a build and a start little", async () => {
    await build(project, "bare");
    const sizes = await Promise.all(["bare", "starter"].map((one) => sizeOf(join(project.folder, one, ".output/server"))));
    const [bare = 0, ours = 0] = sizes;
    const starts = { bare: Number.POSITIVE_INFINITY, starter: Number.POSITIVE_INFINITY };
    for (let round = 0; round < 5; round++) {
      for (const one of ["bare", "starter"] as const) {
        const began = performance.now();
        const server = await serve(project, one);
        starts[one] = Math.min(starts[one], performance.now() - began);
        await server.stop();
      }
    }
    const ratio = starts.starter / starts.bare;
    console.info(
      `${version.name}: ${ours - bare} bytes more in a build of ${bare}; a cold start takes ${ratio.toFixed(2)} times as long`,
    );
    expect(ours - bare).toBeLessThan(450_000);
    expect(ratio).toBeLessThan(3);
  });
});

describe("the auto-import of Nitro 2", () => {
  it("is ours, in the types of routes and of #imports", async () => {
    const types = await readFile(join(packed.folder, "nitro-2/starter/.nitro/types/nitro-imports.d.ts"), "utf8");
    expect(types.match(/.*\buseSession\b.*/g)?.map((line) => line.trim())).toEqual([
      "const useSession: typeof import('unsession/h3-v1').useSession",
      "export { useSession } from '#unsession/h3-v1';",
    ]);
    // What h3's own would not have, and `any` would have too.
    await writeFile(
      join(packed.folder, "nitro-2/app/ours.ts"),
      `import { useSession as imported } from "#imports";
       type Ours = typeof import("unsession/h3-v1").useSession;
       type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
       export const same: [Same<typeof useSession, Ours>, Same<typeof imported, Ours>] = [true, true];`,
    );
    await run("node_modules/.bin/tsc", ["-p", "app/tsconfig.json"], join(packed.folder, "nitro-2"));
  });

  it("leaves the others of h3 as they are", async () => {
    const types = await readFile(join(packed.folder, "nitro-2/starter/.nitro/types/nitro-imports.d.ts"), "utf8");
    expect(types).toMatch(/const getSession: typeof import\('.*\/h3\//);
  });
});

function cookieOf(response: Response): string {
  return response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
}

/** How a user's own configuration of TypeScript has an application checked. */
function typesOf(name: string): object {
  const compilerOptions = { strict: true, skipLibCheck: true, noEmit: true, allowImportingTsExtensions: true };
  if (name === "nitro-2") return { extends: "./.nitro/types/tsconfig.json", compilerOptions };
  const modules = { target: "ESNext", module: "ESNext", moduleResolution: "Bundler", lib: ["ESNext", "DOM", "DOM.Iterable"] };
  return { compilerOptions: { ...compilerOptions, ...modules }, include: ["**/*.ts"], exclude: ["node_modules", ".output"] };
}

async function sizeOf(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = files
    .filter((file) => file.isFile() && /\.m?js$/.test(file.name))
    .map(async (file) => (await readFile(join(file.parentPath, file.name))).length);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
