import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { open, refusal, Stored } from "./_setup.ts";

const refused = (message: string): object => expect.objectContaining(refusal(message));

describe("what cannot be kept", () => {
  it.each<[string, (session: any) => unknown, string]>([
    ["assigned", (session) => (session.user.avatar = () => 1), "session.user.avatar is a function"],
    [
      "deep in what is assigned",
      (session) => (session.user = [{ a: new Map([["k", () => 1]]) }]),
      "session.user[0].a.k is a function",
    ],
    ["a class", (session) => (session.user.type = class {}), "session.user.type is a function"],
    ["pushed", (session) => session.list.push(1, Symbol("x")), "session.list[2] is a symbol"],
    ["unshifted", (session) => session.list.unshift(() => 1), "session.list["],
    ["spliced in", (session) => session.list.splice(0, 1, [() => 1]), "session.list["],
    ["filled in", (session) => session.list.fill(() => 1), "session.list["],
    ["written at an index", (session) => (session.list[0] = Symbol("x")), "session.list[0] is a symbol"],
    ["Object.assign", (session) => Object.assign(session, { a: { b: () => 1 } }), "session.a.b is a function"],
    ["the cause of an error", (session) => (session.e = new Error("x", { cause: () => 1 })), "session.e.cause is a function"],
    ["under a symbol", (session) => (session.user[Symbol("x")] = 1), "session.user[Symbol(x)] has a symbol as its key"],
    [
      "under a symbol in what is assigned",
      (session) => (session.a = [{ [Symbol("x")]: 1 }]),
      "session.a[0][Symbol(x)] has a symbol",
    ],
    [
      "under a name of an array in what is assigned",
      (session) => (session.a = [Object.assign([1], { x: 1 })]),
      "session.a[0].x is a named property of an array",
    ],
    [
      "under a name of a Map in what is assigned",
      (session) => (session.a = [Object.assign(new Map(), { x: 1 })]),
      "session.a[0].x is a named property of a collection",
    ],
    [
      "further in than most that is assigned",
      (session) =>
        (session.a = Array.from({ length: 40 }).reduce<unknown>(
          (inner) => [inner],
          () => 1,
        )),
      `session.a${"[0]".repeat(40)} is a function`,
    ],
  ])("is refused at the line that wrote it, and changes nothing: %s", async (_, write, message) => {
    const session = await open({ user: {}, list: [0] });
    expect(() => write(session)).toThrow(refused(message));
    expect(session.$changes).toEqual([]);
  });

  class Cart {
    items = [];
  }

  it.each<[string, unknown, string]>([
    ["an instance of a class", new Cart(), "is an instance of Cart"],
    ["a Promise", Promise.resolve(1), "is an instance of Promise"],
    ["a Buffer", Buffer.from("x"), "is an instance of Buffer"],
    ["an ArrayBuffer", new ArrayBuffer(1), "is an instance of ArrayBuffer"],
    ["a DataView", new DataView(new ArrayBuffer(1)), "is an instance of DataView"],
    ["a boxed string", Object("x"), "is an instance of String"],
    ["a boxed number", Object(1), "is an instance of Number"],
    ["a boxed bigint", Object(1n), "is an instance of BigInt"],
    ["a boxed symbol", Object(Symbol("x")), "is an instance of Symbol"],
    ["a WeakMap", new WeakMap(), "is an instance of WeakMap"],
    ["an array of a class", new (class List extends Array {})(), "is an instance of List"],
    ["a Map of a class", new (class Cache extends Map {})(), "is an instance of Cache"],
    ["a Date of a class", new (class Day extends Date {})(), "is an instance of Day"],
    ["an error of a class", new (class Failure extends Error {})("x"), "is an instance of Failure"],
    ["a Date of another realm", runInNewContext("new Date(0)"), "is an instance of Date"],
    ["an iterator", [1].values(), "is an instance of"],
    ["an object of an unnamed kind", Object.create(Object.create(null)), "is an instance of an unnamed class"],
    ["Math", Math, "is a hidden property"],
  ])("is refused at commit, with its path, if only a serializer can tell: %s", async (_, value, message) => {
    const stored = await Stored.of({ before: 1 });
    const visit = stored.visit((session) => void (session.user = { list: [{ value }] }));
    await expect(visit).rejects.toMatchObject({ code: "ERR_SESSION_VALUE" });
    const error = (await visit.catch((thrown: unknown) => thrown)) as Error;
    expect(error.message).toContain("session.user.list[0].value");
    expect(error.message).toContain(message);
    expect(await stored.data()).toEqual({ before: 1 });
  });

  it.each<[string, (held: any) => unknown]>([
    ["a function", (held) => (held.x = () => 1)],
    ["a symbol as a key", (held) => (held[Symbol("x")] = 1)],
    ["a hidden property", (held) => Object.defineProperty(held, "x", { value: 1 })],
  ])("is refused at commit if it got in behind the session's back: %s", async (_, change) => {
    const stored = await Stored.of({});
    const visit = stored.visit((session) => {
      const user = {};
      session.user = user;
      change(user);
    });
    await expect(visit).rejects.toMatchObject({ code: "ERR_SESSION_VALUE", message: expect.stringContaining("session.user") });
  });
});

describe("what can be kept", () => {
  it("is everything JSON knows and more", async () => {
    const data = {
      json: [1, "a", true, null, { a: [] }],
      numbers: [Number.NaN, Infinity, -Infinity, -0, 1n],
      nothing: [undefined],
      when: new Date(1),
      map: new Map<unknown, unknown>([
        [1, "n"],
        ["1", "s"],
        [null, new Set([1])],
      ]),
      bytes: new Uint8Array([1, 2]),
      url: new URL("http://a/?b#c"),
      pattern: /a.b/giu,
      error: new TypeError("x", { cause: new Error("y") }),
    };
    const stored = await Stored.of(data);
    expect(await stored.data()).toStrictEqual(data);
  });

  it("is an object without a prototype, or of another realm", async () => {
    const stored = await Stored.of({});
    await stored.visit((session) => {
      session.bare = Object.assign(Object.create(null), { a: 1 });
      session.foreign = runInNewContext("({ list: [1], map: new Map([['k', { n: 1 }]]), set: new Set([1]) })");
      session.foreign.when = new Date(0);
      session.bare.b = 2;
      session.foreign.list.push(2);
      session.foreign.map.get("k").n = 2;
      session.foreign.set.add(2);
    });
    expect(await stored.data()).toEqual({
      bare: { a: 1, b: 2 },
      foreign: { list: [1, 2], map: new Map([["k", { n: 2 }]]), set: new Set([1, 2]), when: new Date(0) },
    });
  });

  it("is looked at once, however many ways lead to it", async () => {
    const session = await open();
    const ring: Record<string, unknown> = { n: 1 };
    ring["self"] = ring;
    session.ring = ring;
    expect(session.ring.self).toBe(session.ring);
    // Without that, longer than a test may take.
    session.many = Array.from({ length: 60 }).reduce<unknown>((inner) => ({ a: inner, b: inner }), 1);
    expect(session.many.a.b).toBe(session.many.b.a);
  });

  it("is nested 64 levels deep, and no deeper", async () => {
    const nest = (levels: number): object => (levels === 0 ? {} : { n: nest(levels - 1) });
    const stored = await Stored.of({});
    await stored.visit((session) => void (session.deep = nest(63)));
    const deeper = stored.visit((session) => void (session.deep = nest(64)));
    await expect(deeper).rejects.toMatchObject({
      code: "ERR_SESSION_VALUE",
      message: expect.stringMatching(/n\.n is nested more than 64/),
    });
    expect(await (await stored.open()).$snapshot()["deep"]).toEqual(nest(63));
  });
});

describe("after the end of a request", () => {
  const writes: [string, (session: any) => unknown][] = [
    ["a key", (session) => (session.a = 1)],
    ["a nested key", (session) => (session.user.n = 2)],
    ["a deletion", (session) => delete session.user],
    ["a push", (session) => session.list.push(1)],
    ["a sort", (session) => session.list.sort()],
    ["a Map", (session) => session.map.set("k", 2)],
    ["a Set", (session) => session.set.add(2)],
    ["an increment", (session) => session.$increment("n")],
    ["a clear", (session) => session.$clear()],
    ["a one-time value", (session) => session.$flash("a", 1)],
    ["defineProperty", (session) => Object.defineProperty(session.user, "n", { value: 2 })],
  ];
  const data = { user: { n: 1 }, list: [2, 1], map: new Map(), set: new Set() };

  it.each(writes)("plain writes throw ERR_SESSION_COMMITTED: %s", async (_, write) => {
    const stored = await Stored.of(data);
    const session = await stored.open();
    await stored.commit(session);
    expect(() => write(session)).toThrow(expect.objectContaining({ code: "ERR_SESSION_COMMITTED" }));
    expect(await stored.data()).toEqual(data);
  });

  it.each(writes)("plain writes throw ERR_SESSION_DESTROYED if it was destroyed: %s", async (_, write) => {
    const stored = await Stored.of(data);
    const session = await stored.open();
    const held = { user: session.user, list: session.list, map: session.map, set: session.set };
    await session.$destroy();
    const destroyed = expect.objectContaining({ code: "ERR_SESSION_DESTROYED" });
    expect(() => write(session)).toThrow();
    expect(() => (held.user.n = 2)).toThrow(destroyed);
    expect(() => held.list.push(1)).toThrow(destroyed);
    expect(() => held.map.set("k", 1)).toThrow(destroyed);
    expect(() => (session.a = 1)).toThrow(destroyed);
  });

  it("reads go on", async () => {
    const stored = await Stored.of(data);
    const session = await stored.open();
    await stored.commit(session);
    expect([session.user.n, [...session.list]]).toEqual([1, [2, 1]]);
  });
});
