import type { Duplex } from "node:stream";
import { Redis } from "ioredis";
import { Redis as Redis6 } from "ioredis-6";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createSessionManager, type Session, type SessionManager } from "unsession";
import { startRedis, type RedisServer } from "../services/redis.ts";
import { begin, inParallel, timeouts, visit } from "./_sessions.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

describe.each([
  ["ioredis 5", (url: string, options: object = {}) => new Redis(url, options)],
  ["ioredis 6", (url: string, options: object = {}) => new Redis6(url, options) as unknown as Redis],
])("what a client of %s is asked in one turn", (_version, connect) => {
  let client: Redis;
  let manager: SessionManager;
  let cookies: string[];
  beforeEach(async () => {
    client = connect(server.url);
    manager = createSessionManager({ storage: client, timeouts });
    cookies = [];
    for (let n = 0; n < 20; n++) cookies.push(await visit(manager, undefined, (session) => void (session.n = n)));
    // The script of a write is known to the server from then on.
    await visit(manager, cookies[0], (session) => void (session.warm = true));
  });
  afterEach(() => {
    vi.useRealTimers();
    client.disconnect();
  });

  /** How often a task wrote to the socket. */
  const writesOf = async (task: () => unknown): Promise<number> => {
    const stream = client["stream"] as Duplex;
    const spies = [vi.spyOn(stream, "_write"), vi.spyOn(stream, "_writev" as "_write")];
    await task();
    const writes = spies.reduce((sum, { mock }) => sum + mock.calls.length, 0);
    for (const spy of spies) spy.mockRestore();
    return writes;
  };
  const loadAll = (): Promise<Session[]> => Promise.all(cookies.map((cookie) => manager.load(cookie)));
  const numbers = (sessions: readonly Session[]): unknown[] => sessions.map(({ n }) => n);

  it("is sent in two pieces, and in one while there is much to do", async () => {
    await manager.load(cookies[0]);
    expect(await writesOf(loadAll)).toBe(2);
    expect(await writesOf(loadAll)).toBe(1);
    expect(numbers(await loadAll())).toEqual([...cookies.keys()]);
  });

  it("is sent at once if it is one command", async () => {
    await manager.load(cookies[0]);
    let loading: Promise<Session> | undefined;
    expect(await writesOf(() => void (loading = manager.load(cookies[1])))).toBe(1);
    expect(numbers([(await loading) as Session])).toEqual([1]);
  });

  it("is sent in few pieces when it is written, too", async () => {
    const sessions = await loadAll();
    for (const session of sessions) session.$increment("count");
    expect(await writesOf(() => Promise.all(sessions.map((session) => manager.commit(session))))).toBeLessThan(5);
    expect((await loadAll()).map(({ count }) => count)).toEqual(cookies.map(() => 1));
  });

  it("is sent in few pieces when all sessions are counted", async () => {
    const before = await manager.count();
    expect(before).toBeGreaterThanOrEqual(cookies.length);
    expect(await writesOf(() => manager.count())).toBeLessThan(cookies.length / 2);
  });

  it("goes together with what the application asks, in the order in which it was asked", async () => {
    const loading = loadAll();
    const own = [client.set("own", 1), client.incr("own"), client.incr("own")];
    const more = loadAll();
    expect(await Promise.all(own)).toEqual(["OK", 2, 3]);
    expect(numbers([...(await loading), ...(await more)])).toEqual([...cookies.keys(), ...cookies.keys()]);
  });

  it("is answered by the next connection if this one is lost in the same turn", async () => {
    await manager.load(cookies[0]);
    const lost = client["stream"];
    const loading = loadAll();
    expect([client["commandQueue"].length, lost.writableCorked]).toEqual([cookies.length, 1]);
    lost.destroy();
    expect(numbers(await loading)).toEqual([...cookies.keys()]);
    expect(client["stream"]).not.toBe(lost);
    expect([client["stream"].writableCorked, lost.writableCorked]).toEqual([0, 0]);
  });

  it("is answered before the client quits", async () => {
    const loading = loadAll();
    await client.quit();
    expect(numbers(await loading)).toEqual([...cookies.keys()]);
  });

  it("waits in ioredis until there is a connection", async () => {
    const late = connect(server.url, { lazyConnect: true });
    const early = createSessionManager({ storage: late, timeouts });
    expect(numbers(await inParallel(20, (n) => early.load(cookies[n])))).toEqual([...cookies.keys()]);
    late.disconnect();
  });

  it("is sent while a test holds the timers still, from before the first session", async () => {
    vi.resetModules();
    const fresh = await import("unsession");
    vi.useFakeTimers();
    const still = fresh.createSessionManager({ storage: client, timeouts });
    expect(numbers(await inParallel(20, (n) => still.load(cookies[n])))).toEqual([...cookies.keys()]);
    expect(await begin(still)).toMatch(/^session=/);
  });
});
