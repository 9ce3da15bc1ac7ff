import { describe, expect, it } from "vitest";
import type { Session, SessionConflict, SessionOptions } from "unsession";
import { merge, type MergeConflict } from "../../src/merge.ts";
import { World } from "./_setup.ts";

type Change = (session: Session) => unknown;

/** What two requests on one session come to: `first` commits before `last` does. */
async function together(data: object, first: Change, last: Change, options: SessionOptions = {}) {
  const world = new World(options);
  const { cookie } = await world.visit(undefined, (session) => Object.assign(session, { kept: true }, data));
  const [one, other] = [await world.manager.load(cookie), await world.manager.load(cookie)];
  first(one);
  last(other);
  await world.manager.commit(one);
  await other.$save();
  const { kept: _, ...stored } = (await world.dataOf(cookie)) as Record<string, any>;
  return { stored, session: other, world, cookie, conflicts: world.infos("conflict") as unknown as SessionConflict[] };
}

const paths = (conflicts: readonly SessionConflict[]): unknown[] => conflicts.map(({ path }) => path);

describe("changes of one object", () => {
  it.each<[string, object, Change, Change, object]>([
    ["of two keys", { a: 1, b: 1 }, (s) => (s.a = 2), (s) => (s.b = 3), { a: 2, b: 3 }],
    ["of a key and of none", { a: 1 }, (s) => (s.a = 2), (s) => (s.a = 1), { a: 2 }],
    ["a deletion and another key", { a: 1, b: 1 }, (s) => delete s.a, (s) => (s.b = 2), { b: 2 }],
    ["another key and a deletion", { a: 1, b: 1 }, (s) => (s.b = 2), (s) => delete s.a, { b: 2 }],
    ["the same deletion", { a: 1, b: 1 }, (s) => delete s.a, (s) => delete s.a, { b: 1 }],
    ["the same value", { a: 1 }, (s) => (s.a = 2), (s) => (s.a = 2), { a: 2 }],
    ["an equal new object", {}, (s) => (s.o = { n: 1 }), (s) => (s.o = { n: 1 }), { o: { n: 1 } }],
    ["two new objects", {}, (s) => (s.o = { n: 1 }), (s) => (s.o = { m: 2 }), { o: { n: 1, m: 2 } }],
    ["two new lists", {}, (s) => (s.o = [1]), (s) => (s.o = [2]), { o: [1, 2] }],
    ["two new Sets", {}, (s) => (s.o = new Set([1])), (s) => (s.o = new Set([2])), { o: new Set([1, 2]) }],
    [
      "two new Maps",
      {},
      (s) => (s.o = new Map([["a", 1]])),
      (s) => (s.o = new Map([["b", 2]])),
      { o: new Map(Object.entries({ a: 1, b: 2 })) },
    ],
    ["increments", { n: 1 }, (s) => s.$increment("n", 2), (s) => s.$increment("n", 3), { n: 6 }],
    ["increments of what was not there", {}, (s) => s.$increment("n", 2), (s) => s.$increment("n", 3), { n: 5 }],
    ["a write and an increment", { n: 1 }, (s) => (s.n = 10), (s) => s.$increment("n", 3), { n: 13 }],
    ["a deletion and an increment", { n: 1 }, (s) => delete s.n, (s) => s.$increment("n", 3), { n: 3 }],
  ])("merge: %s", async (_, data, first, last, expected) => {
    const { stored, conflicts } = await together(data, first, last);
    expect(stored).toEqual(expected);
    expect(conflicts).toEqual([]);
  });

  it.each<[string, object, Change, Change, object, unknown[]]>([
    ["two values", { a: 1 }, (s) => (s.a = 2), (s) => (s.a = 3), { a: 3 }, [1, 3, 2]],
    ["a deletion and a value", { a: 1, b: 1 }, (s) => delete s.a, (s) => (s.a = 3), { a: 3, b: 1 }, [1, 3, undefined]],
    ["a value and a deletion", { a: 1, b: 1 }, (s) => (s.a = 2), (s) => delete s.a, { b: 1 }, [1, undefined, 2]],
    ["new values of two kinds", {}, (s) => (s.a = [1]), (s) => (s.a = { n: 1 }), { a: { n: 1 } }, [undefined, { n: 1 }, [1]]],
    ["a text and an increment", { a: 1 }, (s) => (s.a = "x"), (s) => s.$increment("a"), { a: 2 }, [1, 2, "x"]],
  ])("are in conflict, where the last wins, unless `conflict` decides: %s", async (_, data, first, last, expected, three) => {
    const { stored, conflicts } = await together(data, first, last);
    expect([stored, paths(conflicts)]).toEqual([expected, [["a"]]]);
    const seen: unknown[] = [];
    await together(data, first, last, { conflict: ({ base, mine, theirs }) => void seen.push([base, mine, theirs]) });
    expect(seen).toEqual([three]);
  });

  it.each<[string, Change, object]>([
    ["deleted", (s) => delete s.a, {}],
    ["replaced", (s) => (s.a = [5]), { a: [5] }],
  ])("are in conflict, where the last to write below what the first one %s loses", async (_, first, expected) => {
    const { stored, conflicts } = await together({ a: { n: 1 } }, first, (session) => (session.a.n = 2));
    expect([stored, paths(conflicts)]).toEqual([expected, [["a"]]]);
  });

  it("are no conflict where a write below a deleted object changed nothing", async () => {
    const nothing: Change = (session) => ((session.a.n = 2), (session.a.n = 1), (session.b = 2));
    const { stored, conflicts } = await together({ a: { n: 1 } }, (session) => delete session.a, nothing);
    expect([stored, conflicts]).toEqual([{ b: 2 }, []]);
  });

  it.each<[string, (conflict: SessionConflict) => unknown, object]>([
    ["mine", ({ mine }) => mine, { a: { n: 3 } }],
    ["theirs", ({ theirs }) => theirs, { a: "theirs" }],
    ["neither", () => "neither", { a: "neither" }],
    ["nothing", () => undefined, {}],
  ])("are what `conflict` makes of them: %s", async (_, conflict, expected) => {
    const { stored } = await together(
      { a: 1 },
      (session) => (session.a = "theirs"),
      (session) => (session.a = { n: 3 }),
      {
        conflict,
      },
    );
    expect(stored).toEqual(expected);
  });
});

describe("changes of one Map", () => {
  const map = (object: object): Map<string, unknown> => new Map(Object.entries(object));

  it.each<[string, Change, Change, object]>([
    ["of two entries", (s) => s.m.set("a", 2), (s) => s.m.set("b", 3), { a: 2, b: 3 }],
    ["a new entry each", (s) => s.m.set("c", 2), (s) => s.m.set("d", 3), { a: 1, b: 1, c: 2, d: 3 }],
    ["a deletion and another entry", (s) => s.m.delete("a"), (s) => s.m.set("b", 3), { b: 3 }],
    ["another entry and a deletion", (s) => s.m.set("b", 3), (s) => s.m.delete("a"), { b: 3 }],
    ["a value of undefined", (s) => s.m.set("a", undefined), (s) => s.m.set("b", 3), { a: undefined, b: 3 }],
  ])("merge: %s", async (_, first, last, expected) => {
    const { stored, conflicts } = await together({ m: map({ a: 1, b: 1 }) }, first, last);
    expect([...stored["m"]].toSorted()).toEqual([...map(expected)].toSorted());
    expect(conflicts).toEqual([]);
  });

  it("with objects as keys count as a whole", async () => {
    const data = { m: new Map([[{ id: 1 }, 1]]) };
    const [set, add]: Change[] = [(s) => s.m.set([...s.m.keys()][0], 2), (s) => s.m.set({ id: 2 }, 3)];
    const { stored, conflicts } = await together(data, set as Change, add as Change);
    expect([...stored["m"]]).toEqual([
      [{ id: 1 }, 1],
      [{ id: 2 }, 3],
    ]);
    expect(paths(conflicts)).toEqual([["m"]]);
  });

  it("count as a whole if one side alone put an object in as a key", async () => {
    const { stored, conflicts } = await together(
      { m: map({ a: 1 }) },
      (s) => s.m.set({ id: 2 }, 3),
      (s) => s.m.set("b", 2),
    );
    expect([...stored["m"]]).toEqual([...map({ a: 1, b: 2 })]);
    expect(paths(conflicts)).toEqual([["m"]]);
  });

  it("with objects as keys are kept from either side alone", async () => {
    const data = { m: new Map([[{ id: 1 }, 1]]) };
    const set: Change = (session) => session.m.set([...session.m.keys()][0], 2);
    for (const [first, last] of [
      [set, (session: Session) => (session.b = 1)],
      [(session: Session) => (session.b = 1), set],
      [set, set],
    ] as const) {
      const { stored, conflicts } = await together(data, first, last);
      expect([...stored["m"]]).toEqual([[{ id: 1 }, 2]]);
      expect(conflicts).toEqual([]);
    }
  });
});

describe("changes of one Set", () => {
  it.each<[string, Change, Change, unknown[]]>([
    ["a member each", (s) => s.t.add("c"), (s) => s.t.add("d"), ["a", { id: 1 }, "c", "d"]],
    ["the same member", (s) => s.t.add("c"), (s) => s.t.add("c"), ["a", { id: 1 }, "c"]],
    ["an equal object", (s) => s.t.add({ id: 2 }), (s) => s.t.add({ id: 2 }), ["a", { id: 1 }, { id: 2 }]],
    ["a deletion and a member", (s) => s.t.delete("a"), (s) => s.t.add("d"), [{ id: 1 }, "d"]],
    ["a member and a deletion of an object", (s) => s.t.add("c"), (s) => s.t.delete([...s.t][1]), ["a", "c"]],
    ["the same deletion", (s) => s.t.delete("a"), (s) => s.t.delete("a"), [{ id: 1 }]],
  ])("merge: %s", async (_, first, last, expected) => {
    const { stored, conflicts } = await together({ t: new Set(["a", { id: 1 }]) }, first, last);
    expect([...stored["t"]]).toEqual(expected);
    expect(conflicts).toEqual([]);
  });
});

describe("changes of one list", () => {
  it.each<[string, unknown[], Change, Change, unknown[]]>([
    ["of two items", [1, 2], (s) => (s.l[0] = 5), (s) => (s.l[1] = 6), [5, 6]],
    [
      "below two items",
      [{ n: 1 }, { n: 2 }],
      (s) => (s.l[0].m = 5),
      (s) => (s.l[1].m = 6),
      [
        { n: 1, m: 5 },
        { n: 2, m: 6 },
      ],
    ],
    ["pushes", [1], (s) => s.l.push(2), (s) => s.l.push(3), [1, 2, 3]],
    ["an item and a push", [1], (s) => (s.l[0] = 5), (s) => s.l.push(3), [5, 3]],
    ["a push and an item", [1], (s) => s.l.push(3), (s) => (s.l[0] = 5), [5, 3]],
    ["a removal and a push", [{ id: 1 }, { id: 2 }], (s) => s.l.shift(), (s) => s.l.push({ id: 3 }), [{ id: 2 }, { id: 3 }]],
    ["another order and a push", [1, 2, 3], (s) => s.l.reverse(), (s) => s.l.push(4), [3, 2, 1, 4]],
    ["the same order", [1, 2, 3], (s) => s.l.reverse(), (s) => s.l.reverse(), [3, 2, 1]],
    ["another order of one side", [1, 2, 3], (s) => (s.b = 1), (s) => s.l.reverse(), [3, 2, 1]],
    ["an item that is emptied", [1, 2], (s) => (s.l[0] = undefined), (s) => (s.l[1] = 6), [undefined, 6]],
  ])("merge: %s", async (_, l, first, last, expected) => {
    const { stored, conflicts } = await together({ l }, first, last);
    expect(stored["l"]).toEqual(expected);
    expect(conflicts).toEqual([]);
  });

  it.each<[string, unknown[], Change, Change, unknown[], unknown[]]>([
    ["one item", [1, 2], (s) => (s.l[0] = 5), (s) => (s.l[0] = 6), [6, 2], ["l", 0]],
    [
      "a removal and an item",
      [{ id: 1 }, { id: 2 }],
      (s) => s.l.shift(),
      (s) => (s.l[1].n = 1),
      [{ id: 1 }, { id: 2, n: 1 }],
      ["l"],
    ],
    ["an item and another order", [1, 2, 3], (s) => (s.l[0] = 5), (s) => s.l.reverse(), [3, 2, 1], ["l"]],
    ["a push and a removal", [1, 2], (s) => s.l.push(3), (s) => s.l.pop(), [1], ["l"]],
    ["a removal at the end and an item before it", [1, 2], (s) => s.l.pop(), (s) => (s.l[0] = 5), [5, 2], ["l"]],
    [
      "an item put before the others and a write below one of these",
      [{ id: 1 }],
      (s) => s.l.unshift({ id: 0 }),
      (s) => (s.l[0].n = 1),
      [{ id: 1, n: 1 }],
      ["l"],
    ],
  ])("are in conflict: %s", async (_, l, first, last, expected, path) => {
    const { stored, conflicts } = await together({ l }, first, last);
    expect(stored["l"]).toEqual(expected);
    expect(paths(conflicts)).toEqual([path]);
  });
});

describe("a list that nobody took notes of", () => {
  it("is a new value if it is shorter", () => {
    const conflicts: unknown[] = [];
    const policy = { resolve: ({ mine }: MergeConflict) => mine, report: ({ path }: MergeConflict) => conflicts.push(path) };
    const { tree } = merge({ l: [1, 2] }, { l: [1] }, { l: [5, 2] }, () => undefined, policy);
    expect(tree).toEqual({ l: [1] });
    expect(conflicts).toEqual([["l"]]);
  });
});

describe("after a merge", () => {
  it.each<[string, object, Change, (session: Session) => any]>([
    ["an object", { a: { n: 1 } }, (s) => (s.b = 1), (s) => s.a],
    ["an object that was changed inside", { a: { n: 1 } }, (s) => (s.a.n = 5), (s) => s.a],
    ["a new object", {}, (s) => (s.b = { n: 1 }), (s) => s.b],
    ["an item", { l: [{ id: 1 }] }, (s) => s.l.push({ id: 2 }), (s) => s.l[0]],
    ["a new item", { l: [{ id: 1 }] }, (s) => s.l.push({ id: 2 }), (s) => s.l[1]],
    ["a Map", { m: new Map([["a", { n: 1 }]]) }, (s) => s.m.set("b", 1), (s) => s.m.get("a")],
    ["a member of a Set", { t: new Set([{ id: 1 }]) }, (s) => s.t.add({ id: 2 }), (s) => [...s.t][0]],
    ["a new member of a Set", { t: new Set([{ id: 1 }]) }, (s) => s.t.add({ id: 2 }), (s) => [...s.t].at(-1)],
    ["a list in another order", { l: [{ id: 1 }, { id: 2 }] }, (s) => s.l.reverse(), (s) => s.l[0]],
  ])("a reference to %s is still one into the session", async (_, data, change, find) => {
    let held: any;
    const { session, world, cookie } = await together(
      data,
      (one) => (one.other = 1),
      (other) => (change(other), (held = find(other))),
    );
    expect(find(session)).toBe(held);
    if (held instanceof Map) held.set("late", 1);
    else held.late = 1;
    await world.manager.commit(session);
    expect(find((await world.manager.load(cookie)) as Session)).toEqual(held);
  });

  it("a new member of a Set is not taken for another one with the same id", async () => {
    let held: any;
    await together(
      { t: new Set() },
      (s) => s.t.add({ id: 2, by: "first" }),
      (s) => (s.t.add({ id: 2, by: "last" }), (held = [...s.t][0])),
    );
    expect(held).toEqual({ id: 2, by: "last" });
  });

  it("what is one object at several places stays one, also if all of it is new", async () => {
    const shared = { n: 1 };
    const last: Change = (session) => Object.assign(session, { a: shared, b: [shared], c: new Map([["k", shared]]) });
    const { stored } = await together({}, (session) => (session.other = 1), last);
    expect(stored["b"][0]).toBe(stored["a"]);
    expect(stored["c"].get("k")).toBe(stored["a"]);
  });

  it("what was one object and gets a new place stays one", async () => {
    const last: Change = (session) => (session.b = session.a);
    const { stored, session } = await together({ a: { n: 1 } }, (session) => (session.a.m = 2), last);
    expect(stored).toEqual({ a: { n: 1, m: 2 }, b: { n: 1, m: 2 } });
    expect(session["b"]).toBe(session["a"]);
  });

  it("a ring is closed as it was", async () => {
    const ring: Record<string, unknown> = { n: 1 };
    ring["self"] = ring;
    const { stored } = await together(
      {},
      (session) => (session.other = 1),
      (session) => (session.ring = ring),
    );
    expect(stored["ring"].self).toBe(stored["ring"]);
  });

  it("a ring that both have is merged once", async () => {
    const ring: Record<string, unknown> = { n: 1 };
    ring["self"] = ring;
    const { stored, conflicts } = await together(
      { ring },
      (s) => (s.ring.a = 1),
      (s) => (s.ring.b = 2),
    );
    expect([stored["ring"].a, stored["ring"].b, stored["ring"].self === stored["ring"]]).toEqual([1, 2, true]);
    expect(conflicts).toEqual([]);
  });
});
