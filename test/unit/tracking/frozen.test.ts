import { describe, expect, it } from "vitest";
import { open, rawOf, refusal, Stored } from "./_setup.ts";

const deepFreeze = <V>(value: V): V => {
  if (typeof value === "object" && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
};

describe("a frozen object in a session", () => {
  it("is read, walked and compared as any other", async () => {
    const session = await open();
    session.user = deepFreeze({ name: "a", roles: ["x", { deep: true }] });
    expect(session.user).toEqual({ name: "a", roles: ["x", { deep: true }] });
    expect({ ...session.user }).toStrictEqual({ name: "a", roles: ["x", { deep: true }] });
    expect(JSON.stringify(session.user)).toBe('{"name":"a","roles":["x",{"deep":true}]}');
    expect([Object.isFrozen(session.user), Array.isArray(session.user.roles), session.user]).toEqual([true, true, session.user]);
  });

  it("throws a TypeError when it is written to, as everywhere", async () => {
    const session = await open();
    session.user = deepFreeze({ name: "a", roles: ["x"] });
    expect(() => (session.user.name = "b")).toThrow(TypeError);
    expect(() => delete session.user.name).toThrow(TypeError);
    expect(() => session.user.roles.push("y")).toThrow(TypeError);
    expect(session.user).toEqual({ name: "a", roles: ["x"] });
  });

  it("hands out proxies for what in it is not frozen, whose writes are stored", async () => {
    const stored = await Stored.of({});
    await stored.visit(async (session) => {
      session.user = Object.freeze({ address: { city: "a" }, list: Object.freeze([new Map([["k", 1]])]) });
      expect(session.user.address).toBe(session.user.address);
      await session.$save();
      session.user.address.city = "b";
      session.user.list[0].set("k", 2);
      session.$increment(["user", "address", "visits"]);
    });
    expect(await stored.data()).toEqual({ user: { address: { city: "b", visits: 1 }, list: [new Map([["k", 2]])] } });
  });

  it("around proxies gives way to a frozen copy, the same one wherever it is written", async () => {
    const session = await open({ user: { n: 1 } });
    const inner = Object.freeze([session.user]);
    const outer = Object.freeze({ inner, user: session.user, plain: { n: 2 } });
    session.list = [outer, outer];
    session.other = { outer, inner };
    expect(rawOf(session).list[0].user).toBe(rawOf(session.user));
    expect(rawOf(session).list[0].inner[0]).toBe(rawOf(session.user));
    expect(session.list[0]).toBe(session.list[1]);
    expect([session.other.outer, session.other.inner]).toEqual([session.list[0], session.list[0].inner]);
    expect(session.other.outer).toBe(session.list[0]);
    expect(session.list.includes(outer)).toBe(true);
    expect(Object.isFrozen(session.list[0])).toBe(true);
    session.list[0].user.n = 5;
    expect(session.user.n).toBe(5);
  });

  it("may be in a ring around proxies", async () => {
    const session = await open({ user: { n: 1 } });
    const ring: any = { user: session.user };
    const frozen: any = Object.freeze({ ring, user: session.user });
    ring.back = frozen;
    session.x = frozen;
    expect(session.x.ring.back).toBe(session.x);
    expect(rawOf(session).x.ring.back).toBe(rawOf(session).x);
    expect(rawOf(session).x.ring.user).toBe(rawOf(session.user));
  });

  it("may be frozen after it was assigned, and what is in it is still stored", async () => {
    const stored = await Stored.of({});
    await stored.visit(async (session) => {
      const user = { address: { city: "a" } };
      session.user = user;
      expect(session.user.address.city).toBe("a");
      Object.freeze(user);
      await session.$save();
      session.user.address.city = "b";
      expect(() => (session.user.address = 1)).toThrow(TypeError);
    });
    expect(await stored.data()).toEqual({ user: { address: { city: "b" } } });
  });

  it("may be frozen after it was put into an item that was taken out", async () => {
    const { list } = await open({ list: [{}] });
    const item = list.pop();
    const own = { inside: {} };
    item.own = own;
    expect(item.own.inside).toEqual({});
    Object.freeze(own);
    expect(item.own.inside).toEqual({});
  });

  it("is not frozen any more once it was stored and loaded", async () => {
    const stored = await Stored.of({ user: Object.freeze({ n: 1 }) });
    await stored.visit((session) => void (session.user.n = 2));
    expect(await stored.data()).toEqual({ user: { n: 2 } });
  });

  it.each<[string, <V>(value: V) => V]>([
    ["frozen", Object.freeze],
    ["sealed", Object.seal],
    ["closed", Object.preventExtensions],
  ])("survives a merging $save if it is %s", async (_, close) => {
    const stored = await Stored.of({});
    const session = await stored.open();
    session.x = { object: close({ n: { m: 1 } }), array: close([1, { m: 1 }]) };
    const inside = session.x.object.n;
    await stored.visit((other) => void (other.y = 1));
    await session.$save();
    expect(session.$snapshot()).toEqual({ kept: true, x: { object: { n: { m: 1 } }, array: [1, { m: 1 }] }, y: 1 });
    inside.m = 2;
    await stored.commit(session);
    expect((await stored.data()).x.object).toEqual({ n: { m: 2 } });
  });

  it("cannot have holes, which could not be filled for the store", async () => {
    const stored = await Stored.of({});
    const holes = Array.from({ length: 3 });
    delete holes[2];
    const visit = stored.visit((session) => {
      session.list = Object.freeze(holes);
      expect(session.list).toHaveLength(3);
    });
    await expect(visit).rejects.toMatchObject(refusal("session.list[2] is a hole"));
  });
});

describe("what is in a session", () => {
  it.each<[string, (value: object) => unknown]>([
    ["frozen", Object.freeze],
    ["sealed", Object.seal],
    ["closed", Object.preventExtensions],
  ])("cannot be %s through it", async (_, close) => {
    const session = await open({ user: { n: 1 }, list: [1] });
    for (const each of [session, session.user, session.list]) {
      expect(() => close(each)).toThrow(expect.objectContaining(refusal("session")));
      expect(Object.isExtensible(each)).toBe(true);
    }
  });
});
