import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createSessionManager, type Session, type SessionManager, type SessionOptions, type StandardSchema } from "unsession";
import { errorOf, nextCookie, World } from "./_setup.ts";

type Data = Record<string, any>;

/** One schema in three libraries: a user is required, the rest has defaults. */
const SHOPS: Record<string, StandardSchema<Data>> = {
  zod: z.object({
    user: z.object({ id: z.number(), name: z.string().min(2) }),
    views: z.number().default(0),
    cart: z.array(z.string()).default([]),
  }),
  valibot: v.object({
    user: v.object({ id: v.number(), name: v.pipe(v.string(), v.minLength(2)) }),
    views: v.optional(v.number(), 0),
    cart: v.optional(v.array(v.string()), []),
  }),
  arktype: type({
    user: { id: "number", name: "string >= 2" },
    views: "number = 0",
    cart: type("string[]").default(() => []),
  }),
};

/** All of it has defaults. */
const PREFERENCES: Record<string, StandardSchema<Data>> = {
  zod: z.object({ theme: z.enum(["light", "dark"]).default("light"), seen: z.array(z.string()).default([]) }),
  valibot: v.object({ theme: v.optional(v.picklist(["light", "dark"]), "light"), seen: v.optional(v.array(v.string()), []) }),
  arktype: type({ theme: "'light' | 'dark' = 'light'", seen: type("string[]").default(() => []) }),
};

const libraries = Object.keys(SHOPS);
const shop = (library = "zod"): StandardSchema<Data> => SHOPS[library] as StandardSchema<Data>;
const preferences = (library = "zod"): StandardSchema<Data> => PREFERENCES[library] as StandardSchema<Data>;

const USER = { id: 7, name: "alice" };

/** A session of a manager without a schema, as an earlier deployment left it. */
async function left(data: Data, options: SessionOptions = {}) {
  const world = new World();
  const before = world.another(options);
  const session = await before.load();
  Object.assign(session, data);
  const cookie = nextCookie(undefined, await before.commit(session)) as string;
  world.told.length = world.store.calls.length = 0;
  return { world, cookie };
}

/** A request to another manager on the same store. */
async function visit(manager: SessionManager, cookie: string | undefined, handler: (session: Session) => unknown = () => {}) {
  const session = await manager.load(cookie);
  await handler(session);
  return { session, cookie: nextCookie(cookie, await manager.commit(session)) };
}

describe.each(libraries)("a new session with a schema of %s", (library) => {
  it("holds the defaults of the schema, and is not dirty", async () => {
    const { session } = await new World({ schema: preferences(library) }).visit(undefined);
    expect([{ ...session }, session.$isDirty, session.$changes, session.$isNew]).toEqual([
      { theme: "light", seen: [] },
      false,
      [],
      true,
    ]);
  });

  it("is not stored for its defaults alone", async () => {
    const world = new World({ schema: preferences(library) });
    const { calls, setCookies } = await world.visit(undefined, (session) => {
      session.seen.push("a");
      session.seen.pop();
    });
    expect([calls, setCookies]).toEqual([[], []]);
  });

  it("is stored whole once it is changed", async () => {
    const world = new World({ schema: preferences(library) });
    const { session, cookie, calls } = await world.visit(undefined, (one) => void one.seen.push("a"));
    expect([calls, session.$changes]).toEqual([["create"], []]);
    expect(await world.dataOf(cookie)).toEqual({ theme: "light", seen: ["a"] });
  });

  it("shares no default with another session", async () => {
    const world = new World({ schema: preferences(library) });
    await world.visit(undefined, (session) => void session.seen.push("mine"));
    expect((await world.manager.load())["seen"]).toEqual([]);
  });

  it("is empty if the schema requires what it gives no default for", async () => {
    expect({ ...(await new World({ schema: shop(library) }).manager.load()) }).toEqual({});
  });
});

describe.each(libraries)("at a save, a schema of %s", (library) => {
  it("refuses what does not fit, names the place, and leaves the record as it was", async () => {
    const world = new World({ schema: shop(library) });
    const { cookie } = await world.visit(undefined, (session) => void (session.user = USER));
    const before = world.store.record;
    const error = await errorOf(world.visit(cookie, (session) => void (session.user.name = 42)));
    expect(error).toMatchObject({ code: "ERR_SESSION_VALUE" });
    expect(error.message).toContain("session.user.name does not fit the schema");
    expect(world.store.record).toBe(before);
  });

  it.each([
    ["a secret text", { user: { id: "hunter2-hunter2", name: "alice" } }, "hunter2"],
    ["one that is quoted", { user: { id: 'a"b\\c', name: "alice" } }, "a\\"],
    ["a number", { user: { id: 7, name: 4815162342 } }, "4815162342"],
    ["an object", { user: { id: { pin: "pin-4711" }, name: "alice" } }, "4711"],
    ["an instant", { user: { id: new Date(1_700_000_000_000), name: "alice" } }, "2023"],
    ["a bigint", { user: { id: 12_345_678_901n, name: "alice" } }, "123456"],
    ["a sibling", { user: "token-of-alice" }, "token-of"],
  ])("never shows %s", async (_, data, secret) => {
    const error = await errorOf(
      new World({ schema: shop(library) }).visit(undefined, (session) => void Object.assign(session, data)),
    );
    expect(error).toMatchObject({ code: "ERR_SESSION_VALUE" });
    expect(error.message).not.toContain(secret);
    expect(error.cause).toBeUndefined();
  });

  it("refuses a session without what it requires", async () => {
    const error = await errorOf(new World({ schema: shop(library) }).visit(undefined, (session) => void (session.views = 1)));
    expect(error).toMatchObject({ code: "ERR_SESSION_VALUE" });
    expect(error.message).toContain("session.user does not fit the schema");
  });

  it("lets an empty session keep a one-time value", async () => {
    const world = new World({ schema: shop(library) });
    const { cookie } = await world.visit(undefined, (session) => session.$flash("note", "wrong password"));
    const { session } = await world.visit(cookie, (one) => expect(one.$flash("note")).toBe("wrong password"));
    expect([{ ...session }, world.heard]).toEqual([{}, ["created", "loaded", "saved"]]);
  });
});

describe.each(libraries)("on load, a schema of %s", (library) => {
  it("gives what was stored before it had a default", async () => {
    const { world, cookie } = await left({ user: USER });
    const session = await world.another({ schema: shop(library) }).load(cookie);
    expect({ ...session }).toEqual({ user: USER, views: 0, cart: [] });
    expect([session.$isDirty, session.$changes]).toEqual([false, []]);
  });

  it("is no reason to write", async () => {
    const { world, cookie } = await left({ user: USER });
    await visit(world.another({ schema: shop(library) }), cookie, async (session) => {
      session.views = 1;
      session.views = 0;
      await session.$update(() => {});
    });
    expect(world.store.calls).toEqual(["get"]);
  });

  it("is written down with the next change", async () => {
    const { world, cookie } = await left({ user: USER });
    await visit(world.another({ schema: shop(library) }), cookie, (session) => void (session.views = 1));
    expect(world.store.calls).toEqual(["get", "replace"]);
    expect(await world.dataOf(cookie)).toEqual({ user: USER, views: 1, cart: [] });
  });

  it("sets a record aside that does not fit", async () => {
    const { world, cookie } = await left({ user: { id: "seven" } });
    const record = world.store.record;
    const manager = world.another({ schema: shop(library) });
    const { session } = await visit(manager, cookie);
    expect([{ ...session }, session.$isNew, world.heard]).toEqual([{}, true, ["corrupt"]]);
    expect(world.infos("corrupt")).toMatchObject([{ reason: "schema", error: { code: "ERR_SESSION_VALUE" } }]);
    expect([world.store.calls, world.store.record]).toEqual([["get"], record]);
  });

  it("gives who wants to write a session of his own, and keeps the other record", async () => {
    const { world, cookie } = await left({ user: { id: "seven" } });
    const manager = world.another({ schema: shop(library) });
    const after = await visit(manager, cookie, (session) => void (session.user = USER));
    expect(after.cookie).not.toBe(cookie);
    expect([world.store.calls, Object.keys(world.store.dump).length]).toEqual([["get", "create"], 2]);
    expect(await world.dataOf(cookie)).toEqual({ user: { id: "seven" } });
  });
});

describe("with a schema", () => {
  const begin = async () => {
    const world = new World({ schema: shop() });
    const { cookie } = await world.visit(undefined, (session) => void (session.user = USER));
    return { world, cookie: cookie as string };
  };

  it("`$update` is refused what does not fit, and stores nothing", async () => {
    const { world, cookie } = await begin();
    const session = await world.manager.load(cookie);
    const error = await errorOf(session.$update((draft) => void (draft["views"] = "many")));
    expect([error.code, { ...session }]).toEqual(["ERR_SESSION_VALUE", { user: USER, views: 0, cart: [] }]);
    expect(await world.dataOf(cookie)).toEqual({ user: USER, views: 0, cart: [] });
  });

  it("two requests that fit are merged, and checked together", async () => {
    const { world, cookie } = await begin();
    const [one, other] = await Promise.all([world.manager.load(cookie), world.manager.load(cookie)]);
    one.$increment("views");
    other.$increment("views");
    other.cart.push("pear");
    await world.manager.commit(one);
    await world.manager.commit(other);
    expect(await world.dataOf(cookie)).toEqual({ user: USER, views: 2, cart: ["pear"] });
  });

  it("two requests that fit only by themselves do not both come off", async () => {
    const least = z.object({ a: z.number(), b: z.number() }).refine(({ a, b }) => a + b > 0, "less than nothing");
    const world = new World({ schema: least });
    const { cookie } = await world.visit(undefined, (session) => void Object.assign(session, { a: 1, b: 1 }));
    const [one, other] = await Promise.all([world.manager.load(cookie), world.manager.load(cookie)]);
    one["a"] = 0;
    other["b"] = 0;
    await world.manager.commit(one);
    const error = await errorOf(world.manager.commit(other));
    expect(error.message).toContain("session does not fit the schema: less than nothing");
    expect(await world.dataOf(cookie)).toEqual({ a: 0, b: 1 });
  });

  it("a record of before the schema and one of after merge in the shape of after", async () => {
    const { world, cookie } = await left({ user: USER });
    const manager = world.another({ schema: shop() });
    const session = await manager.load(cookie);
    await visit(world.manager, cookie, (old) => void (old.views = 5));
    session.cart.push("pear");
    await manager.commit(session);
    expect(await world.dataOf(cookie)).toEqual({ user: USER, views: 5, cart: ["pear"] });
  });

  it("`$reload` gives the shape of the schema, also of a session that has none yet", async () => {
    const { world, cookie } = await left({ theme: "dark" });
    const manager = world.another({ schema: preferences() });
    const session = await manager.load(cookie);
    session.theme = "light";
    await session.$reload();
    expect({ ...session }).toEqual({ theme: "dark", seen: [] });
    const fresh = await manager.load();
    fresh.seen.push("a");
    await fresh.$reload();
    expect([{ ...fresh }, fresh.$isDirty]).toEqual([{ theme: "light", seen: [] }, false]);
  });

  it("`$reload` of a session that does not fit any more says so, and begins anew", async () => {
    const { world, cookie } = await begin();
    const session = await world.manager.load(cookie);
    await visit(world.another(), cookie, (other) => void (other.user = "bob"));
    await session.$reload();
    expect([{ ...session }, world.heard.at(-1)]).toEqual([{}, "corrupt"]);
  });

  it("`$regenerate` keeps the shape, and what was changed", async () => {
    const { world, cookie } = await left({ user: USER });
    const manager = world.another({ schema: shop() });
    const after = await visit(manager, cookie, async (session) => {
      session.views = 1;
      await session.$regenerate();
      expect({ ...session }).toEqual({ user: USER, views: 1, cart: [] });
    });
    expect(await world.dataOf(after.cookie)).toEqual({ user: USER, views: 1, cart: [] });
  });

  it("`find` gives what a request would see, and nothing of a record that does not fit", async () => {
    const { world, cookie } = await left({ user: USER });
    const token = cookie.split("=")[1] as string;
    expect(await world.another({ schema: shop() }).find(token)).toEqual({ user: USER, views: 0, cart: [] });
    expect(await world.another({ schema: z.object({ user: z.string() }) }).find(token)).toBeUndefined();
    expect(world.told).toEqual([]);
  });

  it("a session that another request ended has its defaults, and is not stored", async () => {
    const world = new World({ schema: preferences() });
    const { cookie } = await world.visit(undefined, (session) => void (session.theme = "dark"));
    await world.visit(cookie, (session) => session.$destroy());
    const { session, setCookies } = await world.visit(cookie);
    expect([{ ...session }, setCookies]).toEqual([{ theme: "light", seen: [] }, []]);
  });

  it("`$clear` ends the session", async () => {
    const { world, cookie } = await begin();
    await world.visit(cookie, (session) => session.$clear());
    expect(world.heard.at(-1)).toBe("destroyed");
  });

  it("another serializer, and values that JSON would lose, are as before", async () => {
    const schema = z.object({ at: z.date(), tags: z.set(z.string()).default(() => new Set<string>()) });
    const world = new World({ schema });
    const { cookie } = await world.visit(undefined, (session) => void (session.at = new Date(5)));
    expect(await world.dataOf(cookie)).toEqual({ at: new Date(5), tags: new Set() });
  });
});

describe("a schema that answers later", () => {
  const schema = z.object({ name: z.string().refine(async (name) => name !== "occupied", "is taken") });

  it("is waited for on load and at a save", async () => {
    const world = new World({ schema });
    const { cookie } = await world.visit(undefined, (session) => void (session.name = "free"));
    expect(await world.dataOf(cookie)).toEqual({ name: "free" });
    const error = await errorOf(world.visit(cookie, (session) => void (session.name = "occupied")));
    expect(error.message).toContain("session.name does not fit the schema: is taken");
  });

  it("judges what is stored, whatever is changed meanwhile", async () => {
    const asked: (() => void)[] = [];
    const waiting = z.object({ name: z.string() }).refine(() => new Promise((resolve) => asked.push(() => resolve(true))));
    const world = new World({ schema: waiting });
    const loading = world.manager.load();
    const session = await loading;
    session.name = "first";
    const saving = session.$save();
    await expect.poll(() => asked.length).toBeGreaterThan(0);
    session.name = "second";
    for (const answer of asked) answer();
    await saving;
    expect(world.store.record).toContain("first");
  });
});

describe("a schema that throws", () => {
  const schema = z.object({ a: z.number() }).transform(() => {
    throw new RangeError("a bug");
  }) as unknown as StandardSchema<Data>;

  it("sets the record aside, so that requests go on", async () => {
    const { world, cookie } = await left({ a: 1 });
    expect({ ...(await world.another({ schema }).load(cookie)) }).toEqual({});
    expect(world.infos("corrupt")).toMatchObject([{ reason: "schema", error: new RangeError("a bug") }]);
  });

  it("fails a save", async () => {
    const error = await errorOf(new World({ schema }).visit(undefined, (session) => void (session.a = 1)));
    expect(error).toEqual(new RangeError("a bug"));
  });
});

describe("a schema that gives what it does not take", () => {
  it("is found out by the first save", async () => {
    const schema = z.object({ count: z.string().transform(Number) });
    const world = new World({ schema: schema as unknown as StandardSchema<Data> });
    const error = await errorOf(world.visit(undefined, (session) => void (session.count = 5)));
    expect(error.message).toContain("session.count does not fit the schema");
  });

  it.each([
    ["a function", z.object({}).transform(() => ({ run: () => 1 })), true],
    ["a control", z.object({}).transform(() => ({ $id: 1 })), true],
    ["an array", z.object({}).transform(() => [1]), false],
    ["nothing", z.object({}).transform(() => null), false],
  ])("does not fill a session with %s", async (_, schema, isRefused) => {
    const { world, cookie } = await left({ a: 1 });
    const manager = createSessionManager({
      storage: world.store,
      hooks: world.hooks,
      now: world.clock.now,
      schema: schema as never,
    });
    const session = await manager.load(cookie).catch((error: unknown) => error);
    expect(world.infos("corrupt")).toMatchObject([{ reason: "schema", error: { code: "ERR_SESSION_VALUE" } }]);
    // What it makes of nothing, it makes of every new session: that is to be found out before it goes anywhere.
    if (isRefused) expect(session).toMatchObject({ code: "ERR_SESSION_VALUE" });
    else expect({ ...(session as object) }).toEqual({});
  });
});
