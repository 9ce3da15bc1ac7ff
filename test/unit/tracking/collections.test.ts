import { describe, expect, it } from "vitest";
import { listen, open, rawOf, refusal, Stored } from "./_setup.ts";

describe("a Map in a session", () => {
  it("behaves as a Map", async () => {
    const { map } = await open({
      map: new Map<unknown, unknown>([
        ["a", 1],
        [1, { n: 1 }],
      ]),
    });
    expect(map).toBeInstanceOf(Map);
    expect(map.size).toBe(2);
    expect([map.get("a"), map.get("1"), map.get(1), map.has(1), map.has("1")]).toEqual([1, undefined, { n: 1 }, true, false]);
    expect(map.set("b", 2)).toBe(map);
    expect([map.delete("b"), map.delete("b")]).toEqual([true, false]);
    expect([[...map], [...map.entries()], [...map.keys()], [...map.values()]]).toEqual([
      [
        ["a", 1],
        [1, { n: 1 }],
      ],
      [
        ["a", 1],
        [1, { n: 1 }],
      ],
      ["a", 1],
      [1, { n: 1 }],
    ]);
    const seen: unknown[] = [];
    map.forEach(function (this: unknown, value: unknown, key: unknown, all: unknown) {
      seen.push([this, value, key, all === map]);
    }, "self");
    expect(seen[0]).toEqual(["self", 1, "a", true]);
    expect([Object.keys(map), JSON.stringify(map), String(map)]).toEqual([[], "{}", "[object Map]"]);
    expect(() => map.get.call(new Map(), "a")).toThrow(TypeError);
    expect(new Map(map).get(1)).toBe(map.get(1));
  });

  it("hands out the same proxy for a value by whatever way", async () => {
    const { map } = await open({ map: new Map([["a", {}]]) });
    const value = map.get("a");
    map.forEach((each: unknown) => expect(each).toBe(value));
    expect([[...map][0][1], [...map.values()][0]]).toEqual([value, value]);
    expect([...map.values()][0]).toBe(value);
  });

  it("stores what is written into it, and into what is in it", async () => {
    const stored = await Stored.of({ map: new Map([["a", { n: 1 }]]) });
    await stored.visit(({ map }) => {
      map.get("a").n = 2;
      map.set("b", new Map([["c", 1n]]));
    });
    await stored.visit(({ map }) => void map.get("b").set("c", 2n));
    expect(await stored.data()).toEqual({
      map: new Map<string, unknown>([
        ["a", { n: 2 }],
        ["b", new Map([["c", 2n]])],
      ]),
    });
  });

  it("lists its changes entry by entry, keys as they are", async () => {
    const session = await open({
      map: new Map<unknown, unknown>([
        ["a", 1],
        [2, 2],
        ["c", { n: 1 }],
      ]),
    });
    session.map.delete("a");
    session.map.set(2, 3).set("d", undefined);
    session.map.get("c").n = 2;
    expect(session.$changes).toEqual([
      { op: "delete", path: ["map", "a"] },
      { op: "set", path: ["map", 2], value: 3 },
      { op: "set", path: ["map", "c", "n"], value: 2 },
      { op: "set", path: ["map", "d"], value: undefined },
    ]);
  });

  it("tells listeners", async () => {
    const session = await open({ map: new Map([["a", 1]]) });
    const events = listen(session);
    session.map.set("a", 1).set("b", 2);
    session.map.delete("none");
    session.map.delete("a");
    session.map.clear();
    session.map.clear();
    expect(events).toEqual([
      { op: "set", path: ["map", "b"], value: 2 },
      { op: "delete", path: ["map", "a"] },
      { op: "clear", path: ["map"] },
    ]);
  });

  it("may have objects as keys, found by what it gives for them", async () => {
    const session = await open();
    const key = { id: 1 };
    session.map = new Map([[key, "x"]]);
    const [given] = [...session.map.keys()];
    expect([session.map.get(key), session.map.get(given), session.map.has(given)]).toEqual(["x", "x", true]);
    given.id = 2;
    expect(rawOf(session).map.has(key)).toBe(true);
    expect(key.id).toBe(2);
    expect(session.map.delete(given)).toBe(true);
  });

  it("is counted as a whole where keys are objects", async () => {
    const session = await open({ map: new Map([[{ id: 1 }, 1]]) });
    for (const [key] of session.map) session.map.set(key, 2);
    expect(session.$changes).toEqual([{ op: "set", path: ["map"], value: new Map([[{ id: 1 }, 2]]) }]);
  });

  it("refuses what cannot be kept, with the path", async () => {
    const session = await open({ map: new Map() });
    const refused = (message: string): object => expect.objectContaining(refusal(message));
    expect(() => session.map.set("a", () => 1)).toThrow(refused("session.map.a is a function"));
    expect(() => session.map.set("a", [{ b: Symbol("x") }])).toThrow(refused("session.map.a[0].b is a symbol"));
    expect(() => session.map.set(Symbol("x"), 1)).toThrow(refused("session.map[Symbol(x)] is a symbol"));
    expect(() => (session.map.extra = 1)).toThrow(refused("session.map.extra is a named property of a collection"));
    expect(() => (session.other = Object.assign(new Map(), { extra: 1 }))).toThrow(refused("session.other.extra is a named"));
    expect(session.map.size).toBe(0);
  });

  it("may be frozen, and then still takes entries", async () => {
    const session = await open({ map: 0 });
    session.map = Object.freeze(new Map([["a", { n: 1 }]]));
    session.map.get("a").n = 2;
    session.map.set("b", 1);
    expect([...session.map]).toEqual([
      ["a", { n: 2 }],
      ["b", 1],
    ]);
  });
});

describe("a Set in a session", () => {
  it("behaves as a Set", async () => {
    const { set } = await open({ set: new Set([1, "a"]) });
    expect(set).toBeInstanceOf(Set);
    expect([set.size, set.has(1), set.has("1"), String(set)]).toEqual([2, true, false, "[object Set]"]);
    expect(set.add(2)).toBe(set);
    expect([set.delete(2), set.delete(2)]).toEqual([true, false]);
    expect([[...set], [...set.entries()][0], [...set.keys()], [...set.values()]]).toEqual([
      [1, "a"],
      [1, 1],
      [1, "a"],
      [1, "a"],
    ]);
    const seen: unknown[] = [];
    set.forEach((member: unknown, again: unknown, all: unknown) => seen.push([member, again, all === set]));
    expect(seen).toEqual([
      [1, 1, true],
      ["a", "a", true],
    ]);
    expect(() => set.has.call(new Set(), 1)).toThrow(TypeError);
  });

  it("finds members by what is in it and by what it gives", async () => {
    const session = await open();
    const member = { id: 1 };
    session.set = new Set([member]);
    const [given] = session.set;
    expect([session.set.has(member), session.set.has(given), session.set.has({ id: 1 })]).toEqual([true, true, false]);
    session.set.add(given).add(member);
    expect(session.set.size).toBe(1);
    expect(session.set.delete(given)).toBe(true);
  });

  it("stores writes to its members", async () => {
    const stored = await Stored.of({ set: new Set([{ id: 1 }]) });
    await stored.visit(({ set }) => {
      for (const member of set) member.id = 2;
    });
    expect(await stored.data()).toEqual({ set: new Set([{ id: 2 }]) });
  });

  it("lists its changes member by member, as often as there are equal ones", async () => {
    const session = await open({ set: new Set<unknown>([1, { id: 1 }, { id: 2 }]) });
    const [, first] = session.set;
    session.set.delete(1);
    session.set.add("new");
    first.id = 2;
    expect(session.$changes).toEqual([
      { op: "delete", path: ["set", 1] },
      { op: "delete", path: ["set", { id: 1 }] },
      { op: "add", path: ["set"], value: { id: 2 } },
      { op: "add", path: ["set"], value: "new" },
    ]);
  });

  it("tells listeners, with copies in the paths", async () => {
    const session = await open({ set: new Set([{ id: 1 }]) });
    const events = listen(session);
    session.set.add(1).add(1);
    session.set.delete(1);
    const [member] = session.set;
    member.id = 2;
    expect(events).toEqual([
      { op: "add", path: ["set"], value: 1 },
      { op: "delete", path: ["set", 1] },
      { op: "set", path: ["set", { id: 2 }, "id"], value: 2 },
    ]);
    const told = events[2]?.path[1] as { id: number };
    told.id = 3;
    expect(member.id).toBe(2);
  });

  it("refuses what cannot be kept, with the path", async () => {
    const session = await open({ set: new Set() });
    expect(() => session.set.add(() => 1)).toThrow(expect.objectContaining(refusal("session.set[")));
    expect(() => session.set.add({ a: Symbol("x") })).toThrow(
      expect.objectContaining(refusal("session.set[object].a is a symbol")),
    );
    expect(() => (session.set.extra = 1)).toThrow(expect.objectContaining(refusal("session.set.extra is a named property")));
  });

  it("combines with other Sets where the engine can", async () => {
    const { set } = await open({ set: new Set([1, 2]) });
    if (set.union === undefined) return;
    expect([...set.union(new Set([3]))]).toEqual([1, 2, 3]);
    expect([...(new Set([2]) as any).intersection(set)]).toEqual([2]);
    expect(set.isSupersetOf(new Set([1]))).toBe(true);
  });
});
