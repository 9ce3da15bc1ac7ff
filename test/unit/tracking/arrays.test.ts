import { describe, expect, it } from "vitest";
import { listen, open, rawOf, refusal, Stored } from "./_setup.ts";

const ITEMS = [
  { id: 1, n: 1 },
  { id: 2, n: 1 },
  { id: 3, n: 1 },
];

const changesOf = async (list: unknown[], change: (list: any) => void): Promise<unknown> => {
  const session = await open({ list });
  change(session.list);
  return session.$changes;
};

describe("an array in a session", () => {
  it("is an array to everyone", async () => {
    const session = await open({ list: [1] });
    expect(Array.isArray(session.list)).toBe(true);
    expect([0].concat(session.list)).toEqual([0, 1]);
    expect([[session.list]].flat(2)).toEqual([1]);
    expect(session.list).toBeInstanceOf(Array);
  });

  it("finds items by what is in it and by what it gives", async () => {
    const session = await open();
    const item = { id: 1 };
    session.list = [{ id: 0 }, item, Number.NaN, item];
    const given = session.list[1];
    for (const sought of [item, given]) {
      expect(session.list.includes(sought)).toBe(true);
      expect(session.list.indexOf(sought)).toBe(1);
      expect(session.list.indexOf(sought, 2)).toBe(3);
      expect(session.list.lastIndexOf(sought)).toBe(3);
      expect(session.list.lastIndexOf(sought, -2)).toBe(1);
    }
    expect(session.list.includes(Number.NaN)).toBe(true);
    expect(session.list.indexOf(Number.NaN)).toBe(-1);
    expect(session.list.includes({ id: 1 })).toBe(false);
  });

  it("hands out proxies by whatever way it is walked", async () => {
    const { list } = await open({ list: ITEMS });
    const first = list[0];
    const ways = [
      [...list][0],
      list.at(0),
      list.find(() => true),
      list.findLast(({ id }: { id: number }) => id === 1),
      list.slice(0, 1)[0],
      list.filter(() => true)[0],
      list.map((item: unknown) => item)[0],
      list.toReversed().at(-1),
      list.with(1, 0)[0],
      [...list.values()][0],
      [...list.entries()][0][1],
      Array.from(list)[0],
      list.reduce((found: unknown, item: unknown) => found ?? item),
    ];
    for (const way of ways) expect(way).toBe(first);
    list.forEach((item: unknown, index: number, all: unknown) => expect([item, all]).toEqual([list[index], list]));
    list.sort((a: unknown, b: unknown) => (expect(list).toContain(a), expect(list).toContain(b), 0));
  });

  it("returns itself from methods that do so", async () => {
    const { list } = await open({ list: [3, 1, 2] });
    for (const result of [list.sort(), list.reverse(), list.fill(0), list.copyWithin(0, 1)]) expect(result).toBe(list);
  });

  it("never holds proxies of what was written into it", async () => {
    const session = await open({ user: { n: 1 }, list: [0, 1, 2] });
    const { user, list } = session;
    list[0] = user;
    list.push(user);
    list.unshift(user);
    list.splice(1, 1, user);
    list.fill(user, 2, 3);
    expect(rawOf(list)).toEqual([{ n: 1 }, { n: 1 }, { n: 1 }, 2, { n: 1 }]);
    for (const item of rawOf(list)) if (item !== 2) expect(item).toBe(rawOf(user));
  });

  it("keeps `undefined` as an item, and holes as `undefined`", async () => {
    const stored = await Stored.of({ list: [1, 2, 3] });
    await stored.visit(({ list }) => {
      list[0] = undefined;
      delete list[1];
      list[5] = 6;
    });
    expect((await stored.data()).list).toStrictEqual([undefined, undefined, 3, undefined, undefined, 6]);
  });

  it.each(["x", "-1", "01", "1.5", "4294967295"])("has no other keys than indexes: not %j", async (key) => {
    const session = await open({ list: [1] });
    const named = expect.objectContaining(refusal(`session.list[${JSON.stringify(key)}]`.replace('["x"]', ".x")));
    expect(() => (session.list[key] = 1)).toThrow(named);
    expect(() => (session.list = Object.assign([1], { [key]: 1 }))).toThrow(named);
  });

  it("works for methods that are borrowed for other arrays, and lends its own", async () => {
    const session = await open({ list: [3, 1, 2] });
    const other = [1];
    session.list.push.call(other, 2);
    expect([other, session.list.includes.call(other, 2)]).toEqual([[1, 2], true]);
    expect(Array.prototype.push.call(session.list, 4)).toBe(4);
    expect(Array.prototype.pop.call(session.list)).toBe(4);
    Array.prototype.sort.call(session.list);
    expect(session.$changes).toEqual([{ op: "set", path: ["list"], value: [1, 2, 3] }]);
  });
});

describe("$changes of an array", () => {
  it("say what was appended", async () => {
    const appended = [
      { op: "append", path: ["list"], value: 2 },
      { op: "append", path: ["list"], value: { a: [3] } },
    ];
    expect(await changesOf([1], (list) => list.push(2, { a: [3] }))).toEqual(appended);
    expect(await changesOf([1], (list) => void ((list[1] = 2), (list[2] = { a: [3] })))).toEqual(appended);
    expect(await changesOf([1], (list) => list.splice(1, 0, 2, { a: [3] }))).toEqual(appended);
  });

  it("say what was written at an index, or below one", async () => {
    expect(await changesOf([1, { a: 1 }], (list) => void ((list[0] = 2), (list[1].a = 2)))).toEqual([
      { op: "set", path: ["list", 0], value: 2 },
      { op: "set", path: ["list", 1, "a"], value: 2 },
    ]);
  });

  it("give the whole array when items were moved or removed", async () => {
    const whole = (value: unknown): unknown => [{ op: "set", path: ["list"], value }];
    expect(await changesOf([1, 2, 3], (list) => list.shift())).toEqual(whole([2, 3]));
    expect(await changesOf([1, 2, 3], (list) => list.pop())).toEqual(whole([1, 2]));
    expect(await changesOf([1, 2, 3], (list) => list.reverse())).toEqual(whole([3, 2, 1]));
    expect(await changesOf([1, 2, 3], (list) => void (list.length = 1))).toEqual(whole([1]));
    expect(await changesOf([1, 2, 3], (list) => list.splice(1, 1))).toEqual(whole([1, 3]));
    expect(await changesOf([1, 2, 3], (list) => void delete list[1])).toEqual(whole([1, undefined, 3]));
    expect(await changesOf([1], (list) => void (list[3] = 4))).toEqual(whole([1, undefined, undefined, 4]));
  });

  it("are none when nothing moved", async () => {
    const nothing = (list: any): void => {
      list.sort();
      list.splice(1, 0);
      list.fill(1, 0, 1);
      list.copyWithin(0, 0);
      list.push();
      list.length = 3;
      list.reverse().reverse();
      list.unshift(list.shift());
    };
    expect(await changesOf([1, 2, 3], nothing)).toEqual([]);
  });
});

describe("$subscribe on an array", () => {
  const eventsOf = async (list: unknown[], change: (list: any) => void): Promise<unknown> => {
    const session = await open({ list });
    const events = listen(session);
    change(session.list);
    return events;
  };

  it("tells of each item that is appended", async () => {
    expect(await eventsOf([], (list) => list.push(1, 2))).toEqual([
      { op: "append", path: ["list"], value: 1 },
      { op: "append", path: ["list"], value: 2 },
    ]);
    expect(await eventsOf([1], (list) => void (list[1] = 2))).toEqual([{ op: "append", path: ["list"], value: 2 }]);
  });

  it("tells of a write past the end, or into a hole at the end, as a write at that index", async () => {
    expect(await eventsOf([1], (list) => void (list[3] = 4))).toEqual([{ op: "set", path: ["list", 3], value: 4 }]);
    const filled = await eventsOf([1], (list) => void ((list.length = 3), (list[2] = 3)));
    expect(filled).toMatchObject([
      { op: "set", path: ["list"] },
      { op: "set", path: ["list", 2], value: 3 },
    ]);
  });

  it("tells once, with the whole array, of a call that moves items", async () => {
    const set = (value: unknown): unknown => [{ op: "set", path: ["list"], value }];
    expect(await eventsOf([1, 2, 3], (list) => list.splice(0, 2, 9))).toEqual(set([9, 3]));
    expect(await eventsOf([3, 1], (list) => list.sort())).toEqual(set([1, 3]));
    expect(await eventsOf([1, 3], (list) => list.sort())).toEqual([]);
  });

  it("tells of holes that a call fills", async () => {
    expect(await eventsOf([1, 2], (list) => (delete list[1], list.fill(3, 1)))).toEqual([
      { op: "set", path: ["list"], value: [1, undefined] },
      { op: "set", path: ["list"], value: [1, 3] },
    ]);
  });

  it("has the index of now in the path, after items moved", async () => {
    const session = await open({ list: ITEMS });
    const last = session.list[2];
    const events = listen(session);
    session.list.shift();
    last.n = 2;
    session.$increment(["list", 1, "n"]);
    expect(events.slice(1)).toEqual([
      { op: "set", path: ["list", 1, "n"], value: 2 },
      { op: "increment", path: ["list", 1, "n"], value: 1 },
    ]);
  });
});
