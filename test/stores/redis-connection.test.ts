import { Cluster, Redis } from "ioredis";
import { Redis as Redis6 } from "ioredis-6";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createSessionManager } from "unsession";
import { startRedis, until, type RedisServer } from "../services/redis.ts";
import { start } from "../_playground-start.ts";
import { commandsOf } from "./_redis.ts";
import { begin } from "./_sessions.ts";

let server: RedisServer;
let admin: Redis;
beforeAll(async () => {
  server = await startRedis();
  admin = new Redis(server.url);
});
afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

let warned: string[];
let printed: string[];
const clients: { disconnect(): void }[] = [];
const connected = <C extends { disconnect(): void }>(client: C): C => {
  clients.push(client);
  return client;
};

beforeEach(() => {
  // What is told once per process is told once per test.
  vi.resetModules();
  warned = [];
  printed = [];
  vi.spyOn(console, "warn").mockImplementation((message) => void warned.push(String(message)));
  vi.spyOn(console, "error").mockImplementation((message) => void printed.push(String(message)));
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  vi.restoreAllMocks();
  await admin.config("SET", "maxmemory-policy", "noeviction");
});

/** The store as a process has it that just started. */
const open = async (storage: object): Promise<unknown> => {
  const { openStore } = await import("../../src/stores/open.ts");
  return openStore(storage, "session:", Date.now);
};

describe.each([
  ["ioredis 5", (url: string) => new Redis(url)],
  ["ioredis 6", (url: string) => new Redis6(url) as unknown as Redis],
])("a client of %s", (_version, connect) => {
  it("gets one listener of each kind, however many managers use it", async () => {
    const client = connected(connect(server.url));
    await client.ping();
    const count = (): number[] => ["error", "close", "ready", "end", "+node"].map((event) => client.listenerCount(event));
    const before = count();
    const managers = Array.from({ length: 20 }, () => createSessionManager({ storage: client }));
    for (const manager of managers) await begin(manager);
    for (const manager of managers) await manager.close();
    expect(count().map((now, n) => now - (before[n] as number))).toEqual([1, 1, 0, 0, 0]);
    expect(await client.ping()).toBe("PONG");
  });

  it("tells its errors to its owner's listener, and nobody else", async () => {
    const client = connected(connect(server.url));
    await client.ping();
    await open(client);
    const heard: string[] = [];
    client.on("error", (error) => heard.push(error.message));
    client.emit("error", new Error("the wire broke"));
    expect([heard, warned, printed]).toEqual([["the wire broke"], [], []]);
  });

  it("tells an error once where nobody listens", async () => {
    const client = connected(connect(server.url));
    await client.ping();
    await open(client);
    for (let times = 0; times < 3; times++) client.silentEmit("error", new Error("the wire broke"));
    expect([warned, printed]).toEqual([["[unsession] The connection to Redis failed: the wire broke"], []]);
  });

  it("is given no command of ours", async () => {
    const client = connected(connect(server.url));
    await client.ping();
    const before = Object.keys(client);
    await begin(createSessionManager({ storage: client }));
    expect(Object.keys(client)).toEqual(before);
  });
});

describe("the notice of a policy that drops sessions", () => {
  const asked = async (): Promise<boolean> => /^cmdstat_info:/m.test(await admin.info("commandstats"));

  it.each(["allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-lfu", "volatile-random"])(
    "is given once for %s",
    async (policy) => {
      await admin.config("SET", "maxmemory-policy", policy);
      const [first, second] = [connected(new Redis(server.url)), connected(new Redis6(server.url))];
      await open(first);
      await until("it is given", () => warned.length > 0);
      await open(first);
      await open(second);
      await second.ping();
      expect(warned).toEqual([
        `[unsession] Redis drops sessions that are still in use when its memory is full: its maxmemory-policy is ${policy}. Set it to noeviction.`,
      ]);
    },
  );

  it.each(["noeviction", "volatile-ttl"])("is not given for %s", async (policy) => {
    await admin.config("SET", "maxmemory-policy", policy);
    const client = connected(new Redis(server.url, { enableReadyCheck: false }));
    await admin.config("RESETSTAT");
    await open(client);
    await client.ping();
    await until("the policy was asked for", async () => (await asked()) && (await client.ping()) === "PONG");
    expect(warned).toEqual([]);
  });

  it("is not given, and nothing fails, where asking is forbidden", async () => {
    await admin.config("SET", "maxmemory-policy", "allkeys-lru");
    await admin.acl("SETUSER", "modest", "on", ">secret", "~session:*", "+@all", "-info", "-config");
    const client = connected(new Redis({ port: server.port, username: "modest", password: "secret", enableReadyCheck: false }));
    const manager = createSessionManager({ storage: client });
    await begin(manager);
    expect(await manager.count()).toBeGreaterThan(0);
    expect([warned, printed]).toEqual([[], []]);
  });

  it("delays no request", async () => {
    const client = connected(new Redis(server.url, { lazyConnect: true, enableReadyCheck: false }));
    await admin.config("RESETSTAT");
    await begin(createSessionManager({ storage: client }));
    expect(await commandsOf(admin)).toEqual({ set: 1 });
  });
});

describe("a Cluster", () => {
  it("gets one listener of each kind, and of what it connects to", async () => {
    const cluster = connected(new Cluster([{ host: server.host, port: server.port }], { lazyConnect: true }));
    cluster.on("error", () => {});
    const count = (): number[] => ["error", "close", "ready", "+node"].map((event) => cluster.listenerCount(event));
    const before = count();
    for (let times = 0; times < 20; times++) await open(cluster);
    expect(count().map((now, n) => now - (before[n] as number))).toEqual([1, 0, 1, 1]);
  });
});

describe("the playground", () => {
  it("keeps its sessions in Redis, by a URL", async () => {
    const { address, lines } = await start({ PORT: "0", STORAGE: server.url });
    expect(lines).toEqual(["Sessions are kept in redis, a store of class A."]);
    expect((await fetch(address)).headers.get("set-cookie")).toMatch(/^session=/);
  });
});
