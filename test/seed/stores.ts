/**
 * sanic_session, stores: features.md, table 5b.
 *
 * What waits for a later release, and has no test yet:
 *
 * | row | waits for |
 * | --- | --- |
 * | Redis (asyncio_redis) `redis_getter`: the client it gives | Redis store; that a coroutine gives the storage is tested below |
 * | Redis (aioredis) `redis`: a connection or pool | Redis store |
 * | `decode_responses=True` for aioredis 2 | Redis store |
 * | Memcache `memcache_connection` | `unsession/drivers/memcached` |
 * | Memcache 30-day limit | `unsession/drivers/memcached` |
 * | Memcache key rules: a token of 256 characters as key (`hashIds: false`) | `unsession/drivers/memcached`; the rest is tested below |
 * | MongoDB | MongoDB store |
 * | Custom store: any unstorage driver | the generic store, class C; a store of one's own is tested below |
 */
import { H3 } from "h3";
import { createStorage } from "unstorage";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createSessionManager } from "unsession";
import memory, { type MemoryStore } from "unsession/drivers/memory";
import { sessionMiddleware } from "unsession/h3";
import type { Replaced, Store, StoreEntry } from "../../src/stores/store.ts";
import { cookieOf } from "../integration/_setup.ts";
import { createClock } from "../stores/contract.ts";
import { ask, DAY, index, newStore, start, tokenIn } from "./_setup.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe("5b stores", () => {
  it("5b Redis redis_getter: a coroutine that gives the storage is awaited, once", async () => {
    let calls = 0;
    class Pool {
      #storage: ReturnType<typeof createStorage> | undefined;

      async getStorage(): Promise<ReturnType<typeof createStorage>> {
        calls++;
        await Promise.resolve();
        return (this.#storage ??= createStorage({ driver: memory() }));
      }
    }
    const pool = new Pool();
    const manager = createSessionManager({ storage: () => pool.getStorage() });
    const app = new H3().use(sessionMiddleware(manager)).get("/", index);
    const first = await ask(app, "/");
    expect((await ask(app, "/", cookieOf(first))).body).toBe("2");
    expect(calls).toBe(1);
    expect(await (await pool.getStorage()).getKeys()).toHaveLength(1);
  });

  it("5b Redis redis_getter: one that fails is asked again by the next request", async () => {
    let isUp = false;
    const store = newStore();
    const manager = createSessionManager({
      storage: async () => {
        if (!isUp) throw new Error("no connection");
        return store;
      },
    });
    const app = new H3({ silent: true }).use(sessionMiddleware(manager)).get("/", index);
    expect((await ask(app, "/")).status).toBe(503);
    isUp = true;
    expect((await ask(app, "/")).body).toBe("1");
  });

  it("5b Memcache key rules: a key is at most 250 bytes with the longest prefix, and none has a space or control character", async () => {
    const { visit, keys } = start({ prefix: "p".repeat(128) });
    await visit((session) => (session.foo = 1));
    expect(keys()).toEqual([expect.stringMatching(/^p{128}[\w-]{43}$/)]);
    for (const prefix of ["p".repeat(129), "with space:", "line\n", "nul\0", "é"]) {
      expect(() => createSessionManager({ prefix })).toThrow(/Option `prefix` is a string\. Give it at most 128 of/);
    }
  });

  it("5b In-memory session_store: its keys and records can be looked at, and a session found by its token", async () => {
    const { visit, store, keys, manager } = start();
    const first = await visit((session) => (session.foo = 1));
    const second = await visit((session) => (session.foo = 2));
    expect([store.size, keys().length, await manager.count()]).toEqual([2, 2, 2]);
    expect(store.get(keys()[0] as string)?.value).toContain('{"foo":1}');
    expect([await manager.find(tokenIn(first)), await manager.find(tokenIn(second))]).toEqual([{ foo: 1 }, { foo: 2 }]);
    const ids: string[] = [];
    for await (const { id } of manager.list()) ids.push(`session:${id}`);
    expect(ids).toEqual(keys());
  });

  it("5b In-memory session_store: what is read from it is a copy", async () => {
    const { visit, manager } = start();
    const token = tokenIn(await visit((session) => (session.list = ["a"])));
    (await manager.find(token))?.["list"].push("b");
    expect(await manager.find(token)).toEqual({ list: ["a"] });
  });

  it("5b In-memory is for tests only: abandoned sessions leave as other traffic goes on (ours; there they stay for ever)", async () => {
    const { visit, store, clock } = start();
    for (let visitor = 0; visitor < 10; visitor++) await visit((session) => (session.foo = visitor));
    clock.advance(30 * DAY);
    await visit((session) => (session.foo = "later"));
    expect(store.size).toBe(1);
  });

  it("5b In-memory is for tests only: it is bounded, expired ones leave first, then the least recently used (ours)", async () => {
    const clock = createClock();
    const store = memory({ maxEntries: 3, now: clock.now }).getInstance?.() as MemoryStore;
    const { visit, manager } = start({ storage: store, now: clock.now, idleTimeout: 100 });
    const tokens: string[] = [];
    const arrive = async (): Promise<void> => {
      tokens.push(tokenIn(await visit((session) => (session.foo = tokens.length))));
    };
    await arrive();
    clock.advance(60_000);
    await arrive();
    await arrive();
    clock.advance(40_000);
    await arrive();
    expect(await Promise.all(tokens.map((token) => manager.find(token)))).toEqual([
      undefined,
      { foo: 1 },
      { foo: 2 },
      { foo: 3 },
    ]);
    await manager.find(tokens[1] as string);
    await arrive();
    const left = await Promise.all(tokens.map(async (token) => (await manager.find(token)) !== undefined));
    expect(left).toEqual([false, true, false, true, true]);
  });

  it("5b In-memory is for tests only: one warning in production, and none if memory was chosen", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    vi.stubEnv("NODE_ENV", "production");
    for (const storage of [memory(), newStore()]) {
      const manager = createSessionManager({ storage });
      await manager.load("session=token");
    }
    expect(warn).not.toHaveBeenCalled();
    for (let managers = 0; managers < 2; managers++) {
      const manager = createSessionManager();
      await manager.load("session=token");
    }
    expect(warn.mock.calls).toEqual([[expect.stringContaining("Sessions are kept in memory")]]);
  });

  it("5b Custom store: a class with the verbs of the contract is a storage, with whatever back end", async () => {
    const own = new OwnStore();
    const { visit, manager } = start({ storage: own });
    const first = await visit((session) => (session.foo = 1));
    const cookie = cookieOf(first);
    await visit((session) => (session.foo += 1), cookie);
    expect(await manager.find(tokenIn(first))).toEqual({ foo: 2 });
    expect([...own.rows.keys()]).toEqual([expect.stringMatching(/^session:/)]);
    expect([manager.capabilities?.store, await manager.count()]).toEqual(["own", 1]);
    await visit((session) => session.$destroy(), cookie);
    expect([await manager.find(tokenIn(first)), await manager.count()]).toEqual([undefined, 0]);
  });
});

/** The least that a store of one's own is. */
class OwnStore implements Store {
  readonly name = "own";
  readonly class = "A";
  readonly ttl = false;
  readonly list = true;
  readonly rows = new Map<string, string>();

  async get(key: string): Promise<StoreEntry | undefined> {
    const value = this.rows.get(key);
    return value === undefined ? undefined : { value };
  }

  async create(key: string, value: string): Promise<boolean> {
    if (this.rows.has(key)) return false;
    this.rows.set(key, value);
    return true;
  }

  async replace(key: string, value: string, expected: StoreEntry): Promise<Replaced> {
    const current = this.rows.get(key);
    if (current === undefined) return { status: "missing" };
    if (current !== expected.value) return { status: "conflict", current: { value: current } };
    this.rows.set(key, value);
    return { status: "ok", entry: { value } };
  }

  touch(key: string, header: string, expected: StoreEntry): Promise<Replaced> {
    return this.replace(key, header + expected.value.slice(header.length), expected);
  }

  async remove(key: string): Promise<void> {
    this.rows.delete(key);
  }

  *keys(prefix: string): Generator<string> {
    for (const key of this.rows.keys()) if (key.startsWith(prefix)) yield key;
  }
}
