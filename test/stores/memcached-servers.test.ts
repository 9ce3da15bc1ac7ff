import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createStorage } from "unstorage";
import { createSessionManager, type Session, type SessionManager } from "unsession";
import memcached from "unsession/drivers/memcached";
import { startMemcached, stopMemcached, type MemcachedServer } from "../services/memcached.ts";
import { begin, codesOf, idOf, inParallel, timeouts, visit } from "./_sessions.ts";

let servers: MemcachedServer[];
let sessions: SessionManager;

beforeEach(async () => {
  servers = await Promise.all([startMemcached(), startMemcached(), startMemcached()]);
  const driver = memcached({ servers: servers.map(({ address }) => address) });
  sessions = createSessionManager({ storage: createStorage({ driver }), timeouts });
});

afterEach(stopMemcached);

const dataOf = (cookie: string): Promise<object | undefined> => sessions.find(cookie.slice("session=".length));

/** The servers that hold the session of a cookie. */
async function holders(cookie: string): Promise<MemcachedServer[]> {
  const key = `session:${await idOf(sessions, cookie)}`;
  const answers = await Promise.all(servers.map((server) => server.ask(`mg ${key} t`)));
  return servers.filter((_, n) => answers[n]?.startsWith("HD"));
}

/** Sessions until one is on each server: a cookie for each. */
async function cookieOnEach(): Promise<string[]> {
  const found = new Map<MemcachedServer, string>();
  while (found.size < servers.length) {
    const cookie = await begin(sessions);
    found.set((await holders(cookie))[0] as MemcachedServer, cookie);
  }
  return servers.map((server) => found.get(server) as string);
}

describe("sessions on several memcached servers", () => {
  it("are each on one of them, and spread over all", async () => {
    const cookies = await inParallel(120, () => begin(sessions));
    const held = await Promise.all(cookies.map((cookie) => holders(cookie)));
    expect(held.every(({ length }) => length === 1)).toBe(true);
    for (const server of servers) expect(held.filter(([holder]) => holder === server).length).toBeGreaterThan(20);
  });

  it("are found by a process that lists the servers in another order", async () => {
    const cookies = await cookieOnEach();
    const driver = memcached({ servers: servers.map(({ address }) => address).toReversed() });
    const other = createSessionManager({ storage: createStorage({ driver }), timeouts });
    for (const cookie of cookies) await visit(other, cookie, (session) => session.$increment("views"));
    for (const cookie of cookies) expect(await dataOf(cookie)).toEqual({ begun: true, views: 1 });
  });

  describe("of which one dies", () => {
    let onDead: string;
    let others: string[];

    beforeEach(async () => {
      [onDead, ...others] = (await cookieOnEach()) as [string, ...string[]];
    });

    const kill = (): Promise<void> | undefined => servers[0]?.kill();
    const restart = (): Promise<void> | undefined => servers[0]?.restart();

    it("fail if they were there, and go on if they were not", async () => {
      await kill();
      await expect(sessions.load(onDead)).rejects.toMatchObject({ code: "ERR_SESSION_STORE", status: 503 });
      for (const cookie of others) await visit(sessions, cookie, (session) => session.$increment("views"));
      for (const cookie of others) expect(await dataOf(cookie)).toEqual({ begun: true, views: 1 });
    });

    it("move to no other server", async () => {
      const session = await sessions.load(onDead);
      session.$increment("views");
      await kill();
      expect(await codesOf([sessions.commit(session), session.$destroy()])).toEqual(Array(2).fill("ERR_SESSION_STORE"));
      const key = `session:${session.$id}`;
      expect(await servers[1]?.ask(`mg ${key} t`)).toBe("EN\r\n");
      expect(await servers[2]?.ask(`mg ${key} t`)).toBe("EN\r\n");
    });

    it("are fresh ones once it is back, empty, and are kept there again", async () => {
      await kill();
      await restart();
      const session = await sessions.load(onDead);
      expect([session.$isNew, { ...session }]).toEqual([true, {}]);
      const again = await cookieOnEach();
      for (const cookie of again) expect(await dataOf(cookie)).toEqual({ begun: true });
    });

    it("tell writers that began before it died that the session is gone", async () => {
      const session = await sessions.load(onDead);
      session["late"] = true;
      await kill();
      await restart();
      await expect(sessions.commit(session)).rejects.toMatchObject({ code: "ERR_SESSION_GONE" });
      expect(await dataOf(onDead)).toBeUndefined();
    });
  });

  it("stay ended when their server could not be reached for a while, and comes back with what it had", async () => {
    const cookie = await begin(sessions);
    const [server] = await holders(cookie);
    const slow = await sessions.load(cookie);
    slow["late"] = true;
    await visit(sessions, cookie, (session: Session) => session.$destroy());
    server?.pause();
    const impatient = createSessionManager({
      storage: createStorage({ driver: memcached({ servers: servers.map(({ address }) => address), timeout: 200 }) }),
    });
    await expect(impatient.load(cookie)).rejects.toMatchObject({ code: "ERR_SESSION_STORE" });
    server?.resume();
    await expect(sessions.commit(slow)).rejects.toMatchObject({ code: "ERR_SESSION_GONE" });
    expect(await dataOf(cookie)).toBeUndefined();
  });
});
