import { describe, expect, it } from "vitest";
import { createSessionManager, type Session, type SessionManager } from "unsession";
import { useSession } from "unsession/h3";
import { codesOf, inParallel, visit } from "../stores/_sessions.ts";
import { errorOf } from "../unit/_setup.ts";
import { hurried, openRedisSite, openSite, patient, serveSite, write } from "./_setup.ts";

/** What `docs/faults.md` says of requests that meet, row by row. */

/** What the browser holds after a response, if it set a cookie. */
const tokens = (setCookies: readonly (readonly string[])[]): string[] =>
  setCookies.flat().map((cookie) => cookie.split(";")[0] as string);

describe("row 10: a failure inside $regenerate", () => {
  it("leaves the old token good, and sends no other", async () => {
    const { world, store, manager, cookie } = await openSite();
    store.fail("replace");
    const session = await manager.load(cookie);
    expect(await errorOf(session.$regenerate())).toMatchObject({ code: "ERR_SESSION_STORE" });
    expect(await manager.commit(session)).toEqual([]);
    store.heal();
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
  });

  it("leaves behind at most a record whose token nobody was sent, which ends by itself", async () => {
    const { world, store, manager, cookie } = await openSite({ idleTimeout: 60 });
    store.fail(["replace", "remove"]);
    await errorOf((await manager.load(cookie)).$regenerate());
    store.heal();
    expect(Object.keys(world.store.dump)).toHaveLength(2);
    world.clock.advance(60_000);
    await world.manager.sweep();
    expect(world.store.dump).toEqual({});
  });
});

describe("row 11: clocks that differ", () => {
  it("decide nothing about whose change is kept: a clock that is behind writes as any other", async () => {
    const { world, cookie } = await openSite();
    const behind = world.another({ now: () => world.clock.now() - 3_600_000 });
    const session = await behind.load(cookie);
    await world.visit(cookie, write({ theirs: 1 }));
    session.mine = 1;
    await behind.commit(session);
    expect(await world.dataOf(cookie)).toEqual({ user: "alice", theirs: 1, mine: 1 });
  });

  it("give a session no second life: what the store dropped by its own clock is gone", async () => {
    const { world, cookie } = await openSite({ idleTimeout: 60 });
    const behind = world.another({ idleTimeout: 60, now: () => world.clock.now() - 3_600_000 });
    world.clock.advance(61_000);
    expect({ ...(await behind.load(cookie)) }).toEqual({});
  });

  it("end it early, at worst: one that is ahead neither serves nor adopts it", async () => {
    const { world, cookie } = await openSite({ idleTimeout: 60 });
    const ahead = world.another({ idleTimeout: 60, now: () => world.clock.now() + 3_600_000 });
    const session = await ahead.load(cookie);
    expect([{ ...session }, session.$isNew]).toEqual([{}, true]);
  });
});

describe("row 19: a slow request that saves after a session was ended", () => {
  it.each(["memory", "Redis"])("does not bring it back, in %s", async (kind) => {
    const { manager, cookie } = kind === "Redis" ? await openRedisSite() : await openSite({ timeouts: patient });
    const slow = await inParallel(10, () => manager.load(cookie));
    slow.forEach((session, n) => void (session[`key${n}`] = n));
    await visit(manager, cookie, (session) => session.$destroy());
    expect(await codesOf(slow.map((session) => manager.commit(session)))).toEqual(Array(10).fill("ERR_SESSION_GONE"));
    expect({ ...(await manager.load(cookie)) }).toEqual({});
    expect(await manager.count()).toBe(0);
  });

  it("does not bring it back when it is ended while they save", async () => {
    const { manager, cookie } = await openRedisSite();
    const slow = await inParallel(20, () => manager.load(cookie));
    const ending = await manager.load(cookie);
    slow.forEach((session, n) => void (session[`key${n}`] = n));
    const saving = slow.map((session, n) => (n === 10 ? ending.$destroy() : manager.commit(session)));
    expect((await codesOf(saving)).every((code) => code === "ERR_SESSION_GONE")).toBe(true);
    expect({ ...(await manager.load(cookie)) }).toEqual({});
    expect(await manager.count()).toBe(0);
  });

  it("cannot write into what it ended itself", async () => {
    const { manager, cookie } = await openSite();
    const session = await manager.load(cookie);
    await session.$destroy();
    expect(() => (session.user = "bob")).toThrow(expect.objectContaining({ code: "ERR_SESSION_DESTROYED" }));
  });
});

describe("row 20: $regenerate and $destroy at once", () => {
  it.each(["$regenerate", "$destroy"])(
    "leave the old token dead, and a cookie only where a session lives: %s first",
    async (first) => {
      const { world, manager, cookie } = await openSite({ timeouts: patient });
      const [one, two] = (await inParallel(2, () => manager.load(cookie))) as [Session, Session];
      const work = [() => one.$regenerate(), () => two.$destroy()];
      if (first === "$destroy") work.reverse();
      await Promise.allSettled(work.map((run) => run()));
      const sent = tokens([await manager.commit(one), await manager.commit(two)]).filter((each) => each !== "session=");
      expect(await world.dataOf(cookie)).toEqual({});
      expect(sent.length).toBe(await manager.count());
    },
  );

  it("do not undo a logout that came first: no new token is sent", async () => {
    const { manager, cookie } = await openSite();
    const session = await manager.load(cookie);
    await visit(manager, cookie, (other) => other.$destroy());
    expect(await codesOf([session.$regenerate()])).toEqual(["ERR_SESSION_GONE"]);
    expect([await manager.commit(session), await manager.count()]).toEqual([[], 0]);
  });
});

describe("row 21: several $regenerate at once", () => {
  it.each(["memory", "Redis"])("leave one live session, and one cookie, in %s", async (kind) => {
    const { manager, cookie } = kind === "Redis" ? await openRedisSite() : await openSite({ timeouts: patient });
    const rivals = await inParallel(5, () => manager.load(cookie));
    expect(await codesOf(rivals.map((session) => session.$regenerate()))).toEqual(Array(4).fill("ERR_SESSION_CONFLICT"));
    const sent = tokens(await Promise.all(rivals.map((session) => manager.commit(session))));
    expect([sent.length, await manager.count()]).toEqual([1, 1]);
    expect({ ...(await manager.load(sent[0])) }).toEqual({ user: "alice" });
    expect({ ...(await manager.load(cookie)) }).toEqual({});
  });
});

describe("row 22: a slow writer with the old token after $regenerate", () => {
  it("changes neither session, and the old token stays dead", async () => {
    const { world, manager, cookie } = await openSite();
    const slow = await manager.load(cookie);
    slow.user = "mallory";
    const renewed = await visit(manager, cookie, async (session) => {
      await session.$regenerate();
      session.role = "admin";
    });
    expect(await codesOf([manager.commit(slow)])).toEqual(["ERR_SESSION_GONE"]);
    expect([await world.dataOf(cookie), await world.dataOf(renewed)]).toEqual([{}, { user: "alice", role: "admin" }]);
  });
});

describe("row 23: a response that comes after a newer one", () => {
  it.each<[string, (session: Session) => unknown, onGone: "drop" | "throw"]>([
    ["read", (session) => session.user, "throw"],
    ["written", write({ late: true }), "drop"],
    ["was only opened", () => undefined, "throw"],
  ])("carries no cookie that could overwrite it, where its session was %s", async (_how, use, onGone) => {
    const { world, manager, cookie } = await openSite({ onGone });
    const slow = await manager.load(cookie);
    const renewed = await visit(manager, cookie, (session) => session.$regenerate());
    use(slow);
    expect(await manager.commit(slow)).toEqual([]);
    expect(await world.dataOf(renewed)).toEqual({ user: "alice" });
  });

  it("does not clear a cookie whose session is unknown", async () => {
    const { manager } = await openSite();
    expect(await manager.commit(await manager.load(`session=${"a".repeat(43)}`))).toEqual([]);
  });
});

describe("row 31: a request that holds its session for long", () => {
  it("keeps no other waiting: there is no lock", async () => {
    const { manager, cookie } = await openSite({ timeouts: hurried });
    const holding = await manager.load(cookie);
    holding.$increment("views");
    for (let times = 0; times < 20; times++) await visit(manager, cookie, (session) => session.$increment("views"));
    expect((await manager.load(cookie)).views).toBe(20);
    await manager.commit(holding);
    expect((await manager.load(cookie)).views).toBe(21);
  });
});

describe("row 36: requests inside a request", () => {
  const inner = (manager: SessionManager) => async (event: Parameters<typeof useSession>[0]) => {
    const session = await useSession(event, manager);
    session.inner = 1;
    return "inner";
  };

  it("merge as any other, where they are requests of their own", async () => {
    const { world, manager, cookie } = await openSite();
    const app = serveSite(manager, {
      "/inner": inner(manager),
      "/page": async (event) => {
        const session = await useSession(event, manager);
        session.outer = 1;
        return (await app.request("/inner", { headers: { cookie } })).text();
      },
    });
    expect(await (await app.request("/page", { headers: { cookie } })).text()).toBe("inner");
    expect(await world.dataOf(cookie)).toEqual({ user: "alice", outer: 1, inner: 1 });
  });

  it("share the session, where they are of the same event", async () => {
    const { store, manager, cookie } = await openSite();
    const app = serveSite(manager, {
      "/page": async (event) => {
        const session = await useSession(event, manager);
        await inner(manager)(event);
        return { shared: session.inner };
      },
    });
    store.resetCalls();
    expect(await (await app.request("/page", { headers: { cookie } })).json()).toEqual({ shared: 1 });
    expect(store.calls).toMatchObject({ get: 1, replace: 1 });
  });
});

describe("D1: fifty requests at once, by several processes", () => {
  it("lose nothing: every key is kept, every increment counts, in Redis", async () => {
    const { client, cookie } = await openRedisSite();
    const processes = Array.from({ length: 5 }, () => createSessionManager({ storage: client, timeouts: patient }));
    const at = (n: number): SessionManager => processes[n % 5] as SessionManager;
    const sessions = await inParallel(50, (n) => at(n).load(cookie));
    sessions.forEach((session, n) => {
      session[`key${n}`] = n;
      session.$increment("views");
    });
    await inParallel(50, (n) => at(n).commit(sessions[n] as Session));
    const data = { ...(await at(0).load(cookie)) };
    expect([Object.keys(data).filter((key) => key.startsWith("key")).length, data["views"]]).toEqual([50, 50]);
  });
});
