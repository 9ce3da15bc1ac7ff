import { inspect } from "node:util";
import { describe, expect, it, vi } from "vitest";
import type { Session, SessionChange } from "unsession";
import { hashToken } from "../../src/token.ts";
import { errorOf, tokenOf, World } from "./_setup.ts";

const CONTROLS = `
  $id $isNew $isDirty $changes $createdAt $expiresAt $cookie $save $reload $regenerate $destroy $clear $update $increment $flash
  $subscribe $snapshot
`
  .trim()
  .split(/\s+/);

async function withSession(options?: ConstructorParameters<typeof World>[0], data: Record<string, unknown> = { user: "alice" }) {
  const world = new World(options);
  const { cookie } = await world.visit(undefined, (session) => void Object.assign(session, data));
  return { world, cookie: cookie as string };
}

const codeOf = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return undefined;
};

describe("the controls of a session", () => {
  it.each(CONTROLS)("%s is there, but no part of the data", async (name) => {
    const { world, cookie } = await withSession();
    const session = await world.manager.load(cookie);
    expect(session[name]).toBeDefined();
    expect([name in session, Object.keys(session).includes(name), Object.hasOwn(session, name)]).toEqual([false, false, false]);
    expect(JSON.stringify(session)).toBe('{"user":"alice"}');
    expect({ ...session }).toEqual({ user: "alice" });
  });

  it.each([...CONTROLS, "$anything", "$"])("%s cannot be assigned, defined or overlaid", async (name) => {
    const session = await new World().manager.load();
    expect(codeOf(() => (session[name] = 1))).toBe("ERR_SESSION_VALUE");
    expect(
      codeOf(() => Object.defineProperty(session, name, { value: 1, enumerable: true, configurable: true, writable: true })),
    ).toBe("ERR_SESSION_VALUE");
    expect(codeOf(() => Object.assign(session, { [name]: 1 }))).toBe("ERR_SESSION_VALUE");
    expect(codeOf(() => session.$increment(name))).toBe("ERR_SESSION_VALUE");
  });

  it("that there are none of are undefined", async () => {
    const session = await new World().manager.load();
    expect([session["$nothing"], session["$"], session["$constructor"], session["$__proto__"]]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("are plain data below the first level", async () => {
    const { world, cookie } = await withSession({}, { nested: { $id: 1, $save: 2 } });
    expect(await world.dataOf(cookie)).toEqual({ nested: { $id: 1, $save: 2 } });
  });

  it("are the same function each time, which needs no `this`", async () => {
    const session = await new World().manager.load();
    const { $increment, $snapshot } = session;
    expect(session.$increment).toBe($increment);
    $increment("views");
    expect($snapshot()).toEqual({ views: 1 });
  });
});

describe("$id", () => {
  it.each([true, false])("is the SHA-256 of the token, base64url (hashIds: %s)", async (hashIds) => {
    const { world, cookie } = await withSession({ hashIds });
    const session = await world.manager.load(cookie);
    expect(session.$id).toBe(await hashToken(tokenOf(cookie)));
  });

  it("is undefined until there is a token, and changes with it", async () => {
    const { manager } = new World();
    const session = await manager.load();
    expect(session.$id).toBeUndefined();
    session.user = "alice";
    await session.$save();
    const first = session.$id;
    await session.$regenerate();
    expect([first, session.$id]).toEqual([expect.any(String), expect.not.stringMatching(String(first))]);
  });
});

describe("$isNew and $isDirty", () => {
  it("follow a session from its first write", async () => {
    const { manager } = new World();
    const session = await manager.load();
    const seen = [[session.$isNew, session.$isDirty]];
    session.user = "alice";
    seen.push([session.$isNew, session.$isDirty]);
    await session.$save();
    seen.push([session.$isNew, session.$isDirty]);
    session.user = "bob";
    seen.push([session.$isNew, session.$isDirty]);
    session.user = "alice";
    seen.push([session.$isNew, session.$isDirty]);
    expect(seen).toEqual([
      [true, false],
      [true, true],
      [false, false],
      [false, true],
      [false, false],
    ]);
  });

  it.each<[string, (session: Session) => unknown]>([
    ["a one-time value", (session) => session.$flash("note", 1)],
    ["a setting of the cookie", (session) => (session.$cookie.maxAge = 60)],
    ["an increment", (session) => session.$increment("views")],
    ["$clear", (session) => session.$clear()],
    ["a nested write", (session) => (session.nested.a = 1)],
  ])("say that %s is something to store", async (_, change) => {
    const { world, cookie } = await withSession({}, { user: "alice", nested: {} });
    const session = await world.manager.load(cookie);
    change(session);
    expect(session.$isDirty).toBe(true);
  });
});

describe("$changes", () => {
  it("lists what changed, and is read-only", async () => {
    const { world, cookie } = await withSession({}, { user: "alice", list: [1], set: new Set([1]), views: 1 });
    const session = await world.manager.load(cookie);
    delete session.user;
    session.list.push(2);
    session.set.add(2);
    session.$increment("views", 2);
    session.nested = { a: 1 };
    expect(session.$changes).toEqual([
      { op: "delete", path: ["user"] },
      { op: "append", path: ["list"], value: 2 },
      { op: "add", path: ["set"], value: 2 },
      { op: "increment", path: ["views"], value: 2 },
      { op: "set", path: ["nested"], value: { a: 1 } },
    ]);
    expect(() => (session.$changes as SessionChange[]).push({ op: "clear", path: [] })).toThrow(TypeError);
  });

  it("begins with a clear where $clear was called", async () => {
    const { world, cookie } = await withSession();
    const session = await world.manager.load(cookie);
    session.$clear();
    session.theme = "dark";
    expect(session.$changes).toEqual([
      { op: "clear", path: [] },
      { op: "set", path: ["theme"], value: "dark" },
    ]);
  });
});

describe("$createdAt and $expiresAt", () => {
  it("are dates, counted from the clock of the manager", async () => {
    const { world, cookie } = await withSession({ idleTimeout: 60 });
    const start = world.clock.now();
    world.clock.advance(3000);
    const session = await world.manager.load(cookie);
    expect([session.$createdAt, session.$expiresAt]).toEqual([new Date(start), new Date(start + 60_000)]);
  });

  it("are known of a new session", async () => {
    const world = new World({ idleTimeout: 60, absoluteTimeout: 30 });
    const session = await world.manager.load();
    expect([session.$createdAt.getTime(), session.$expiresAt?.getTime()]).toEqual([
      world.clock.now(),
      world.clock.now() + 30_000,
    ]);
  });

  it.each([0, null])("say null for never (idleTimeout: %s)", async (idleTimeout) => {
    const { world, cookie } = await withSession({ idleTimeout });
    expect((await world.manager.load(cookie)).$expiresAt).toBeNull();
  });

  it("cannot be changed through what they give", async () => {
    const { world, cookie } = await withSession();
    const session = await world.manager.load(cookie);
    session.$createdAt.setTime(0);
    session.$expiresAt?.setTime(0);
    expect([session.$createdAt.getTime(), session.$expiresAt?.getTime()]).not.toContain(0);
  });
});

describe("$clear", () => {
  it("removes data and one-time values, and ends the session at the commit", async () => {
    const { world, cookie } = await withSession();
    await world.visit(cookie, (session) => session.$flash("note", "hi"));
    const { setCookies, session } = await world.visit(cookie, (one) => one.$clear());
    expect(setCookies).toEqual([expect.stringMatching(/^session=; Max-Age=0;/)]);
    expect({ ...session }).toEqual({});
    expect(await world.dataOf(cookie)).toEqual({});
  });

  it("keeps the session, and its token, if something is written after it", async () => {
    const { world, cookie } = await withSession();
    const answer = await world.visit(cookie, (session) => {
      session.$clear();
      session.theme = "dark";
    });
    expect([answer.setCookies, await world.dataOf(cookie)]).toEqual([[], { theme: "dark" }]);
  });

  it("keeps what another request added meanwhile", async () => {
    const { world, cookie } = await withSession();
    const { setCookies } = await world.visit(cookie, async (session) => {
      session.$clear();
      await world.visit(cookie, (other) => void (other.cart = [1]));
    });
    expect([setCookies, await world.dataOf(cookie)]).toEqual([[], { cart: [1] }]);
  });

  it("keeps a one-time value that was set after it", async () => {
    const { world, cookie } = await withSession();
    await world.visit(cookie, (session) => {
      session.$clear();
      session.$flash("note", "bye");
    });
    expect((await world.manager.load(cookie)).$flash("note")).toBe("bye");
  });

  it("is not the same as deleting the last key, which keeps an empty record", async () => {
    const { world, cookie } = await withSession();
    const { setCookies } = await world.visit(cookie, (session) => void delete session.user);
    const session = await world.manager.load(cookie);
    expect([setCookies, session.$isNew, { ...session }]).toEqual([[], false, {}]);
  });

  it("stores nothing of a session that was never stored", async () => {
    const { calls, setCookies } = await new World().visit("session=unknown", (session) => {
      session.user = "alice";
      session.$clear();
    });
    expect([calls, setCookies]).toEqual([["get"], []]);
  });
});

describe("$subscribe", () => {
  it("tells of each change, until it is ended", async () => {
    const session = await new World().manager.load();
    const listener = vi.fn();
    const end = session.$subscribe(listener);
    session.user = { name: "alice" };
    session.user.name = "bob";
    end();
    session.user.name = "carol";
    expect(listener.mock.calls).toEqual([
      [{ op: "set", path: ["user"], value: { name: "alice" } }],
      [{ op: "set", path: ["user", "name"], value: "bob" }],
    ]);
  });
});

describe("$snapshot", () => {
  it("is a plain copy that can be cloned and changed", async () => {
    const session = await new World().manager.load();
    session.user = { tags: new Set(["a"]), at: new Date(0) };
    const copy = session.$snapshot() as { user: { tags: Set<string> } };
    copy.user.tags.add("b");
    expect(structuredClone(copy)).toEqual({ user: { tags: new Set(["a", "b"]), at: new Date(0) } });
    expect([...session.user.tags]).toEqual(["a"]);
  });
});

describe("after $destroy", () => {
  it.each<[string, (session: Session) => unknown]>([
    ["a write", (session) => (session.user = "bob")],
    ["a delete", (session) => delete session["user"]],
    ["$increment", (session) => session.$increment("views")],
    ["$flash", (session) => session.$flash("note", 1)],
    ["$clear", (session) => session.$clear()],
    ["$cookie", (session) => (session.$cookie.maxAge = 60)],
  ])("%s throws ERR_SESSION_DESTROYED", async (_, use) => {
    const { world, cookie } = await withSession();
    const session = await world.manager.load(cookie);
    await session.$destroy();
    expect(codeOf(() => use(session))).toBe("ERR_SESSION_DESTROYED");
  });

  it.each<[string, (session: Session) => Promise<unknown>]>([
    ["$save", (session) => session.$save()],
    ["$reload", (session) => session.$reload()],
    ["$regenerate", (session) => session.$regenerate()],
    ["$update", (session) => session.$update(() => 1)],
  ])("%s rejects with ERR_SESSION_DESTROYED", async (_, use) => {
    const { world, cookie } = await withSession();
    const session = await world.manager.load(cookie);
    await session.$destroy();
    expect(await errorOf(use(session))).toMatchObject({ code: "ERR_SESSION_DESTROYED" });
  });

  it("the session is empty, and a second $destroy does nothing", async () => {
    const { world, cookie } = await withSession();
    const session = await world.manager.load(cookie);
    await session.$destroy();
    await session.$destroy();
    expect([{ ...session }, session.$isDirty]).toEqual([{}, false]);
  });
});

describe("a printed session", () => {
  it("shows the data, and no token or secret", async () => {
    const { world, cookie } = await withSession({ secret: "a secret that is long enough to sign" });
    const session = await world.manager.load(cookie);
    expect(inspect(session)).toBe("{ user: 'alice' }");
    const all = inspect([session, session.$cookie, session.$save, world.manager], {
      showProxy: true,
      showHidden: true,
      depth: 20,
    });
    expect(all).not.toContain(tokenOf(cookie));
    expect(all).not.toContain("a secret that is");
  });
});
