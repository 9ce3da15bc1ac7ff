import { describe, expect, it } from "vitest";
import type { Session } from "unsession";
import { parseRecord } from "../../src/record.ts";
import { hashToken } from "../../src/token.ts";
import { errorOf, failing, tokenOf, World } from "./_setup.ts";

const EVERY = 900;
const GRACE = 60_000;

/** A session whose token is due to be replaced. */
async function dueSession(options?: ConstructorParameters<typeof World>[0]) {
  const world = new World({ rotateEvery: EVERY, ...options });
  const { cookie } = await world.visit(undefined, (session) => void Object.assign(session, { user: "alice", views: 1 }));
  world.clock.advance(EVERY * 1000);
  return { world, cookie: cookie as string, id: await hashToken(tokenOf(cookie)) };
}

/** The same, rotated. */
async function rotatedSession(options?: ConstructorParameters<typeof World>[0]) {
  const found = await dueSession(options);
  const { cookie } = await found.world.visit(found.cookie);
  return { ...found, next: cookie as string, nextId: await hashToken(tokenOf(cookie)) };
}

const DATA = { user: "alice", views: 1 };

describe("a token", () => {
  it("is replaced by the first request after `rotateEvery`, data and creation unchanged", async () => {
    const { world, cookie } = await dueSession();
    const answer = await world.visit(cookie, (session) => session.user);
    expect(answer.cookie).not.toBe(cookie);
    const { $createdAt } = await world.manager.load(answer.cookie);
    expect([await world.dataOf(answer.cookie), $createdAt.getTime()]).toEqual([DATA, world.clock.now() - EVERY * 1000]);
  });

  it("is not replaced a millisecond sooner", async () => {
    const { world, cookie } = await dueSession();
    world.clock.advance(-1);
    expect((await world.visit(cookie)).setCookies).toEqual([]);
  });

  it("is not replaced again until as long after, and goes on being so", async () => {
    const { world, next } = await rotatedSession();
    world.clock.advance(EVERY * 1000 - 1);
    expect((await world.visit(next)).cookie).toBe(next);
    world.clock.advance(1);
    expect((await world.visit(next)).cookie).not.toBe(next);
  });

  it("is not replaced by default", async () => {
    const world = new World();
    const { cookie } = await world.visit(undefined, (session) => void (session.user = "alice"));
    world.clock.advance(86_400_000);
    expect((await world.visit(cookie)).cookie).toBe(cookie);
  });

  it("counts from `$regenerate`, where that replaced it", async () => {
    const { world, cookie } = await dueSession();
    const { cookie: regenerated } = await world.visit(cookie, (session) => session.$regenerate());
    world.clock.advance(EVERY * 1000 - 1);
    expect((await world.visit(regenerated)).cookie).toBe(regenerated);
  });

  it("is not replaced by a request that fails, nor by one that takes no cookie", async () => {
    const { world, cookie } = await dueSession();
    for (const status of [500, 101])
      expect(await world.visit(cookie, undefined, { status })).toMatchObject({ setCookies: [], calls: ["get"] });
  });

  it("that is replaced moves no deadline", async () => {
    const { world, next } = await rotatedSession({ absoluteTimeout: 1000 });
    world.clock.advance(99_999);
    expect(await world.dataOf(next)).toEqual(DATA);
    world.clock.advance(1);
    expect(await world.dataOf(next)).toEqual({});
  });

  it("is told of, by ids", async () => {
    const { world, id, nextId } = await rotatedSession();
    expect(world.infos("rotated")).toEqual([{ id: nextId, previousId: id }]);
  });

  it("stays where the store fails, and the next request tries again", async () => {
    const { world, cookie } = await dueSession({ timeouts: { save: 50 } });
    for (const verb of ["create", "replace"] as const) {
      world.store.fault = failing(verb);
      expect((await world.visit(cookie)).setCookies).toEqual([]);
      world.store.fault = undefined;
      expect(await world.dataOf(cookie)).toEqual(DATA);
    }
    expect((await world.visit(cookie)).cookie).not.toBe(cookie);
  });

  it("is replaced although the answer of the store was lost", async () => {
    const { world, cookie } = await dueSession();
    world.store.lost.push("create", "replace");
    const answer = await world.visit(cookie);
    expect(await world.dataOf(answer.cookie)).toEqual(DATA);
    expect(await world.manager.count()).toBe(1);
  });
});

describe("what replacing a token costs", () => {
  const write = (session: Session): void => void (session.user = "bob");

  it.each<[string, ((session: Session) => void) | undefined, string[], object?]>([
    ["after a read", undefined, ["get", "create", "replace"]],
    ["after a write", write, ["get", "replace", "create", "replace"]],
    ["at a renewal step, whose touch it makes up for", undefined, ["get", "create", "replace"], { idleTimeout: 1000 }],
  ])("%s", async (_, handler, calls, options = {}) => {
    const { world, cookie } = await dueSession(options);
    const answer = await world.visit(cookie, handler);
    expect([answer.calls, answer.setCookies.length]).toEqual([calls, 1]);
  });

  it("is one read more for a request in flight, which sends no cookie", async () => {
    const { world, cookie } = await rotatedSession();
    expect(await world.visit(cookie, (session) => session.user)).toMatchObject({ calls: ["get", "get"], setCookies: [] });
    expect(await world.visit(cookie, write)).toMatchObject({ calls: ["get", "get", "replace"], setCookies: [] });
  });
});

describe("a token that was replaced, within the grace", () => {
  it("still reads and writes its session", async () => {
    const { world, cookie, next } = await rotatedSession();
    world.clock.advance(GRACE - 1);
    await world.visit(cookie, (session) => session.$increment("views"));
    expect([await world.dataOf(cookie), await world.dataOf(next)]).toEqual([
      { user: "alice", views: 2 },
      { user: "alice", views: 2 },
    ]);
    expect(await world.manager.find(tokenOf(cookie))).toEqual({ user: "alice", views: 2 });
  });

  it("shows the id of the session as it is by now", async () => {
    const { world, cookie, nextId } = await rotatedSession();
    expect((await world.manager.load(cookie)).$id).toBe(nextId);
  });

  it("sends no cookie whatever is changed, since nobody has the token", async () => {
    const { world, cookie, next } = await rotatedSession({ idleTimeout: 2000, rotateGrace: 300 });
    world.clock.advance(200_000);
    const { setCookies, session } = await world.visit(cookie, (one) => void ((one.user = "bob"), (one.$cookie.maxAge = 60)));
    expect([setCookies, session.user]).toEqual([[], "bob"]);
    // Nor does it renew the session: the cookie of the new token would not know.
    expect((await world.visit(next)).calls).toEqual(["get", "touch"]);
  });

  it("ends the session when it logs out", async () => {
    const { world, cookie, next } = await rotatedSession();
    const { cookie: after } = await world.visit(cookie, (session) => session.$destroy());
    expect([after, await world.dataOf(cookie), await world.dataOf(next), await world.manager.count()]).toEqual([
      undefined,
      {},
      {},
      0,
    ]);
  });

  it("can log in, and is dead from then on, as is the token between", async () => {
    const { world, cookie, next } = await rotatedSession();
    const { cookie: admin } = await world.visit(cookie, async (session) => {
      await session.$regenerate();
      session.user = "admin";
    });
    expect(await Promise.all([cookie, next, admin].map((one) => world.dataOf(one)))).toEqual([
      {},
      {},
      { user: "admin", views: 1 },
    ]);
  });

  it("leads nowhere once a login replaced its successor (I8)", async () => {
    const { world, cookie, next } = await rotatedSession();
    await world.visit(next, (session) => session.$regenerate());
    expect(await world.visit(cookie)).toMatchObject({ calls: ["get", "get"], setCookies: [] });
    expect(await world.dataOf(cookie)).toEqual({});
  });
});

describe("a request under way while another rotates the session", () => {
  it.each<[string, (session: Session) => unknown]>([
    ["a write", (session) => void (session.theme = "dark")],
    ["$save", (session) => ((session.theme = "dark"), session.$save())],
    ["$update", (session) => session.$update((draft) => void (draft["theme"] = "dark"))],
    ["$reload and a write", async (session) => (await session.$reload(), (session.theme = "dark"))],
    ["a write saved before, and another", async (session) => ((session.a = 1), await session.$save(), (session.theme = "dark"))],
  ])("goes on with %s, beside what others wrote", async (_, use) => {
    const { world, cookie } = await dueSession();
    const slow = await world.manager.load(cookie);
    const { cookie: next } = await world.visit(cookie, (session) => session.$increment("views"));
    await world.visit(next, (session) => session.$increment("views"));
    await use(slow);
    expect(await world.manager.commit(slow)).toEqual([]);
    expect(await world.dataOf(next)).toMatchObject({ user: "alice", views: 3, theme: "dark" });
  });

  it("counts exactly what it counted", async () => {
    const { world, cookie } = await dueSession();
    const slow = await world.manager.load(cookie);
    slow.$increment("views", 10);
    const { cookie: next } = await world.visit(cookie, (session) => session.$increment("views"));
    await world.manager.commit(slow);
    expect(await world.dataOf(next)).toEqual({ user: "alice", views: 12 });
  });

  it("writes after the response, too", async () => {
    const { world, cookie } = await dueSession();
    const stream = await world.manager.load(cookie);
    await world.manager.commit(stream, { status: 500, headers: new Headers() });
    const { cookie: next } = await world.visit(cookie);
    await stream.$update((draft) => void (draft["views"] = 5));
    expect(await world.dataOf(next)).toMatchObject({ views: 5 });
  });

  it("rotates it too late: one wins, one record lives, one cookie is sent", async () => {
    const { world, cookie } = await dueSession();
    const sessions = await Promise.all([1, 2, 3].map(() => world.manager.load(cookie)));
    const cookies = (await Promise.all(sessions.map((session) => world.manager.commit(session)))).flat();
    expect([cookies.length, await world.manager.count()]).toEqual([1, 1]);
    expect(sessions.map(({ $id }) => $id)).toEqual(sessions.map(() => sessions[0]?.$id));
    expect(await world.dataOf(cookies[0]?.split(";")[0])).toEqual(DATA);
  });

  it("changes the privilege all the same", async () => {
    const { world, cookie } = await dueSession();
    const login = await world.manager.load(cookie);
    const { cookie: next } = await world.visit(cookie);
    await login.$regenerate();
    login.user = "admin";
    const [setCookie] = await world.manager.commit(login);
    expect([await world.dataOf(setCookie?.split(";")[0]), await world.dataOf(next), await world.dataOf(cookie)]).toEqual([
      { user: "admin", views: 1 },
      {},
      {},
    ]);
  });

  it("ends it: a destroy follows the rotation", async () => {
    const { world, cookie } = await dueSession();
    const leaving = await world.manager.load(cookie);
    const { cookie: next } = await world.visit(cookie);
    await leaving.$destroy();
    expect([await world.dataOf(next), await world.manager.count()]).toEqual([{}, 0]);
  });

  it("is refused where both changed a place and conflicts are to be", async () => {
    const { world, cookie } = await dueSession({ conflict: "reject" });
    const slow = await world.manager.load(cookie);
    slow.user = "carol";
    const { cookie: next } = await world.visit(cookie, (session) => void (session.user = "bob"));
    expect(await errorOf(world.manager.commit(slow))).toMatchObject({ code: "ERR_SESSION_CONFLICT" });
    expect(await world.dataOf(next)).toMatchObject({ user: "bob" });
  });

  it("does not rotate what a login moved meanwhile, nor what was ended", async () => {
    for (const end of [(session: Session) => session.$regenerate(), (session: Session) => session.$destroy()]) {
      const { world, cookie } = await dueSession();
      const late = await world.manager.load(cookie);
      await world.visit(cookie, end);
      const before = await world.manager.count();
      expect([await world.manager.commit(late), await world.manager.count()]).toEqual([[], before]);
    }
  });
});

describe("a token that was replaced, after the grace", () => {
  it("leads nowhere, and `reuse` hears of it, by ids", async () => {
    const { world, cookie, next, id, nextId } = await rotatedSession();
    world.clock.advance(GRACE);
    const { session, setCookies, calls } = await world.visit(cookie);
    expect([{ ...session }, setCookies, calls]).toEqual([{}, [], ["get"]]);
    expect(world.infos("reuse")).toEqual([{ id, successorId: nextId }]);
    expect(JSON.stringify(world.told)).not.toContain(tokenOf(cookie));
    expect(JSON.stringify(world.told)).not.toContain(tokenOf(next));
    expect(await world.dataOf(next)).toEqual(DATA);
  });

  it("lets a hook end the session, for everyone", async () => {
    const { world, cookie, next } = await rotatedSession();
    world.clock.advance(GRACE);
    await world.visit(cookie);
    expect(await world.manager.destroy(world.infos("reuse")[0]?.["successorId"] as string)).toBe(true);
    expect(await world.dataOf(next)).toEqual({});
  });

  it("is noticed for `tombstoneTtl` more, and then as unknown as any", async () => {
    const { world, cookie } = await rotatedSession({ tombstoneTtl: 100 });
    world.clock.advance(GRACE + 99_999);
    await world.visit(cookie);
    world.clock.advance(1);
    await world.visit(cookie);
    expect([world.infos("reuse").length, world.infos("rejected")]).toMatchObject([1, [{ reason: "unknown" }]]);
  });

  it("writes nothing, also in a request that began before", async () => {
    const { world, cookie } = await dueSession();
    const slow = await world.manager.load(cookie);
    slow.user = "mallory";
    const { cookie: next } = await world.visit(cookie);
    world.clock.advance(GRACE);
    expect(await errorOf(world.manager.commit(slow))).toMatchObject({ code: "ERR_SESSION_GONE" });
    expect(await world.dataOf(next)).toEqual(DATA);
  });

  it("is noticed after a `$regenerate` too, which says no successor", async () => {
    const world = new World();
    const { cookie } = await world.visit(undefined, (session) => void (session.user = "alice"));
    await world.visit(cookie, (session) => session.$regenerate());
    await world.visit(cookie);
    expect(world.infos("reuse")).toEqual([]);
    world.clock.advance(GRACE);
    await world.visit(cookie);
    expect(world.infos("reuse")).toEqual([{ id: await hashToken(tokenOf(cookie)), successorId: undefined }]);
  });
});

describe("a rotated session", () => {
  it("is ended by its old id, which a page may still show", async () => {
    const { world, next, id } = await rotatedSession();
    world.clock.advance(GRACE + 1);
    expect([await world.manager.destroy(id), await world.dataOf(next), await world.manager.destroy(id)]).toEqual([
      true,
      {},
      false,
    ]);
  });

  it("leaves an old record without data or token", async () => {
    const { world, cookie, next, id, nextId } = await rotatedSession();
    const left = world.store.dump[`session:${id}`] as string;
    expect(parseRecord(left)).toMatchObject({ state: "moved", meta: { to: nextId }, data: { text: "" } });
    for (const secret of ["alice", tokenOf(cookie), tokenOf(next)])
      expect(JSON.stringify(world.store.dump[`session:${id}`])).not.toContain(secret);
  });

  it("works with raw tokens as keys", async () => {
    const { world, cookie, next } = await rotatedSession({ hashIds: false });
    await world.visit(cookie, (session) => session.$increment("views"));
    expect(await world.dataOf(next)).toEqual({ user: "alice", views: 2 });
  });

  it("keeps its one-time values, timeouts and cookie settings", async () => {
    const world = new World({ rotateEvery: EVERY });
    const { cookie } = await world.visit(undefined, (session) => {
      session.$flash("note", "hello");
      session.$cookie.persistent = false;
      session.$lifetime.idleTimeout = 7200;
    });
    world.clock.advance(EVERY * 1000);
    const { cookie: next, setCookies } = await world.visit(cookie);
    expect(setCookies[0]).not.toContain("Max-Age");
    const session = await world.manager.load(next);
    expect([session.$flash("note"), session.$cookie.persistent, session.$lifetime.idleTimeout]).toEqual(["hello", false, 7200]);
  });
});
