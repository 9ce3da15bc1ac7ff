import { inspect } from "node:util";
import { Redis } from "ioredis";
import { Redis as Redis6 } from "ioredis-6";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSessionManager, type Session, type SessionManager, type SessionOptions } from "unsession";
import { createRedisStore } from "../../src/stores/redis.ts";
import { startRedis, until, type RedisServer } from "../services/redis.ts";
import { commandsOf, header } from "./_redis.ts";
import { begin, codesOf, idOf, inParallel, visit } from "./_sessions.ts";

const HOUR = 3_600_000;

/** Short, so that tests are; a failure takes no longer, but for the time in which the processors are busy elsewhere. */
const timeouts = { load: 150, save: 250 };
const PATIENCE = 2_000;

const increment = (session: Session): void => session.$increment("count");

describe.each([
  ["ioredis 5", (url: string, options: object = {}) => new Redis(url, options)],
  ["ioredis 6", (url: string, options: object = {}) => new Redis6(url, options) as unknown as Redis],
])("sessions over %s, with its own defaults,", (_version, connect) => {
  let server: RedisServer;
  let client: Redis;
  let manager: SessionManager;
  let cookie: string;
  const closing: (() => unknown)[] = [];

  const manage = (options: SessionOptions = {}): SessionManager =>
    createSessionManager({ storage: client, timeouts, ...options });
  /** A client that ends with the test. */
  const connected = (url: string, options?: object): Redis => {
    const made = connect(url, options);
    closing.push(() => made.disconnect());
    return made;
  };

  beforeEach(async () => {
    server = await startRedis();
    closing.push(() => server.stop());
    client = connected(server.url);
    await client.ping();
    manager = manage();
    // The server knows the script: a write is one round trip.
    const patient = manage({ timeouts: { load: 30_000, save: 30_000 } });
    await visit(patient, await begin(patient), increment);
    await client.flushdb();
    cookie = await begin(patient);
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  /** What a request failed with, in time. */
  const failureOf = async (asked: Promise<unknown>): Promise<Error & { code?: unknown; status?: unknown }> => {
    const began = performance.now();
    const error = await asked.then(
      () => new Error("nothing was thrown"),
      (thrown: Error) => thrown,
    );
    expect(performance.now() - began).toBeLessThan(PATIENCE);
    return error;
  };
  const expectUnavailable = async (asked: Promise<unknown>): Promise<Error> => {
    const error = await failureOf(asked);
    expect(error).toMatchObject({ code: "ERR_SESSION_STORE", status: 503 });
    return error;
  };
  /** The data, once Redis answers again. */
  const dataOf = async (): Promise<Record<string, unknown>> => {
    await until("Redis answers", () =>
      client.ping().then(
        () => true,
        () => false,
      ),
    );
    return { ...(await manage({ timeouts: { load: 30_000 } }).load(cookie)) };
  };

  it("are refused in time where no Redis ever was", async () => {
    await server.kill();
    const lonely = createSessionManager({ storage: connected(server.url), timeouts });
    await expectUnavailable(lonely.load(cookie));
    const fresh = await lonely.load();
    fresh.a = 1;
    await expectUnavailable(lonely.commit(fresh));
  });

  it("are refused in time while Redis is dead, and served by the same client when it is back", async () => {
    await server.kill();
    await expectUnavailable(manager.load(cookie));
    await server.restart();
    expect(await dataOf()).toEqual({});
    cookie = await begin(manager);
    expect(await dataOf()).toEqual({ begun: true });
  });

  it("are refused in time while Redis hangs, and served when it goes on", async () => {
    server.pause();
    await expectUnavailable(manager.load(cookie));
    await expectUnavailable(manager.find(cookie.slice("session=".length)));
    await expectUnavailable(manager.count());
    server.resume();
    expect(await dataOf()).toEqual({ begun: true });
    expect(await manager.count()).toBe(1);
  });

  it("are refused at once by a client without an offline queue, until it is connected", async () => {
    await server.kill();
    const eager = createSessionManager({
      storage: connected(server.url, { enableOfflineQueue: false }),
      timeouts: { load: HOUR },
    });
    await expectUnavailable(eager.load(cookie));
    await server.restart();
    await until("the client is connected", () =>
      eager.load(cookie).then(
        () => true,
        () => false,
      ),
    );
  });

  it("are changed once by a save that was given up, arrived late, and was repeated", async () => {
    const session = await manager.load(cookie);
    increment(session);
    server.pause();
    await expectUnavailable(session.$save());
    server.resume();
    expect((await dataOf())["count"]).toBe(1);
    await session.$save();
    expect((await dataOf())["count"]).toBe(1);
  });

  it("whose create was given up are no session of anybody's, when it arrives late", async () => {
    const session = await manager.load();
    server.pause();
    session.a = 1;
    await expectUnavailable(manager.commit(session));
    server.resume();
    expect(await dataOf()).toEqual({ begun: true });
    expect({ ...(await manager.load()) }).toEqual({});
  });

  it("are changed exactly once by a write that the client sent twice", async () => {
    const patient = manage({ timeouts: { load: 30_000, save: 30_000 } });
    const session = await patient.load(cookie);
    increment(session);
    server.pause();
    const saving = patient.commit(session);
    await until("the write was sent", () => client["commandQueue"].length > 0);
    client["stream"].destroy();
    server.resume();
    await saving;
    expect((await dataOf())["count"]).toBe(1);
  });

  it("lose no acknowledged change while connections are reset", async () => {
    const patient = manage({ timeouts: { load: 30_000, save: 30_000 } });
    const admin = connected(server.url);
    for (let round = 0; round < 5; round++) {
      const sessions = await inParallel(10, () => patient.load(cookie));
      sessions.forEach(increment);
      const commits = sessions.map((session) => patient.commit(session));
      await commits[round];
      await admin.client("KILL", "TYPE", "normal", "SKIPME", "yes");
      await Promise.all(commits);
    }
    expect((await dataOf())["count"]).toBe(50);
  });

  it("survive that the server forgets its scripts", async () => {
    await visit(manager, cookie, increment);
    await client.script("FLUSH");
    await client.config("RESETSTAT");
    await visit(manager, cookie, increment);
    expect(await commandsOf(client)).toMatchObject({ evalsha: 1, eval: 1, set: 1 });
    await visit(manager, cookie, increment);
    expect(await commandsOf(client)).toMatchObject({ evalsha: 2, eval: 1, set: 2 });
    expect((await dataOf())["count"]).toBe(3);
  });

  it("are not made anew by a save or a touch after everything was deleted", async () => {
    let now = Date.now();
    const aged = manage({ now: () => now });
    const [saver, toucher] = await inParallel(2, () => aged.load(cookie));
    now += 10 * 24 * HOUR;
    await client.flushall();
    increment(saver as Session);
    expect(await failureOf(aged.commit(saver as Session))).toMatchObject({ code: "ERR_SESSION_GONE" });
    expect(await aged.commit(toucher as Session)).toEqual([]);
    expect(await client.dbsize()).toBe(0);
  });

  it("are not made anew by a save after Redis came back empty", async () => {
    const session = await manager.load(cookie);
    increment(session);
    await server.restart();
    const error = await failureOf(manage({ timeouts: { load: 30_000, save: 30_000 } }).commit(session));
    expect(["ERR_SESSION_GONE", "ERR_SESSION_STORE"]).toContain(error.code);
    expect(await dataOf()).toEqual({});
    expect(await client.dbsize()).toBe(0);
  });

  it("can be read on a replica, and a save there is refused", async () => {
    const replica = await startRedis("--replicaof", `${server.host} ${server.port}`);
    closing.push(() => replica.stop());
    const reader = connected(replica.url);
    await client.config("SET", "repl-diskless-sync-delay", "0");
    await until("the replica has the session", async () => (await reader.dbsize()) === 1);
    const there = createSessionManager({ storage: reader, timeouts: { load: 30_000, save: 2_000 } });
    const session = await there.load(cookie);
    expect({ ...session }).toEqual({ begun: true });
    increment(session);
    const error = await expectUnavailable(there.commit(session));
    expect(String(error.cause)).toContain("READONLY");
    expect(await dataOf()).toEqual({ begun: true });
  });

  it("stay as they were when Redis has no memory left", async () => {
    const session = await manager.load(cookie);
    increment(session);
    await client.config("SET", "maxmemory", "1");
    const error = await expectUnavailable(manager.commit(session));
    expect(String(error.cause)).toContain("OOM");
    expect(await dataOf()).toEqual({ begun: true });
  });

  it("are never replaced by a fresh one where the key holds something else", async () => {
    const key = `session:${await idOf(manager, cookie)}`;
    const session = await manager.load(cookie);
    increment(session);
    await client.multi().del(key).hset(key, "a", "hash").exec();
    expect(String((await expectUnavailable(manager.commit(session))).cause)).toContain("WRONGTYPE");
    expect(String((await expectUnavailable(manager.load(cookie))).cause)).toContain("WRONGTYPE");
    expect(await client.hgetall(key)).toEqual({ a: "hash" });
  });

  it("are refused where the password is wrong", async () => {
    await client.config("SET", "requirepass", "secret");
    const stranger = createSessionManager({ storage: connected(server.url), timeouts });
    await expectUnavailable(stranger.load(cookie));
  });

  it("leave neither key nor data in an error", async () => {
    const raw = manage({ hashIds: false });
    const token = (await begin(raw)).slice("session=".length);
    const session = await raw.load(`session=${token}`);
    session.user = "confidential";
    await client.config("SET", "maxmemory", "1");
    const shown = inspect(await expectUnavailable(raw.commit(session)), { depth: 10, showHidden: true });
    expect(shown).toContain("OOM");
    expect(shown).not.toContain(token);
    expect(shown).not.toContain("confidential");
  });

  describe("in the store", () => {
    it("a conflict is uncertain if the connection closed during the write, which may be ours", async () => {
      const store = createRedisStore(client as never);
      await store.create("key", header(1), HOUR);
      server.pause();
      const answer = store.replace("key", header(2), { value: header(1) }, HOUR);
      await until("the write was sent", () => client["commandQueue"].length > 0);
      client["stream"].destroy();
      server.resume();
      expect(await answer).toEqual({ status: "conflict", current: { value: header(2) }, uncertain: true });
    });

    it("a conflict is certain if the connection lasted", async () => {
      const store = createRedisStore(client as never);
      await store.create("key", header(2), HOUR);
      const answer = await store.replace("key", header(2), { value: header(1) }, HOUR);
      expect(answer).toEqual({ status: "conflict", current: { value: header(2) }, uncertain: false });
    });
  });

  it("leave no rejection unhandled when many requests were given up", async () => {
    server.pause();
    const codes = await codesOf(Array.from({ length: 50 }, () => manager.load(cookie)));
    expect(codes).toEqual(Array.from({ length: 50 }, () => "ERR_SESSION_STORE"));
    client["stream"].destroy();
    client.disconnect();
    await until("the client has ended", () => client.status === "end");
  });
});
