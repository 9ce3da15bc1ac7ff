import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { manifest, root } from "../../scripts/entries.ts";
import { pack, remove, run, start } from "../_application.ts";
import { startRedis, type RedisServer } from "../services/redis.ts";

let folder: string;
let redis: RedisServer;

beforeAll(async () => {
  const page = await readFile(join(root, "docs/starters.md"), "utf8");
  const [, commands = ""] = /^## Plain h3\n\n```sh\n(.*)\n```$/m.exec(page) ?? [];
  const [, code = ""] = /^```js\n\/\/ server\.js\n([\s\S]*?)^```$/m.exec(page) ?? [];
  const packed = await pack();
  ({ folder } = packed);
  // As it is written, with the package that is here in place of the published one.
  const versions = ["h3", "ioredis"].map((name) => `${name}@${manifest.devDependencies[name]?.replace("^", "")}`).join(" ");
  const here = commands.replace(
    "install unsession h3 ioredis",
    `install --prefer-offline --no-audit '${packed.tarball}' ${versions}`,
  );
  expect(here).not.toBe(commands);
  await run("sh", ["-c", here], folder);
  await writeFile(join(folder, "server.js"), code);
  redis = await startRedis();
});
afterAll(async () => {
  await redis?.stop();
  await remove(folder);
});

describe("the starter for plain h3", () => {
  it("logs in, keeps notes and logs out, on the memory store", async () => {
    const app = await begin({});
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
    const first = await begin(env);
    const cookie = cookieOf(await first.post("/login", { name: "Ada" }).finally(() => first.stop()));
    expect(cookie).toMatch(/^session=[\w-]{43}\.[\w-]{43}$/);
    const second = await begin(env);
    expect(await second.get(cookie).finally(() => second.stop())).toEqual({ user: { name: "Ada" }, notes: [] });
  });
});

interface App {
  get(cookie: string): Promise<unknown>;
  post(path: string, body: object, cookie?: string): Promise<Response>;
  stop(): Promise<void>;
}

async function begin(env: Record<string, string>): Promise<App> {
  const { url, stop } = await start(process.execPath, ["server.js"], folder, env);
  return {
    get: async (cookie) => (await fetch(url, { headers: { cookie } })).json(),
    post: (path, body, cookie = "") => fetch(url + path, { method: "POST", headers: { cookie }, body: JSON.stringify(body) }),
    stop,
  };
}

function cookieOf(response: Response): string {
  return response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
}
