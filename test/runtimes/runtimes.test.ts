import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createCookieJar } from "unsession/testing";
import { remove } from "../_application.ts";
import { Client } from "../integration/_sockets.ts";
import { startMemcached, type MemcachedServer } from "../services/memcached.ts";
import { startRedis, type RedisServer } from "../services/redis.ts";
import { createProject } from "./_project.ts";
import { checks } from "./program/checks.ts";
import { runtimes, servers, startWorker, type Server } from "./_runtimes.ts";

let folder: string;
beforeAll(async () => void (folder = await createProject()));
afterAll(() => remove(folder));

describe.each(runtimes)("on $name, the built package", (runtime) => {
  let server: Server;
  beforeAll(async () => void (server = await runtime.start(folder)));
  afterAll(() => server?.stop());

  it.each(Object.keys(checks))("%s", async (name) => {
    expect(await (await fetch(new URL("check", server.url), { method: "POST", body: name })).text()).toBe("holds");
  });

  serves(() => server);
});

describe("beside stores of their own", () => {
  let redis: RedisServer;
  let memcached: MemcachedServer;
  beforeAll(async () => void ([redis, memcached] = await Promise.all([startRedis(), startMemcached()])));
  afterAll(() => Promise.all([redis?.stop(), memcached?.kill()]));

  describe.each(servers)("on $name", (runtime) => {
    describe.each(["redis", "memcached"])("the built package, with %s", (store) => {
      let server: Server;
      beforeAll(async () => {
        const address = store === "redis" ? redis.url : memcached.address;
        server = await runtime.start(folder, { STORE: store, ADDRESS: address });
      });
      afterAll(() => server?.stop());

      serves(() => server);
    });
  });
});

describe("on workerd with Cloudflare KV, the built package", () => {
  let server: Server;
  beforeAll(async () => void (server = await startWorker(folder, "worker-kv", { kvNamespaces: ["SESSIONS"] })));
  afterAll(() => server?.stop());

  serves(() => server);
});

it("serves the worker of the guide", async () => {
  const bindings = { SESSION_SECRET: "s".repeat(32) };
  const server = await startWorker(folder, "guide", { kvNamespaces: ["SESSIONS"], bindings });
  onTestFinished(() => server.stop().then(() => undefined));
  const jar = createCookieJar({ origin: server.url.replace("http:", "https:") });
  const visit = async (): Promise<unknown> =>
    (await jar.fetch(({ url, headers }) => fetch(url.replace("https:", "http:"), { headers }), "/")).json();
  expect([await visit(), await visit()]).toEqual([{ views: 1 }, { views: 2 }]);
  expect(jar.get("__Host-session")).toMatch(/^[\w-]{43}\.[\w-]{43}$/);
});

describe("on workerd, a client that is gone while its session is saved", () => {
  let server: Server;
  beforeAll(async () => void (server = await startWorker(folder, "worker-slow", { kvNamespaces: ["SESSIONS"] })));
  afterAll(() => server?.stop());

  it.each(["/", "/v1"])("holds up no later request of the session: %s", async (path) => {
    const jar = createCookieJar({ origin: server.url });
    const visit = async (): Promise<unknown> => (await jar.fetch(fetch, path, { method: "POST" })).json();
    const writes = async (): Promise<number> => Number(await (await fetch(new URL("/writes", server.url))).text());
    await visit();
    const before = await writes();
    const gone = await send(server.url, `POST ${path} HTTP/1.1`, `cookie: ${jar.header()}`, "content-length: 0");
    await expect.poll(writes).toBe(before + 1);
    gone.resetAndDestroy();
    expect(await visit()).toEqual({ count: 3 });
  });
});

/** Sends a request line and headers, and gives the connection. */
async function send(url: string, ...lines: string[]): Promise<Socket> {
  const { host, hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  socket.write([...lines, `host: ${host}`, "", ""].join("\r\n"));
  return socket;
}

/** What a browser sees of it, over a socket. */
function serves(server: () => Server): void {
  const visit = () => {
    const jar = createCookieJar({ origin: server().url });
    return {
      jar,
      get: async () => (await jar.fetch(fetch, "/")).json() as Promise<Record<string, unknown>>,
      post: (path: string) => jar.fetch(fetch, path, { method: "POST" }),
    };
  };

  it("gives no cookie to whoever only reads", async () => {
    const { jar, get } = visit();
    expect(await get()).toEqual({});
    expect(jar.cookies).toEqual([]);
  });

  it("keeps what 20 requests at once change", async () => {
    const { get, post } = visit();
    await post("/login");
    await Promise.all(Array.from({ length: 20 }, (_, index) => post(`/count/${index}`)));
    const { count, ...others } = await get();
    expect([count, Object.keys(others).length]).toEqual([20, 21]);
  });

  it("sends the cookie of a login with the redirect, and the token from before is dead", async () => {
    const { jar, get, post } = visit();
    await post("/count/before");
    const before = jar.header();
    const login = await post("/login");
    expect([login.status, login.headers.getSetCookie().length]).toEqual([302, 1]);
    expect(await get()).toEqual({ "by-before": true, count: 1, user: "alice" });
    expect(await (await fetch(server().url, { headers: { cookie: before } })).json()).toEqual({});
  });

  it("ends a session in the store and in the browser", async () => {
    const { jar, post } = visit();
    await post("/login");
    const before = jar.header();
    await post("/logout");
    expect(jar.cookies).toEqual([]);
    expect(await (await fetch(server().url, { headers: { cookie: before } })).json()).toEqual({});
    const late = await fetch(new URL("/count/late", server().url), { method: "POST", headers: { cookie: before } });
    expect(late.status).toBe(409);
  });

  it("changes a session while its response is on the way, and in waitUntil", async () => {
    const { get, post } = visit();
    await post("/login");
    expect(await (await post("/later")).text()).toBe("streamed");
    await expect.poll(get).toEqual({ user: "alice", during: true, after: true });
  });

  it("changes its session from a WebSocket", async () => {
    const { jar, get, post } = visit();
    await post("/login");
    const socket = new Client(new URL("/socket", server().url), jar.header());
    expect(await socket.opened).toBe(true);
    expect([await socket.ask("one"), await socket.ask("two")]).toEqual(["message 1 of alice", "message 2 of alice"]);
    socket.close();
    expect(await get()).toEqual({ user: "alice", messages: 2 });
  });
}
