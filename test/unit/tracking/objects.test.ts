import { describe, expect, it } from "vitest";
import { listen, open, rawOf, refusal, Stored } from "./_setup.ts";

describe("an object in a session", () => {
  it("is the same object each time it is read", async () => {
    const session = await open({ a: { b: {} } });
    expect(session.a).toBe(session.a);
    expect(session.a.b).toBe(session.a.b);
    expect(Object.values(session.a)[0]).toBe(session.a.b);
  });

  it("takes nested writes that are stored", async () => {
    const stored = await Stored.of({ user: { name: "a", address: { city: "x" } } });
    await stored.visit((session) => void (session.user.address.city = "y"));
    expect(await stored.data()).toEqual({ user: { name: "a", address: { city: "y" } } });
  });

  it("is unwrapped when it is written elsewhere", async () => {
    const session = await open({ user: { n: 1 } });
    session.copy = session.user;
    expect(rawOf(session).copy).toBe(rawOf(session.user));
    expect(session.copy).toBe(session.user);
  });

  it("is unwrapped deep inside assigned objects, arrays, Maps and Sets, in their order", async () => {
    const session = await open({ user: { n: 1 } });
    const { user } = session;
    session.deep = {
      list: [1, [user]],
      map: new Map([
        ["a", user],
        ["b", 1],
        [user, 2],
      ] as any),
      set: new Set([0, user, 1]),
    };
    const raw = rawOf(user);
    const { list, map, set } = rawOf(session.deep);
    expect(list[1][0]).toBe(raw);
    expect([...map]).toEqual([
      ["a", raw],
      ["b", 1],
      [raw, 2],
    ]);
    expect([...map.keys()][2]).toBe(raw);
    expect([...set][1]).toBe(raw);
  });

  it("is unwrapped in the cause of an error", async () => {
    const session = await open({ user: { n: 1 } });
    session.error = new Error("x", { cause: session.user });
    expect(rawOf(session).error.cause).toBe(rawOf(session.user));
  });

  it("is seen from all its places while in memory", async () => {
    const session = await open({ a: { n: 1 } });
    session.b = session.a;
    session.b.n = 2;
    expect(session.a.n).toBe(2);
    delete session.a;
    session.b.n = 3;
    expect(session.b).toEqual({ n: 3 });
  });

  it("of another session is copied, and each session shows what it stores", async () => {
    const [one, other] = [await Stored.of({ user: { n: 1 } }), await Stored.of({ list: [], map: new Map() })];
    const [from, to] = [await one.open(), await other.open()];
    to.user = from.user;
    to.list.push({ users: [from.user] });
    to.map.set("user", from.user);
    to.user.n = 2;
    to.list[0].users[0].n = 3;
    to.map.get("user").n = 4;
    from.user.n += 10;
    for (const [stored, session] of [
      [one, from],
      [other, to],
    ] as const) {
      await stored.commit(session);
      expect({ ...session }).toEqual({ kept: true, ...(await stored.data()) });
    }
    expect(await one.data()).toEqual({ user: { n: 11 } });
    expect(await other.data()).toEqual({ user: { n: 2 }, list: [{ users: [{ n: 3 }] }], map: new Map([["user", { n: 4 }]]) });
  });

  it("may contain itself", async () => {
    const stored = await Stored.of({ node: { n: 1 } });
    await stored.visit((session) => void (session.node.self = session.node));
    const session = await stored.open();
    expect(session.node.self.self).toBe(session.node);
  });

  it("treats `undefined` as a key that is not there", async () => {
    const stored = await Stored.of({ a: 1, b: { c: 2 } });
    const session = await stored.open();
    session.a = undefined;
    session.b.c = undefined;
    expect("a" in session).toBe(false);
    expect(Object.keys(session.b)).toEqual([]);
    await stored.commit(session);
    expect(await stored.data()).toEqual({ b: {} });
  });

  it("tells of what is done to it, until the listener is ended", async () => {
    const session = await open({ user: { name: "a" } });
    const events: unknown[] = [];
    const end = session.$subscribe((change) => events.push(change));
    session.user.name = "b";
    session.user.name = "b";
    delete session.user.name;
    session["a.b"] = { "": [] };
    session.$increment(["stats", "views"], 2);
    end();
    session.user = 1;
    expect(events).toEqual([
      { op: "set", path: ["user", "name"], value: "b" },
      { op: "delete", path: ["user", "name"] },
      { op: "set", path: ["a.b"], value: { "": [] } },
      { op: "set", path: ["stats"], value: {} },
      { op: "increment", path: ["stats", "views"], value: 2 },
    ]);
  });

  it("gives listeners copies, not what is in the tree", async () => {
    const session = await open();
    const events = listen(session);
    session.user = { tags: new Set(["a"]) };
    (events[0] as any).value.tags.add("b");
    expect([...session.user.tags]).toEqual(["a"]);
  });

  it("calls a listener that another one adds only from the next change on", async () => {
    const session = await open();
    const events: unknown[] = [];
    session.$subscribe(() => void session.$subscribe((change) => events.push(change)));
    session.a = 1;
    expect(events).toEqual([]);
    session.b = 2;
    expect(events).toEqual([{ op: "set", path: ["b"], value: 2 }]);
  });
});

describe("a session whose data is the same as before", () => {
  const data = {
    n: Number.NaN,
    zero: 0,
    user: { roles: ["a"] },
    map: new Map([["k", 1]]),
    when: new Date(5),
    bytes: new Uint8Array([1]),
  };

  it.each<[string, (session: any) => unknown]>([
    ["it was only read", (session) => JSON.stringify([session.user, [...session.map], session.when, session.bytes])],
    ["a write was equal", (session) => void ((session.n = Number.NaN), (session.user.roles[0] = "a"))],
    ["a key was deleted that was not there", (session) => void (delete session.none, delete session.user.none)],
    ["an object was replaced by one that is equal", (session) => void (session.user = { roles: ["a"] })],
    ["a change was taken back", (session) => void ((session.user.roles[0] = "b"), (session.user.roles[0] = "a"))],
    ["a Date was set, and set back", (session) => void (session.when.setTime(6), session.when.setTime(5))],
    ["bytes were changed, and changed back", (session) => void ((session.bytes[0] = 2), (session.bytes[0] = 1))],
    ["something was pushed and popped", (session) => void (session.user.roles.push(1), session.user.roles.pop())],
    ["entries were added and removed", (session) => void (session.map.set("x", 1), session.map.delete("x"))],
  ])("is not written if %s", async (_, handler) => {
    expect(await (await Stored.of(data)).writes(handler)).toBe(0);
  });

  it("has no changes", async () => {
    const session = await open(data);
    session.user = { roles: ["b"] };
    session.user.roles[0] = "a";
    expect([session.$changes, session.$isDirty]).toEqual([[], false]);
  });

  it("is written if 0 became -0", async () => {
    const stored = await Stored.of(data);
    expect(await stored.writes((session) => void (session.zero = -0))).toBe(1);
    expect((await stored.data()).zero).toBe(-0);
  });
});

describe("the keys of an object", () => {
  it.each(["", "0", "a.b", "a\\b", "then", "length", "toString", "hasOwnProperty", "$nested"])("may be %j", async (key) => {
    const stored = await Stored.of({ data: {} });
    await stored.visit((session) => void (session.data[key] = { n: 1n }));
    expect((await stored.data()).data).toEqual({ [key]: { n: 1n } });
    await stored.visit((session) => void delete session.data[key]);
    expect((await stored.data()).data).toEqual({});
  });

  it("begin with no `$` at the root", async () => {
    const session = await open();
    expect(() => (session["$mine"] = 1)).toThrow(
      expect.objectContaining(refusal("session.$mine has a key that begins with `$`")),
    );
  });
});
