import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { manifest, root } from "../../scripts/entries.ts";
import { startRedis, type RedisServer } from "../services/redis.ts";

const run = promisify(execFile);

let folder: string;
let redis: RedisServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unsession-starter-"));
  const page = await readFile(join(root, "docs/starters.md"), "utf8");
  const [, commands = ""] = /^## Plain h3\n\n```sh\n(.*)\n```$/m.exec(page) ?? [];
  const [, code = ""] = /^```js\n\/\/ server\.js\n([\s\S]*?)^```$/m.exec(page) ?? [];
  // As it is written, with the package that is here in place of the published one.
  await run("npm", ["pack", "--pack-destination", folder], { cwd: root });
  const tarball = `./${manifest.name}-${manifest.version}.tgz`;
  const versions = `h3@${manifest.devDependencies["h3"]} ioredis@${manifest.devDependencies["ioredis"]}`;
  const here = commands.replace(
    "install unsession h3 ioredis",
    `install --prefer-offline --no-audit '${tarball}' ${versions.replaceAll("^", "")}`,
  );
  expect(here).not.toBe(commands);
  await run("sh", ["-c", here], { cwd: folder });
  await writeFile(join(folder, "server.js"), code);
  redis = await startRedis();
});
afterAll(async () => {
  await redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe("the starter for plain h3", () => {
  it("logs in, keeps notes and logs out, on the memory store", async () => {
    const app = await start({});
    try {
      expect((await app.post("/notes", { text: "none" })).status).toBe(401);
      const login = await app.post("/login", { name: "Ada" });
      const cookie = cookieOf(login);
      const noted = await app.post("/notes", { text: "tea" }, cookie);
      expect(await noted.json()).toMatchObject({ notes: [{ text: "tea" }] });
      expect(await app.get(cookie)).toMatchObject({ user: { name: "Ada" }, notes: [{ text: "tea" }] });
      await app.post("/logout", {}, cookie);
      expect(await app.get(cookie)).toEqual({ user: null, notes: [] });
    } finally {
      await app.stop();
    }
  });

  it("keeps sessions in Redis when it is told where that is, for a process that comes after", async () => {
    const env = { REDIS_URL: redis.url, SESSION_SECRET: "s".repeat(40) };
    const first = await start(env);
    const cookie = cookieOf(await first.post("/login", { name: "Ada" }).finally(() => first.stop()));
    expect(cookie).toMatch(/^session=[\w-]{43}\.[\w-]{43}$/);
    const second = await start(env);
    expect(await second.get(cookie).finally(() => second.stop())).toEqual({ user: { name: "Ada" }, notes: [] });
  });
});

interface App {
  get(cookie: string): Promise<unknown>;
  post(path: string, body: object, cookie?: string): Promise<Response>;
  stop(): Promise<void>;
}

async function start(env: Record<string, string>): Promise<App> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, ["server.js"], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: "production", HOST: "127.0.0.1", PORT: String(port), ...env },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  await firstAnswer(child, url);
  return {
    get: async (cookie) => (await fetch(url, { headers: { cookie } })).json(),
    post: (path, body, cookie = "") => fetch(url + path, { method: "POST", headers: { cookie }, body: JSON.stringify(body) }),
    async stop() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function firstAnswer(child: ChildProcess, url: string): Promise<void> {
  while ((await fetch(url).catch(() => undefined)) === undefined) {
    if (child.exitCode !== null) throw new Error(`The server has ended with ${child.exitCode}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function cookieOf(response: Response): string {
  return response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
}
