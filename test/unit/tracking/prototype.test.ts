import { afterEach, describe, expect, it } from "vitest";
import { open, refusal, Stored } from "./_setup.ts";

afterEach(() => expect(Object.keys(Object.prototype)).toEqual([]));

const refused = (message: string): object => expect.objectContaining(refusal(message));

describe("keys that reach a prototype", () => {
  it.each(["__proto__", "constructor", "prototype"])("%s is refused as the key of an assignment, at any depth", async (key) => {
    const session = await open({ user: {} });
    expect(() => (session[key] = { admin: true })).toThrow(refused(`session.${key} has a key that reaches a prototype`));
    expect(() => (session.user[key] = 1)).toThrow(refused(`session.user.${key} has a key that reaches a prototype`));
  });

  it.each(["__proto__", "constructor", "prototype"])("%s is refused as an own key inside of what is assigned", async (key) => {
    const session = await open();
    const hostile: unknown = JSON.parse(`{"a": [{"${key}": {"admin": true}}]}`);
    expect(() => (session.x = hostile)).toThrow(refused(`session.x.a[0].${key} has a key that reaches a prototype`));
    expect(() => (session.x = new Map([["k", hostile]]))).toThrow(refused(`session.x.k.a[0].${key} has`));
    expect(session.x).toBeUndefined();
  });

  it.each(["__proto__", "constructor", "prototype"])(
    "%s is refused as a step of $increment, which then makes nothing",
    async (key) => {
      const session = await open();
      for (const path of [[key], [key, "n"], ["a", key, "n"], ["a", "b", key]]) {
        expect(() => session.$increment(path)).toThrow(refused("session"));
      }
      expect(Object.keys(session)).toEqual(["kept"]);
    },
  );

  it("__proto__ is refused at commit if it got in behind the session's back", async () => {
    const stored = await Stored.of({});
    const session = await stored.open();
    const user = {};
    session.user = user;
    Object.defineProperty(user, "__proto__", { value: 1, enumerable: true });
    await expect(stored.commit(session)).rejects.toMatchObject(
      refusal("session.user.__proto__ has a key that reaches a prototype"),
    );
  });

  it("may be keys of a Map, where they reach nothing", async () => {
    const stored = await Stored.of({ words: new Map() });
    await stored.visit((session) => {
      session.words.set("constructor", 1).set("__proto__", 2);
      session.$increment(["words", "constructor"]);
    });
    expect([...(await stored.data()).words]).toEqual([
      ["constructor", 2],
      ["__proto__", 2],
    ]);
  });

  it("nothing is reached by a read of __proto__", async () => {
    const session = await open({ user: {}, map: new Map() });
    for (const each of [session, session.user, session.map]) expect(each.__proto__).toBeUndefined();
    expect(() => (session.user.__proto__.admin = true)).toThrow(TypeError);
  });

  it("nothing is changed by a prototype that is assigned", async () => {
    const session = await open({ user: {} });
    for (const each of [session, session.user]) {
      expect(() => Object.setPrototypeOf(each, { admin: true })).toThrow(refused("session"));
      expect(each.admin).toBeUndefined();
    }
  });

  it("nothing that a session inherits is data", async () => {
    const session = await open();
    expect(Object.hasOwn(session, "toString")).toBe(false);
    expect(session.toString()).toBe("[object Object]");
    expect(session.constructor).toBe(Object);
  });
});

describe("attributes of properties", () => {
  it.each<[string, (target: any) => unknown]>([
    ["a getter", (target) => Object.defineProperty(target, "a", { get: () => 1, enumerable: true, configurable: true })],
    ["a setter", (target) => target.__defineSetter__("a", () => {})],
    ["a hidden property", (target) => Object.defineProperty(target, "a", { value: 1, writable: true, configurable: true })],
    ["a read-only property", (target) => Object.defineProperty(target, "a", { value: 1, enumerable: true, configurable: true })],
    ["a property made hidden", (target) => Object.defineProperty(target, "b", { enumerable: false })],
  ])("other than those of a plain value are refused: %s", async (_, define) => {
    const session = await open({ b: 1, user: { b: 1 } });
    expect(() => define(session)).toThrow(refused("session."));
    expect(() => define(session.user)).toThrow(refused("session.user."));
    expect(session.$changes).toEqual([]);
  });

  it.each<[string, PropertyDescriptor, string]>([
    ["an accessor", { get: () => 1, enumerable: true }, "is an accessor"],
    ["a hidden property", { value: 1 }, "is a hidden property, which is not kept"],
    ["a read-only property", { value: 1, enumerable: true }, "is a read-only property"],
  ])("are refused inside of what is assigned: %s", async (_, descriptor, message) => {
    const session = await open();
    const odd = Object.defineProperty({}, "x", descriptor);
    expect(() => (session.list = [{ odd }])).toThrow(refused(`session.list[0].odd.x ${message}`));
    expect(() => (session.list = [odd])).toThrow(refused(`session.list[0].x ${message}`));
    const list = Object.defineProperty([], 0, descriptor);
    expect(() => (session.x = { list })).toThrow(refused(`session.x.list[0] ${message}`));
  });

  it("are looked at without running an accessor", async () => {
    const session = await open();
    let runs = 0;
    const odd = Object.defineProperty({}, "x", { get: () => ++runs, enumerable: true });
    expect(() => (session.list = [odd])).toThrow(refused("session.list[0].x is an accessor"));
    expect(runs).toBe(0);
  });

  it("of a plain value may be given by defineProperty", async () => {
    const session = await open({ user: { a: 1 } });
    Object.defineProperty(session.user, "a", { value: 2 });
    Object.defineProperty(session.user, "b", { value: { c: 1 }, enumerable: true, configurable: true, writable: true });
    expect(session.$changes).toEqual([
      { op: "set", path: ["user", "a"], value: 2 },
      { op: "set", path: ["user", "b"], value: { c: 1 } },
    ]);
  });

  it("read by getOwnPropertyDescriptor lead to proxies, not to what is behind them", async () => {
    const session = await open({ user: { a: {} } });
    expect(Object.getOwnPropertyDescriptor(session, "user")?.value).toBe(session.user);
    expect(Object.getOwnPropertyDescriptors(session.user)["a"]?.value).toBe(session.user.a);
  });

  it("are left alone in an object that has a session as its prototype", async () => {
    const session = await open({ user: { a: 1 } });
    const derived: any = Object.create(session.user);
    derived.a = 2;
    derived.b = 3;
    expect([derived.a, session.user.a, session.user.b]).toEqual([2, 1, undefined]);
    expect(Reflect.set(session.user, "a", 4, derived)).toBe(true);
    expect([derived.a, session.user.a]).toEqual([4, 1]);
  });
});
