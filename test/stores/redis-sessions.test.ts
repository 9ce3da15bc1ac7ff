import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSessionManager, type Session, type SessionManager, type SessionOptions } from "unsession";
import { createGenericStore } from "../../src/stores/generic.ts";
import { startRedis, startRedisCluster, type RedisServer } from "../services/redis.ts";
import { commandsOf, overCluster, overServer, type Open, type Opened } from "./_redis.ts";
import { begin, codesOf, idOf, inParallel, timeouts, visit } from "./_sessions.ts";
import { createClock, type Clock } from "./contract.ts";

/** Sessions over servers, each manager with a connection of its own. */
function describeSessions(ways: Readonly<Record<string, Open>>, start: () => Promise<readonly RedisServer[]>): void {
  let servers: readonly RedisServer[];
  beforeAll(async () => void (servers = await start()));
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  describe.each(Object.entries(ways))("%s", (way, open) => {
    let opened: Opened[];
    let managers: readonly SessionManager[];
    let cookie: string;

    beforeAll(() => {
      opened = Array.from({ length: 4 }, () => open(servers));
      managers = opened.map(({ storage }) => createSessionManager({ storage, timeouts }));
    });
    afterAll(() => Promise.all(opened.map((one) => one.close())));
    beforeEach(async () => void (cookie = await begin(managers[0] as SessionManager)));

    const managerOf = (n: number): SessionManager => managers[n % managers.length] as SessionManager;
    const dataOf = async (): Promise<Record<string, unknown>> => ({ ...(await managerOf(1).load(cookie)) });

    /** As many requests at once, each of which has loaded before any commits. */
    const concurrently = async (count: number, handle: (session: Session, n: number) => void): Promise<Promise<unknown>[]> => {
      const sessions = await inParallel(count, (n) => managerOf(n).load(cookie));
      return sessions.map((session, n) => {
        handle(session, n);
        return managerOf(n).commit(session);
      });
    };

    it("keep all 50 keys of 50 concurrent writers", async () => {
      await Promise.all(await concurrently(50, (session, n) => void (session[`key${n}`] = n)));
      const { begun: _, ...kept } = await dataOf();
      expect(kept).toEqual(Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`key${n}`, n])));
    });

    it("count exactly to 200 with 200 concurrent writers", async () => {
      const began = performance.now();
      await Promise.all(await concurrently(200, (session) => session.$increment("count")));
      const perSecond = Math.round(200_000 / (performance.now() - began));
      console.info(`${way}: 200 writers of one session, loads included: ${perSecond} commits a second`);
      expect((await dataOf())["count"]).toBe(200);
    });

    it("stay ended, whatever writes are in flight", async () => {
      const writes = await concurrently(50, (session, n) => {
        if (n !== 25) session[`key${n}`] = n;
      });
      // Heard from now on: the first fail before the end is acknowledged.
      const failing = codesOf(writes);
      const ender = await managerOf(2).load(cookie);
      await ender.$destroy();
      const codes = await failing;
      expect(codes.every((code) => code === "ERR_SESSION_GONE")).toBe(true);
      expect(await dataOf()).toEqual({});
      await expect(visit(managerOf(3), cookie, (session) => void (session.late = true))).rejects.toMatchObject({
        code: "ERR_SESSION_GONE",
      });
    });

    it("have one winner of concurrent calls of $regenerate", async () => {
      const sessions = await inParallel(10, (n) => managerOf(n).load(cookie));
      const codes = await codesOf(sessions.map((session) => session.$regenerate()));
      expect(codes).toEqual(Array.from({ length: 9 }, () => "ERR_SESSION_CONFLICT"));
    });

    it("are listed once each, and cleared", async () => {
      const [{ storage }] = opened as [Opened];
      const manager = createSessionManager({ storage, prefix: "listed:", timeouts });
      await inParallel(30, () => begin(manager));
      expect(await manager.count()).toBe(30);
      await manager.clear();
      expect(await manager.count()).toBe(0);
    });
  });
}

const all = process.env["ALL"] === "1";
const quick = ["ioredis 5", "unstorage 2.0.0-beta.0 with ioredis 6"];

describe("sessions over a server,", () => {
  const ways = Object.entries(overServer).filter(([way]) => all || quick.includes(way));
  describeSessions(Object.fromEntries(ways), async () => [await startRedis()]);
});

if (all) {
  describe("sessions over three nodes,", () => {
    describeSessions(overCluster, startRedisCluster);
  });
}

describe("a request", () => {
  let server: RedisServer;
  let admin: Redis;
  let client: Redis;
  let clock: Clock;
  let manager: SessionManager;
  let cookie: string;

  beforeAll(async () => {
    server = await startRedis();
    admin = new Redis(server.url);
    client = new Redis(server.url);
    // Every script is known to the server: what follows is not about its first use.
    clock = createClock();
    const learning = createSessionManager({ storage: client, now: clock.now, idleTimeout: 1000 });
    const learnt = await begin(learning);
    clock.advance(100_000);
    await visit(learning, learnt, () => undefined);
    await visit(learning, learnt, (session) => session.$destroy());
  });
  afterAll(async () => {
    admin.disconnect();
    client.disconnect();
    await server.stop();
  });

  /** Redis counts what a script runs as well: a script is one round trip, and below it stands what it runs. */
  const READ = { get: 1 };
  const CREATE = { set: 1 };
  const REPLACE = { evalsha: 1, getrange: 1, set: 1 };
  const TOUCH = { evalsha: 1, getrange: 1, setrange: 1, pexpire: 1 };

  const begins = async (options: SessionOptions = {}): Promise<void> => {
    manager = createSessionManager({ storage: client, now: clock.now, idleTimeout: 1000, ...options });
    cookie = await begin(manager);
    await admin.config("RESETSTAT");
  };

  it.each<[string, (session: Session) => unknown, string | undefined, object]>([
    ["that uses no session costs nothing", () => undefined, undefined, {}],
    ["without a cookie that only reads costs nothing", (session) => session.user, undefined, {}],
    ["with a malformed token costs nothing", (session) => session.user, "session=a b", {}],
    ["with a badly signed token costs nothing", (session) => session.user, `session=${"x".repeat(43)}.${"y".repeat(43)}`, {}],
    ["with a new session costs one round trip", (session) => void (session.a = 1), undefined, CREATE],
    ["with an unknown token costs one round trip", (session) => session.user, `session=${"x".repeat(43)}`, READ],
  ])("%s", async (_what, handle, sent, cost) => {
    await begins(sent?.includes(".") === true ? { secret: "a secret that is long enough to sign" } : {});
    await visit(manager, sent, handle);
    expect(await commandsOf(admin)).toEqual(cost);
  });

  it.each<[string, (session: Session) => unknown, number, object]>([
    ["that reads costs one round trip", (session) => session.begun, 0, READ],
    ["that reads at a renewal step costs two", (session) => session.begun, 100_000, { ...READ, ...TOUCH }],
    ["that writes costs two", (session) => void (session.a = 1), 0, { ...READ, ...REPLACE }],
    ["that writes at a renewal step costs two", (session) => void (session.a = 1), 100_000, { ...READ, ...REPLACE }],
    ["that writes what was there costs one", (session) => void (session.begun = true), 0, READ],
    ["that destroys costs two", (session) => session.$destroy(), 0, { ...READ, ...REPLACE }],
    ["that clears costs two", (session) => session.$clear(), 0, { ...READ, ...REPLACE }],
    ["that regenerates costs three", (session) => session.$regenerate(), 0, { ...READ, ...REPLACE, set: 2 }],
  ])("with a session %s", async (_what, handle, after, cost) => {
    await begins();
    clock.advance(after);
    await visit(manager, cookie, handle);
    expect(await commandsOf(admin)).toEqual(cost);
  });

  it("that meets a conflict costs one round trip more", async () => {
    await begins();
    const session = await manager.load(cookie);
    await visit(manager, cookie, (other) => other.$increment("count"));
    await admin.config("RESETSTAT");
    session.$increment("count");
    await manager.commit(session);
    expect(await commandsOf(admin)).toEqual({ evalsha: 2, getrange: 2, get: 1, set: 1 });
  });
});

describe("unstorage's own record of a session", () => {
  let server: RedisServer;
  let opened: Opened;
  beforeAll(async () => void (server = await startRedis()));
  afterAll(() => server.stop());
  afterEach(() => opened.close());

  it.each(["unstorage 1.17.6 with a base", "unstorage 2.0.0-beta.0 with ioredis 5"])(
    "is read and taken over: %s",
    async (way) => {
      opened = (overServer[way] as Open)([server]);
      const before = createGenericStore(opened.storage as never, { name: "redis", prefix: "session:", now: Date.now });
      const cookie = await begin(createSessionManager({ storage: before }));
      const manager = createSessionManager({ storage: opened.storage });
      await visit(manager, cookie, (session) => session.$increment("count"));
      expect({ ...(await manager.load(cookie)) }).toEqual({ begun: true, count: 1 });
      expect(await manager.count()).toBe(1);
      expect(await idOf(manager, cookie)).toHaveLength(43);
    },
  );
});
