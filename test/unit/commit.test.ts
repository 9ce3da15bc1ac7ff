import { describe, expect, it } from "vitest";
import type { Session, SessionConflict } from "unsession";
import { errorOf, failing, hanging, World } from "./_setup.ts";

const write =
  (data: Record<string, unknown> = { user: "alice" }) =>
  (session: Session): void =>
    void Object.assign(session, data);

async function withSession(...[options]: ConstructorParameters<typeof World>) {
  const world = new World(options);
  const { cookie } = await world.visit(undefined, write());
  return { world, cookie: cookie as string };
}

/** A request that writes, while another does something to the same session first. */
const race = async (world: World, cookie: string, mine: (session: Session) => unknown, theirs: (session: Session) => unknown) =>
  world.visit(cookie, async (session) => {
    await mine(session);
    await world.visit(cookie, theirs);
  });

describe("a commit", () => {
  it("gives the cookie of a new session, and none of one that has it", async () => {
    const world = new World();
    const first = await world.visit(undefined, write());
    expect(first.setCookies).toEqual([
      expect.stringMatching(/^session=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    ]);
    expect((await world.visit(first.cookie, write({ user: "bob" }))).setCookies).toEqual([]);
  });

  it("gives the cookie once, also if it is called again", async () => {
    const { manager } = new World();
    const session = await manager.load();
    session.user = "alice";
    expect(await manager.commit(session)).toHaveLength(1);
    expect(await manager.commit(session)).toEqual([]);
  });

  it("stores nothing for a session without data", async () => {
    const world = new World();
    const { calls, setCookies } = await world.visit(undefined, (session) => {
      session.user = "alice";
      delete session.user;
      session.$cookie.maxAge = 60;
      session.$clear();
    });
    expect([calls, setCookies]).toEqual([[], []]);
  });

  it("refuses what is no session", async () => {
    const { manager } = new World();
    await expect(async () => manager.commit({} as Session)).rejects.toThrow("[unsession] This is not a session.");
  });

  it("works with no response at all", async () => {
    const { manager } = new World();
    const session = await manager.load();
    session.user = "alice";
    expect(await manager.commit(session)).toHaveLength(1);
  });

  it("follows the session's operations that were not awaited", async () => {
    const { world, cookie } = await withSession();
    const { setCookies } = await world.visit(cookie, (session) => void session.$destroy());
    expect(setCookies).toEqual([expect.stringMatching(/^session=; Max-Age=0;/)]);
  });
});

describe("after a response of", () => {
  it.each([
    [200, "success", "bob"],
    [302, "success", "bob"],
    [404, "success", "bob"],
    [499, "success", "bob"],
    [500, "success", "alice"],
    [503, "success", "alice"],
    [500, "always", "bob"],
  ] as const)("%d with `commitOn: %s` the user is %s", async (status, commitOn, user) => {
    const { world, cookie } = await withSession({ commitOn });
    await world.visit(cookie, write({ user: "bob" }), { status });
    expect(await world.dataOf(cookie)).toEqual({ user });
  });

  it("500 nothing is created, and no cookie sent", async () => {
    const { calls, setCookies } = await new World().visit(undefined, write(), { status: 500 });
    expect([calls, setCookies]).toEqual([[], []]);
  });

  it("500 a destroyed session is destroyed, and its cookie cleared", async () => {
    const { world, cookie } = await withSession();
    const { setCookies } = await world.visit(cookie, (session) => session.$destroy(), { status: 500 });
    expect(setCookies).toEqual([expect.stringMatching(/^session=; Max-Age=0;/)]);
    expect(await world.dataOf(cookie)).toEqual({});
  });

  it("500 a regenerated session has its new token, without what was written after", async () => {
    const { world, cookie } = await withSession();
    const regenerate = async (session: Session): Promise<void> => {
      await session.$regenerate();
      session.user = "admin";
    };
    const answer = await world.visit(cookie, regenerate, { status: 500 });
    expect(answer.setCookies).toHaveLength(1);
    expect(await world.dataOf(answer.cookie)).toEqual({ user: "alice" });
    expect(await world.dataOf(cookie)).toEqual({});
  });

  it("500 what was saved by $save stays, and its cookie is sent", async () => {
    const world = new World();
    const save = async (session: Session): Promise<void> => {
      session.user = "alice";
      await session.$save();
      session.user = "bob";
    };
    const { cookie } = await world.visit(undefined, save, { status: 500 });
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
  });
});

describe("headers of the response", () => {
  it("vary by the cookie where the session was read", async () => {
    const { headers } = await new World().visit(undefined, (session) => session.user);
    expect(headers.get("vary")).toBe("Cookie");
  });

  it("stay as they are where it was only loaded", async () => {
    const { world, cookie } = await withSession();
    const { headers } = await world.visit(cookie, async (session) => await session, { headers: { "cache-control": "public" } });
    expect([...headers]).toEqual([["cache-control", "public"]]);
  });

  it.each<[string, (session: Session) => unknown]>([
    ["a key", (session) => session.user],
    ["an absent key", (session) => session.absent],
    ["`in`", (session) => "user" in session],
    ["the list of keys", (session) => Object.keys(session)],
    ["a spread", (session) => ({ ...session })],
    ["JSON.stringify", (session) => JSON.stringify(session)],
    ["$snapshot", (session) => session.$snapshot()],
    ["$id", (session) => session.$id],
    ["$flash", (session) => session.$flash("note")],
  ])("vary by the cookie for %s", async (_, read) => {
    const { world, cookie } = await withSession();
    expect((await world.visit(cookie, read)).headers.get("vary")).toBe("Cookie");
  });

  it.each<[string, (session: Session) => unknown]>([
    ["awaiting", async (session) => await session],
    ["a symbol", (session) => session[Symbol.toStringTag as never]],
    ["an unknown control", (session) => session["$nothing"]],
    ["a write", (session) => void (session.user = "alice")],
  ])("do not vary for %s", async (_, use) => {
    const { world, cookie } = await withSession();
    expect((await world.visit(cookie, use)).headers.get("vary")).toBeNull();
  });

  it("keep a response with a cookie out of caches", async () => {
    const { headers } = await new World().visit(undefined, write(), { headers: { "cache-control": "public, max-age=60" } });
    expect(headers.get("cache-control")).toBe("no-store");
  });

  it("make a response whose session was read private", async () => {
    const { world, cookie } = await withSession();
    const answer = await world.visit(cookie, (session) => session.user, { headers: { "cache-control": "public, max-age=60" } });
    expect(answer.headers.get("cache-control")).toBe("private, max-age=60");
  });

  it("carry no Set-Cookie: that is for the caller to append", async () => {
    expect((await new World().visit(undefined, write())).headers.has("set-cookie")).toBe(false);
  });
});

describe("a store that fails at save", () => {
  it.each([
    ["down", failing("create", "replace")],
    ["hanging", hanging("create", "replace")],
  ])("by being %s sends no cookie for a session it did not store", async (_, fault) => {
    const world = new World({ timeouts: { save: 20 } });
    const session = await world.manager.load();
    session.user = "alice";
    world.store.fault = fault;
    const started = performance.now();
    expect(await errorOf(world.manager.commit(session))).toMatchObject({ code: "ERR_SESSION_STORE", status: 503 });
    expect(performance.now() - started).toBeLessThan(500);
    expect(await world.manager.commit(session)).toEqual([]);
  });

  it.each([
    ["down", failing("replace")],
    ["hanging", hanging("replace")],
  ])("by being %s leaves the old record as it was", async (_, fault) => {
    const { world, cookie } = await withSession({ timeouts: { save: 20 } });
    const before = world.store.record;
    world.store.fault = fault;
    expect(await errorOf(world.visit(cookie, write({ user: "bob" })))).toMatchObject({ code: "ERR_SESSION_STORE" });
    expect(world.store.record).toBe(before);
  });

  it("that can be read and not written is not asked for as long as a save may take", async () => {
    const { world, cookie } = await withSession({ timeouts: { save: 60_000 } });
    world.store.fault = failing("replace");
    const error = await errorOf(world.visit(cookie, write({ user: "bob" })));
    expect(error).toMatchObject({ code: "ERR_SESSION_STORE", cause: { message: "no replace today" } });
    expect(world.store.calls.filter((verb) => verb === "replace")).toHaveLength(4);
  });

  it("makes $destroy fail, so that nobody takes it for done", async () => {
    const { world, cookie } = await withSession({ timeouts: { save: 20 } });
    const session = await world.manager.load(cookie);
    world.store.fault = failing("replace", "remove");
    expect(await errorOf(session.$destroy())).toMatchObject({ code: "ERR_SESSION_STORE" });
    world.store.fault = undefined;
    expect(session.user).toBe("alice");
    expect(await world.manager.commit(session)).toEqual([]);
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
  });

  it("makes $regenerate fail, and the old token stays", async () => {
    const { world, cookie } = await withSession({ timeouts: { save: 20 } });
    const session = await world.manager.load(cookie);
    world.store.fault = failing("create");
    expect(await errorOf(session.$regenerate())).toMatchObject({ code: "ERR_SESSION_STORE" });
    world.store.fault = undefined;
    expect(await world.manager.commit(session)).toEqual([]);
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
  });

  it("never makes a touch fail, and the cookie is not renewed", async () => {
    const { world, cookie } = await withSession({ idleTimeout: 1000, timeouts: { save: 20 } });
    world.clock.advance(100_000);
    world.store.fault = hanging("touch");
    const answer = await world.visit(cookie, (session) => session.user);
    expect(answer.setCookies).toEqual([]);
    world.store.fault = undefined;
    expect((await world.visit(cookie)).setCookies).toHaveLength(1);
  });
});

describe("an answer of the store that is lost", () => {
  it("does not make a session twice, nor none", async () => {
    const world = new World();
    world.store.lost.push("create");
    const { cookie } = await world.visit(undefined, write());
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
    expect(await world.manager.count()).toBe(1);
  });

  it("does not make a write count twice", async () => {
    const { world, cookie } = await withSession();
    world.store.lost.push("replace");
    await world.visit(cookie, (session) => session.$increment("views"));
    expect(await world.dataOf(cookie)).toEqual({ user: "alice", views: 1 });
  });

  it("does not leave a session that was destroyed", async () => {
    const { world, cookie } = await withSession();
    world.store.lost.push("replace");
    const { setCookies } = await world.visit(cookie, (session) => session.$destroy());
    expect(setCookies).toEqual([expect.stringMatching(/^session=; Max-Age=0;/)]);
    expect(await world.dataOf(cookie)).toEqual({});
  });

  it.each(["create", "replace"] as const)("does not leave two sessions where one was regenerated (%s)", async (verb) => {
    const { world, cookie } = await withSession();
    world.store.lost.push(verb);
    const answer = await world.visit(cookie, (session) => session.$regenerate());
    expect(await world.dataOf(answer.cookie)).toEqual({ user: "alice" });
    expect([await world.dataOf(cookie), await world.manager.count()]).toEqual([{}, 1]);
  });
});

describe("a session that another request ended meanwhile", () => {
  const endings: [string, (session: Session) => unknown][] = [
    ["$destroy", (session) => session.$destroy()],
    ["$clear", (session) => session.$clear()],
    ["$regenerate", (session) => session.$regenerate()],
  ];

  it.each(endings)("by %s is never stored again, sends no cookie, and says so", async (_, end) => {
    const { world, cookie } = await withSession();
    const session = await world.manager.load(cookie);
    session.views = 1;
    await world.visit(cookie, end);
    expect(await errorOf(world.manager.commit(session))).toMatchObject({ code: "ERR_SESSION_GONE", status: 409 });
    expect(await world.manager.commit(session)).toEqual([]);
    expect(await world.dataOf(cookie)).toEqual({});
  });

  it.each(endings)("by %s drops the write with `onGone: drop`", async (_, end) => {
    const { world, cookie } = await withSession({ onGone: "drop" });
    const { setCookies } = await race(world, cookie, write({ views: 1 }), end);
    expect(setCookies).toEqual([]);
    expect(world.infos("gone")).toHaveLength(1);
  });

  it.each(endings)("by %s never fails a request that only read", async (_, end) => {
    const { world, cookie } = await withSession({ idleTimeout: 1000 });
    world.clock.advance(100_000);
    const { setCookies } = await race(world, cookie, (session) => session.user, end);
    expect(setCookies).toEqual([]);
  });

  it.each<[string, (session: Session) => unknown]>([
    ["took a one-time value", (session) => session.$flash("note")],
    ["set the cookie's age", (session) => (session.$cookie.maxAge = 60)],
  ])("never fails a request that only %s", async (_, act) => {
    const { world, cookie } = await withSession();
    await world.visit(cookie, (session) => session.$flash("note", "hi"));
    const { setCookies } = await race(world, cookie, act, (session) => session.$destroy());
    expect(setCookies).toEqual([]);
  });

  it("by $regenerate says so to a request that took a one-time value, which is kept under the new token", async () => {
    const { world, cookie } = await withSession();
    await world.visit(cookie, (session) => session.$flash("note", "hi"));
    const session = await world.manager.load(cookie);
    session.$flash("note");
    const other = await world.visit(cookie, (mine) => mine.$regenerate());
    expect(await errorOf(world.manager.commit(session))).toMatchObject({ code: "ERR_SESSION_GONE" });
    expect((await world.manager.load(other.cookie)).$flash("note")).toBe("hi");
  });

  it("because the store lost it is never stored again either", async () => {
    const { world, cookie } = await withSession();
    const late = world.visit(cookie, (session) => {
      session.views = 1;
      world.store.memory.clear("");
    });
    expect(await errorOf(late)).toMatchObject({ code: "ERR_SESSION_GONE" });
    expect(world.store.dump).toEqual({});
  });
});

describe("a place that two requests changed", () => {
  const bothWrite = async (world: World, cookie: string) =>
    race(world, cookie, write({ user: "mine" }), write({ user: "theirs" }));

  it("holds what was committed last, by default", async () => {
    const { world, cookie } = await withSession();
    await bothWrite(world, cookie);
    expect(await world.dataOf(cookie)).toEqual({ user: "mine" });
  });

  it("is refused with `conflict: reject`, naming it, and theirs stays", async () => {
    const { world, cookie } = await withSession({ conflict: "reject" });
    const error = await errorOf(bothWrite(world, cookie));
    expect(error).toMatchObject({ code: "ERR_SESSION_CONFLICT", status: 409 });
    expect(error.message).toContain("session.user");
    expect(await world.dataOf(cookie)).toEqual({ user: "theirs" });
  });

  it("holds what a function makes of base, mine and theirs", async () => {
    const seen: SessionConflict[] = [];
    const conflict = (one: SessionConflict): string => {
      seen.push(one);
      return `${one.theirs}+${one.mine}`;
    };
    const { world, cookie } = await withSession({ conflict });
    await bothWrite(world, cookie);
    expect(await world.dataOf(cookie)).toEqual({ user: "theirs+mine" });
    expect(seen).toEqual([{ path: ["user"], base: "alice", mine: "mine", theirs: "theirs" }]);
  });

  it.each(["merge", "reject"] as const)("is no conflict if it is another place (%s)", async (conflict) => {
    const { world, cookie } = await withSession({ conflict });
    await race(world, cookie, write({ mine: 1 }), write({ theirs: 1 }));
    expect(await world.dataOf(cookie)).toEqual({ user: "alice", mine: 1, theirs: 1 });
    expect(world.heard).not.toContain("conflict");
  });
});
