import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createStorage } from "unstorage";
import { createSessionManager, type Session, type SessionManager, type SessionOptions } from "unsession";
import memcached from "unsession/drivers/memcached";
import { startMemcached, stopMemcached, type MemcachedServer } from "../services/memcached.ts";
import { startTcpProxy, type TcpProxy } from "../services/tcp-proxy.ts";
import { begin, codesOf, idOf, inParallel, timeouts, visit } from "./_sessions.ts";

const DAY = 24 * 60 * 60;

let server: MemcachedServer;
let proxy: TcpProxy;
let processes: readonly [SessionManager, SessionManager, SessionManager];
let cookie: string;

/** A manager as another process has it: nothing is shared but the server. */
function start(options: SessionOptions = {}, servers: string = server.address): SessionManager {
  const driver = memcached({ servers, timeout: 30_000 });
  return createSessionManager({ storage: createStorage({ driver }), timeouts, ...options });
}

const dataOf = (of: string = cookie): Promise<Record<string, any> | undefined> => processes[0].find(of.slice("session=".length));

/** Sessions of requests that have all loaded before any of them commits, spread over the processes. */
async function loadAll(count: number): Promise<{ session: Session; commit: () => Promise<string[]> }[]> {
  return inParallel(count, async (n) => {
    const manager = processes[n % processes.length] as SessionManager;
    const session = await manager.load(cookie);
    return { session, commit: () => manager.commit(session) };
  });
}

beforeAll(async () => {
  server = await startMemcached();
  proxy = await startTcpProxy(server.address);
});

afterAll(async () => {
  await proxy.close();
  await stopMemcached();
});

beforeEach(async () => {
  processes = [start(), start(), start()];
  cookie = await begin(processes[0]);
});

describe("sessions in memcached", () => {
  it("are of class A, with no list", async () => {
    expect(processes[0].capabilities).toEqual({
      class: "A",
      ttl: true,
      list: false,
      maxBytes: 1024 * 1024 - 320,
      store: "memcached",
    });
  });

  it("cannot be listed, counted or cleared", async () => {
    const listed = async (): Promise<void> => {
      for await (const _ of processes[0].list()) expect.unreachable();
    };
    expect(await codesOf([listed(), processes[0].count(), processes[0].clear()])).toEqual(
      Array(3).fill("ERR_SESSION_UNSUPPORTED"),
    );
    expect(await dataOf()).toEqual({ begun: true });
  });

  it("can be ended by their id", async () => {
    expect(await processes[1].destroy(await idOf(processes[0], cookie))).toBe(true);
    expect(await dataOf()).toBeUndefined();
  });

  it("are found under a mount of the storage too", async () => {
    const storage = createStorage().mount("sessions", memcached({ servers: server.address }));
    const mounted = createSessionManager({ storage, prefix: "sessions:", timeouts });
    const first = await begin(mounted);
    await visit(mounted, first, (session) => void (session["more"] = 1));
    expect(await mounted.find(first.slice("session=".length))).toEqual({ begun: true, more: 1 });
    expect(mounted.capabilities?.class).toBe("A");
  });

  describe("that fifty requests on three processes write at once", () => {
    it("keep all fifty keys", async () => {
      const requests = await loadAll(50);
      for (const [n, { session }] of requests.entries()) session[`key${n}`] = n;
      await Promise.all(requests.map(({ commit }) => commit()));
      const data = await dataOf();
      expect(Array.from({ length: 50 }, (_, n) => data?.[`key${n}`])).toEqual([...Array(50).keys()]);
    });

    it("count two hundred exactly", async () => {
      const requests = await loadAll(200);
      for (const { session } of requests) session.$increment("views");
      await Promise.all(requests.map(({ commit }) => commit()));
      expect(await dataOf()).toMatchObject({ views: 200 });
    });

    it("do not come back once one has ended them", async () => {
      const writers = await loadAll(50);
      for (const [n, { session }] of writers.entries()) session[`key${n}`] = n;
      const writes = writers.map(({ commit }) => commit());
      await visit(processes[1], cookie, (session) => session.$destroy());
      for (const code of await codesOf(writes)) expect(code).toBe("ERR_SESSION_GONE");
      expect(await dataOf()).toBeUndefined();
    });

    it("have one winner of those that regenerate", async () => {
      const rivals = await loadAll(5);
      const codes = await codesOf(rivals.map(({ session }) => session.$regenerate()));
      expect(codes).toEqual(Array(4).fill("ERR_SESSION_CONFLICT"));
      const cookies = (await Promise.all(rivals.map(({ commit }) => commit()))).flat();
      expect(cookies).toHaveLength(1);
      expect(await dataOf(cookies[0]?.split(";")[0])).toEqual({ begun: true });
    });
  });

  describe("whose answer is lost", () => {
    let distant: SessionManager;
    beforeEach(async () => {
      distant = start({}, proxy.address);
      await distant.load(cookie);
    });

    it.each(["before", "answered"] as const)("are written once when the connection is cut (%s)", async (when) => {
      await visit(distant, cookie, (session) => {
        session.$increment("views");
        proxy.cutNext(when);
      });
      expect(await dataOf()).toMatchObject({ views: 1 });
    });

    it.each(["before", "answered"] as const)("are begun once when the connection is cut (%s)", async (when) => {
      const fresh = await visit(distant, undefined, (session) => {
        session["begun"] = 1;
        proxy.cutNext(when);
      });
      expect(await dataOf(fresh)).toEqual({ begun: 1 });
    });

    it.each(["before", "answered"] as const)("are ended when the connection is cut (%s)", async (when) => {
      await visit(distant, cookie, (session) => {
        proxy.cutNext(when);
        return session.$destroy();
      });
      expect(await dataOf()).toBeUndefined();
    });
  });

  it("that grow over the limit of memcached stay as they were", async () => {
    const roomy = start({ maxBytes: 4 * 1024 * 1024 });
    const growing = visit(roomy, cookie, (session) => void (session["large"] = "x".repeat(1024 * 1024)));
    await expect(growing).rejects.toMatchObject({
      code: "ERR_SESSION_TOO_LARGE",
      message: expect.stringContaining("session.large"),
    });
    expect(await dataOf()).toEqual({ begun: true });
  });

  it.each([40 * DAY, 400 * DAY])("live for %i seconds, which memcached counts as a date", async (idleTimeout) => {
    const patient = start({ idleTimeout });
    const kept = await begin(patient);
    const answer = await server.ask(`mg session:${await idOf(patient, kept)} t`);
    const left = Number(/^HD t(\d+)\r\n$/.exec(answer)?.[1]);
    expect(left - idleTimeout).toBeGreaterThan(0);
    expect(left - idleTimeout).toBeLessThan(2 * 60 * 60);
  });

  it("that never expire have no time to live in memcached either", async () => {
    const eternal = start({ idleTimeout: 0 });
    expect(await server.ask(`mg session:${await idOf(eternal, await begin(eternal))} t`)).toBe("HD t-1\r\n");
  });

  it("that memcached dropped for want of room are fresh ones, and late writers are told", async () => {
    const [late] = await loadAll(1);
    await server.ask("flush_all");
    (late as { session: Session }).session["late"] = true;
    await expect(late?.commit()).rejects.toMatchObject({ code: "ERR_SESSION_GONE" });
    const session = await processes[1].load(cookie);
    expect([session.$isNew, { ...session }]).toEqual([true, {}]);
  });

  it("whose tombstone memcached dropped stay ended", async () => {
    const [late] = await loadAll(1);
    await visit(processes[1], cookie, (session) => session.$destroy());
    await server.ask(`md session:${late?.session.$id}`);
    (late as { session: Session }).session["late"] = true;
    await expect(late?.commit()).rejects.toMatchObject({ code: "ERR_SESSION_GONE" });
    expect(await dataOf()).toBeUndefined();
  });

  describe("while memcached hangs", () => {
    afterEach(() => server.resume());

    it("fail within the time limits, and are there again afterwards", async () => {
      const errors: Error[] = [];
      const hurried = start({ timeouts: { load: 100, save: 200 }, hooks: { error: ({ error }) => void errors.push(error) } });
      const session = await hurried.load(cookie);
      session.$increment("views");
      server.pause();
      const begun = performance.now();
      await expect(hurried.load(cookie)).rejects.toMatchObject({ code: "ERR_SESSION_STORE", status: 503 });
      await expect(hurried.commit(session)).rejects.toMatchObject({ code: "ERR_SESSION_STORE", status: 503 });
      expect(performance.now() - begun).toBeLessThan(300 + 1000);
      expect(errors.length).toBeGreaterThanOrEqual(2);
      server.resume();
      expect(await dataOf()).toMatchObject({ begun: true });
    });
  });

  describe("cost on the wire", () => {
    /** What memcached was asked to read and to store, by its own count. */
    const costOf = async (handle: (session: Session) => unknown, as?: string): Promise<[reads: number, writes: number]> => {
      const before = await server.stats();
      await visit(processes[0], as, handle);
      const after = await server.stats();
      const counted = (name: string): number => Number(after[name]) - Number(before[name]);
      expect(counted("cmd_touch") + counted("delete_hits") + counted("delete_misses")).toBe(0);
      return [counted("cmd_get"), counted("cmd_set")];
    };

    it("nothing for a session that is not used, or only read without a cookie", async () => {
      expect(await costOf(() => {})).toEqual([0, 0]);
      expect(await costOf((session) => session["user"])).toEqual([0, 0]);
    });

    it("one read for a session that is read, or written as it was", async () => {
      expect(await costOf((session) => session["begun"], cookie)).toEqual([1, 0]);
      expect(await costOf((session) => void (session["begun"] = true), cookie)).toEqual([1, 0]);
    });

    it("one read and one write for a change, and for an end", async () => {
      expect(await costOf((session) => session.$increment("views"), cookie)).toEqual([1, 1]);
      expect(await costOf((session) => session.$destroy(), cookie)).toEqual([1, 1]);
    });

    it("one write for a new session", async () => {
      expect(await costOf((session) => void (session["user"] = 1))).toEqual([0, 1]);
    });

    it("one write for each save of a session that was loaded", async () => {
      const twice = async (session: Session): Promise<void> => {
        session.$increment("views");
        await session.$save();
        session.$increment("views");
      };
      expect(await costOf(twice, cookie)).toEqual([1, 2]);
    });

    it("one read and one write more for a conflict", async () => {
      const conflicting = async (session: Session): Promise<void> => {
        session.$increment("views");
        await visit(processes[1], cookie, (other) => other.$increment("views"));
      };
      // Theirs is a read and a write; mine a read, a write that meets a conflict, a look and a write.
      expect(await costOf(conflicting, cookie)).toEqual([3, 3]);
      expect(await dataOf()).toMatchObject({ views: 2 });
    });

    it("one write at a renewal step", async () => {
      let now = Date.now();
      const renewing = start({ now: () => now });
      const old = await begin(renewing);
      now += 4 * DAY * 1000;
      const before = await server.stats();
      const session = await renewing.load(old);
      expect(session["begun"]).toBe(true);
      expect(await renewing.commit(session)).toHaveLength(1);
      const after = await server.stats();
      expect(["cmd_get", "cmd_set"].map((name) => Number(after[name]) - Number(before[name]))).toEqual([1, 1]);
    });
  });
});
