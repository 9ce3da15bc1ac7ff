import { describe, expect, it, onTestFinished } from "vitest";
import { createSessionManager, type Session } from "unsession";
import memcached from "unsession/drivers/memcached";
import { useSession } from "unsession/h3";
import { startMemcached } from "../services/memcached.ts";
import { begin, codesOf, visit } from "../stores/_sessions.ts";
import { errorOf, hanging, tokenOf, type Verb, type World } from "../unit/_setup.ts";
import { ask, hurried, openRedisSite, openSite, patient, serveSite, write } from "./_setup.ts";

/** What `docs/faults.md` says of the store, row by row. */

const MEGABYTE = 1024 * 1024;

describe("row 1: a store that is down at load", () => {
  it("is a 503 in time for what uses its session, and nothing to other routes", async () => {
    const { store, manager, cookie } = await openSite();
    store.fail("all", { error: new Error("redis://user:password@host") });
    const app = serveSite(manager, {
      "/account": async (event) => (await useSession(event)).user,
      "/about": () => "about us",
    });
    const { status, cookies, body, headers } = await ask(app, "/account", cookie);
    expect([status, cookies, headers.get("retry-after")]).toEqual([503, [], "1"]);
    expect(body).not.toContain("password");
    expect(await ask(app, "/about", cookie)).toMatchObject({ status: 200, body: "about us", cookies: [] });
  });

  it("logs nobody out: the session is there when the store is", async () => {
    const { store, manager, cookie } = await openSite();
    store.fail("get");
    expect(await errorOf(manager.load(cookie))).toMatchObject({ code: "ERR_SESSION_STORE", status: 503 });
    store.heal();
    expect({ ...(await manager.load(cookie)) }).toEqual({ user: "alice" });
  });

  it("does not end a process whose Redis dies", async () => {
    const { server, client, cookie } = await openRedisSite();
    const manager = createSessionManager({ storage: client, timeouts: hurried });
    await server.kill();
    expect(await codesOf([manager.load(cookie), manager.load(cookie)])).toEqual(["ERR_SESSION_STORE", "ERR_SESSION_STORE"]);
  });
});

describe("row 2, D3: a store that is down at save", () => {
  it("is a 503 without the cookie and the body that were prepared", async () => {
    const { store, manager } = await openSite();
    store.fail(["create", "replace"]);
    const app = serveSite(manager, {
      "/": async (event) => {
        (await useSession(event)).user = "bob";
        return "Welcome, Bob";
      },
    });
    const { status, cookies, body } = await ask(app, "/");
    expect([status, cookies]).toEqual([503, []]);
    expect(body).not.toContain("Bob");
  });

  it("leaves what was stored as it was", async () => {
    const { world, store, manager, cookie } = await openSite();
    const { record } = world.store;
    store.fail("replace");
    expect(await codesOf([visit(manager, cookie, write({ user: "bob" }))])).toEqual(["ERR_SESSION_STORE"]);
    expect(world.store.record).toBe(record);
  });

  it("fails no request for a touch alone, and renews no cookie", async () => {
    const { world, store, manager, cookie } = await openSite({ idleTimeout: 1000 });
    world.clock.advance(200_000);
    store.fail("touch");
    const session = await manager.load(cookie);
    expect([session.user, await manager.commit(session)]).toEqual(["alice", []]);
  });
});

describe("row 3, D9: a store that hangs", () => {
  it.each(["get", "replace"] as const)("at %s: ends the request in time", async (verb) => {
    const { store, manager, cookie } = await openSite();
    store.hang(verb);
    const began = performance.now();
    expect(await codesOf([visit(manager, cookie, write({ user: "bob" }))])).toEqual(["ERR_SESSION_STORE"]);
    expect(performance.now() - began).toBeLessThan(hurried.load + hurried.save + 1000);
  });

  it("ends the request in time when it is Redis that stands still, and serves when it goes on", async () => {
    const { server, client, manager, cookie } = await openRedisSite();
    server.pause();
    const waiting = createSessionManager({ storage: client, timeouts: hurried });
    expect(await errorOf(waiting.load(cookie))).toMatchObject({ code: "ERR_SESSION_STORE" });
    server.resume();
    expect({ ...(await manager.load(cookie)) }).toEqual({ user: "alice" });
  });
});

describe("row 7: a record that the store drops during a request", () => {
  it("is not made anew: the request is told, and no cookie sent", async () => {
    const { world, manager, cookie } = await openSite();
    const session = await manager.load(cookie);
    session.user = "bob";
    world.store.memory.remove(Object.keys(world.store.dump)[0] as string);
    expect(await errorOf(manager.commit(session))).toMatchObject({ code: "ERR_SESSION_GONE", status: 409 });
    expect([await manager.commit(session), world.store.dump]).toEqual([[], {}]);
  });

  it("is not made anew after a FLUSHALL of Redis, neither by a write nor by a touch", async () => {
    let now = Date.now();
    const { client, manager, cookie } = await openRedisSite({ now: () => now });
    const [writer, toucher] = [await manager.load(cookie), await manager.load(cookie)];
    now += 10 * 86_400_000;
    await client.flushall();
    writer.user = "bob";
    expect(await codesOf([manager.commit(writer)])).toEqual(["ERR_SESSION_GONE"]);
    expect([await manager.commit(toucher), await client.dbsize()]).toEqual([[], 0]);
  });
});

describe("row 8: a process that dies", () => {
  /** A process that gets as far as the verb, or past it, and does no more. */
  const dieAt = (world: World, verb: Verb, when: "before" | "after"): void => {
    let isDead = false;
    world.store.fault = (asked) => {
      if (isDead || (asked === verb && when === "before")) return hanging(asked)(asked);
      isDead = asked === verb;
      return undefined;
    };
  };

  it("between load and save leaves the session as it was", async () => {
    const { world, manager, cookie } = await openSite();
    (await manager.load(cookie)).user = "bob";
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
  });

  const change = write({ user: "bob", at: 2 });
  const end = (session: Session): Promise<void> => session.$destroy();
  it.each([
    ["before", "a write", change, { user: "alice" }],
    ["after", "a write", change, { user: "bob", at: 2 }],
    ["before", "an end", end, { user: "alice" }],
    ["after", "an end", end, {}],
  ] as const)("%s the store did %s leaves the old or the new, never half", async (when, _what, handle, left) => {
    const { world, cookie } = await openSite({ timeouts: hurried });
    dieAt(world, "replace", when);
    // The dead have no time limits; here they are what tells that it got no further.
    expect(await codesOf([world.visit(cookie, handle)])).toHaveLength(when === "before" ? 1 : 0);
    world.store.fault = undefined;
    expect(await world.dataOf(cookie)).toEqual(left);
  });
});

describe("row 16, D10: a session that is too large", () => {
  const large = { small: 1, avatar: { image: "x".repeat(2 * MEGABYTE) } };
  const refusal = { code: "ERR_SESSION_TOO_LARGE", message: expect.stringContaining("session.avatar.image") };

  it("is refused before the store is asked, with its largest path", async () => {
    const { world, store, manager, cookie } = await openSite();
    store.resetCalls();
    expect(await errorOf(visit(manager, cookie, write(large)))).toMatchObject(refusal);
    expect(store.calls).toMatchObject({ get: 1, replace: 0 });
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
  });

  it("stays as it was in Redis", async () => {
    const { manager, cookie } = await openRedisSite();
    expect(await errorOf(visit(manager, cookie, write(large)))).toMatchObject(refusal);
    expect({ ...(await manager.load(cookie)) }).toEqual({ user: "alice" });
  });

  it("stays as it was in memcached, which deletes what it is given more than it takes for", async () => {
    const server = await startMemcached();
    onTestFinished(() => server.kill());
    const manager = createSessionManager({
      storage: memcached({ servers: server.address }),
      maxBytes: 4 * MEGABYTE,
      timeouts: patient,
    });
    onTestFinished(() => manager.close());
    const cookie = await begin(manager);
    expect(await codesOf([visit(manager, cookie, write(large))])).toEqual(["ERR_SESSION_TOO_LARGE"]);
    expect({ ...(await manager.load(cookie)) }).toEqual({ begun: true });
  });
});

describe("row 28: a write whose answer is lost", () => {
  it("counts once, however many are", async () => {
    const { store, manager, cookie } = await openSite({ timeouts: patient });
    for (let times = 0; times < 100; times++) {
      if (times % 6 === 0) store.loseAnswer("replace", { times: 1 });
      else if (times % 6 === 3) store.drop("replace", { times: 1 });
      await visit(manager, cookie, (session) => session.$increment("views"));
    }
    expect((await manager.load(cookie)).views).toBe(100);
  });

  it("counts once when Redis is sent it twice", async () => {
    const { client, manager, cookie } = await openRedisSite();
    for (let times = 0; times < 10; times++) {
      const session = await manager.load(cookie);
      session.$increment("views");
      const saving = manager.commit(session);
      // Whatever is on its way is sent again by the client, once it is connected anew.
      client["stream"].destroy();
      await saving;
    }
    expect((await manager.load(cookie)).views).toBe(10);
  });
});

describe("row 29: a fail-over that loses what was acknowledged", () => {
  it("leaves nobody logged in whose session was lost, and nothing is made anew", async () => {
    const { server, client, manager, cookie } = await openRedisSite();
    const session = await manager.load(cookie);
    session.user = "bob";
    await server.restart();
    expect(await codesOf([manager.commit(session)])).toEqual(["ERR_SESSION_GONE"]);
    expect([{ ...(await manager.load(cookie)) }, await client.dbsize()]).toEqual([{}, 0]);
  });

  it("has a request in flight merge into the older record that is left", async () => {
    const { world, manager, cookie } = await openSite();
    const { record } = world.store;
    await visit(manager, cookie, write({ theirs: 1 }));
    const session = await manager.load(cookie);
    session.mine = 1;
    world.store.record = record;
    await manager.commit(session);
    expect(await world.dataOf(cookie)).toEqual({ user: "alice", mine: 1 });
  });
});

describe("row 30: a replica that is behind", () => {
  it("is merged with by a write: what it did not know yet stays", async () => {
    const { world, store, manager, cookie } = await openSite();
    const [key] = Object.keys(world.store.dump) as [string];
    const behind = world.store.memory.get(key);
    await visit(manager, cookie, write({ theirs: 1 }));
    const current = store.get.bind(store);
    store.get = () => behind;
    const session = await manager.load(cookie);
    expect({ ...session }).toEqual({ user: "alice" });
    session.mine = 1;
    await manager.commit(session);
    store.get = current;
    expect(await world.dataOf(cookie)).toEqual({ user: "alice", theirs: 1, mine: 1 });
  });

  it("revives nothing that was ended meanwhile", async () => {
    const { world, store, manager, cookie } = await openSite();
    const behind = world.store.memory.get(Object.keys(world.store.dump)[0] as string);
    await visit(manager, cookie, (session) => session.$destroy());
    const current = store.get.bind(store);
    store.get = () => behind;
    expect(await codesOf([visit(manager, cookie, write({ user: "mallory" }))])).toEqual(["ERR_SESSION_GONE"]);
    store.get = current;
    expect([await world.dataOf(cookie), await manager.find(tokenOf(cookie))]).toEqual([{}, undefined]);
  });
});

describe("row 27: a store that fails", () => {
  it("leaves no listener and no unhandled rejection behind, however often it is asked", async () => {
    const { server, client, manager, cookie } = await openRedisSite();
    const listeners = (): number[] => ["error", "close", "end"].map((name) => client.listenerCount(name));
    const failing = createSessionManager({ storage: client, timeouts: hurried });
    const rejections: unknown[] = [];
    const note = (reason: unknown): void => void rejections.push(reason);
    process.on("unhandledRejection", note);
    onTestFinished(() => void process.off("unhandledRejection", note));
    await Promise.allSettled([manager.load(cookie), failing.load(cookie)]);
    const before = [listeners(), process.eventNames().length];
    for (let times = 0; times < 200; times++) await visit(manager, cookie, (session) => session.$increment("views"));
    server.pause();
    expect(await codesOf(Array.from({ length: 100 }, () => failing.load(cookie)))).toHaveLength(100);
    await server.kill();
    expect(await codesOf(Array.from({ length: 100 }, () => failing.load(cookie)))).toHaveLength(100);
    // While it connects, a client listens to itself.
    await server.restart();
    await client.ping();
    expect([listeners(), process.eventNames().length]).toEqual(before);
    expect(rejections).toEqual([]);
  });
});
