import { Redis } from "ioredis";
import { MongoClient } from "mongodb";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createStorage } from "unstorage";
import { createSessionManager, type SessionManager, type SessionOptions } from "unsession";
import memcached from "unsession/drivers/memcached";
import memory from "unsession/drivers/memory";
import { createMongodbStore } from "../../src/stores/mongodb.ts";
import { startMemcached, stopMemcached } from "../services/memcached.ts";
import { startMongodb } from "../services/mongodb.ts";
import { startRedis, startRedisCluster } from "../services/redis.ts";
import { unstorage2 } from "./_drivers.ts";
import { overCluster, type Open } from "./_redis.ts";
import { codesOf, inParallel, otherProcess, timeouts, visit } from "./_sessions.ts";
import { createClock } from "./contract.ts";

/** A back end that runs: what a process is given to reach it. */
interface BackEnd {
  readonly connect: () => object;
  readonly stop: () => unknown;
}

const backEnds: Readonly<Record<string, () => Promise<BackEnd>>> = {
  async "the memory driver"() {
    const driver = memory();
    return { connect: () => driver, stop: () => undefined };
  },
  async Redis() {
    const server = await startRedis();
    const clients: Redis[] = [];
    const connect = (): Redis => {
      const client = new Redis(server.url);
      clients.push(client);
      return client;
    };
    return {
      connect,
      async stop() {
        for (const client of clients) client.disconnect();
        await server.stop();
      },
    };
  },
  async "a Cluster of Redis"() {
    const servers = await startRedisCluster();
    const opened = inParallel(4, async () => (overCluster["a Cluster of ioredis 5"] as Open)(servers));
    const ways = await opened;
    let next = 0;
    return {
      connect: () => (ways[next++ % 4] as (typeof ways)[number]).storage,
      async stop() {
        await Promise.all(ways.map((way) => way.close()));
        await Promise.all(servers.map((server) => server.stop()));
      },
    };
  },
  async memcached() {
    const { address } = await startMemcached();
    return {
      connect: () => createStorage({ driver: memcached({ servers: address, timeout: 30_000 }) }),
      stop: stopMemcached,
    };
  },
  async MongoDB() {
    const server = await startMongodb();
    const databaseName = `owners-${process.pid}`;
    const clients: MongoClient[] = [];
    return {
      connect() {
        const client = new MongoClient(server.url);
        clients.push(client);
        return createMongodbStore(client.db(databaseName).collection("sessions") as never);
      },
      async stop() {
        await clients[0]?.db(databaseName).dropDatabase();
        await Promise.all(clients.map((client) => client.close()));
        await server.close();
      },
    };
  },
  async "any other driver, in one process"() {
    const driver = unstorage2.memory();
    return { connect: () => createStorage({ driver }), stop: () => undefined };
  },
};

const all = process.env["ALL"] === "1";
const shown = Object.entries(backEnds).filter(([name]) => all || name !== "a Cluster of Redis");

describe.each(shown)("sessions by owner in %s", (_, start) => {
  let backEnd: BackEnd;
  let storages: object[];
  let managers: SessionManager[];
  let owner: string;

  const manage = (options: SessionOptions = {}): SessionManager[] =>
    storages.map((storage) => createSessionManager({ storage, timeouts, ...options }));
  const managerOf = (n: number): SessionManager => managers[n % managers.length] as SessionManager;
  const login = (n: number): Promise<string> =>
    visit(managerOf(n), undefined, async (session) => {
      session["n"] = n;
      await session.$setOwner(owner, { device: `device ${n}` });
    });
  const isAlive = async (cookie: string): Promise<boolean> => !(await managerOf(1).load(cookie)).$isNew;

  beforeAll(async () => {
    backEnd = await start();
    storages = Array.from({ length: 4 }, () => backEnd.connect());
  });
  afterAll(() => backEnd.stop());
  beforeEach(() => {
    managers = manage();
    owner = crypto.randomUUID();
  });

  it("are listed, all fifty that begin at once", async () => {
    await inParallel(50, login);
    const devices = (await managerOf(0).listByOwner(owner)).map(({ meta }) => meta.device);
    expect(devices.sort()).toEqual(Array.from({ length: 50 }, (__, n) => `device ${n}`).sort());
  });

  it("end together, but for one", async () => {
    const cookies = await inParallel(5, login);
    const kept = await managerOf(2).load(cookies[3]);
    expect(await managerOf(0).destroyByOwner(owner, { except: kept })).toBe(4);
    expect(await inParallel(5, (n) => isAlive(cookies[n] as string))).toEqual([false, false, false, true, false]);
    expect((await managerOf(1).listByOwner(owner)).map(({ id }) => id)).toEqual([kept.$id]);
  });

  it("are gone if they began before, and gone or listed if they begin meanwhile", async () => {
    const before = await inParallel(10, login);
    const beginning = inParallel(20, (n) => login(n).catch(({ code }) => void expect(code).toBe("ERR_SESSION_GONE")));
    const moving = codesOf(before.slice(0, 5).map((cookie, n) => visit(managerOf(n), cookie, (one) => one.$regenerate())));
    await managerOf(0).destroyByOwner(owner);
    expect(await inParallel(10, (n) => isAlive(before[n] as string))).toEqual(Array(10).fill(false));
    expect((await moving).filter((code) => code !== "ERR_SESSION_GONE")).toEqual([]);
    const alive = (await beginning).filter((cookie) => cookie !== undefined);
    const listed = (await managerOf(1).listByOwner(owner)).map(({ id }) => id);
    for (const cookie of alive) {
      const session = await managerOf(2).load(cookie);
      expect(session.$isNew || listed.includes(session.$id as string)).toBe(true);
    }
    await managerOf(3).destroyByOwner(owner);
    expect(await inParallel(alive.length, (n) => isAlive(alive[n] as string))).toEqual(alive.map(() => false));
  });

  it.each(["oldest", "refuse"] as const)("are three of fifty that begin at once, where no more may be (%s)", async (whenFull) => {
    managers = manage({ maxPerOwner: { max: 3, whenFull } });
    const settled = await Promise.allSettled(Array.from({ length: 50 }, (__, n) => login(n)));
    expect(await managerOf(0).listByOwner(owner)).toHaveLength(3);
    const cookies = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const alive = await inParallel(cookies.length, (n) => isAlive(cookies[n] as string));
    expect(alive.filter(Boolean)).toHaveLength(3);
  });
});

describe("sessions by owner in a driver without conditional writes", () => {
  it("do not live unlisted, though another process ends them just before they are written", async () => {
    const driver = unstorage2.memory();
    const ending = createSessionManager({ storage: otherProcess(driver), timeouts });
    const cookie = await visit(ending, undefined, (session) => void (session["cart"] = 1));
    const key = `session:${(await ending.load(cookie)).$id}`;
    let ended = false;
    const slow = otherProcess(driver, async (method, at, call) => {
      if (method === "setItemRaw" && at === key && !ended) {
        ended = true;
        await ending.destroyByOwner("ada");
      }
      return call();
    });
    const session = await createSessionManager({ storage: slow, timeouts }).load(cookie);
    expect(await codesOf([session.$setOwner("ada")])).toEqual(["ERR_SESSION_GONE"]);
    expect((await ending.load(cookie)).$isNew).toBe(true);
  });

  it("leave nothing behind once they are over and swept", async () => {
    const clock = createClock();
    const driver = unstorage2.memory();
    const manager = createSessionManager({ storage: driver, now: clock.now, idleTimeout: 60, timeouts });
    await visit(manager, undefined, (session) => session.$setOwner("ada"));
    await visit(manager, undefined, (session) => session.$setOwner("ada"));
    expect(await manager.sweep()).toBe(0);
    clock.advance(300_000);
    expect(await manager.sweep()).toBe(3);
    expect(await driver.getKeys("")).toEqual([]);
  });
});
