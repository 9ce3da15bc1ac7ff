import type { Session } from "unsession";
import { beforeEach, describe, expect, it } from "vitest";
import { computed, effect, isReactive, reactive, toRaw, watch } from "vue";
import { listen, open } from "./_setup.ts";

let session: Session;
let state: any;

beforeEach(async () => {
  session = await open({
    user: { name: "ada", tags: ["x"] },
    items: [{ n: 1 }, { n: 2 }],
    map: new Map([["k", { n: 1 }]]),
    set: new Set([1]),
    when: new Date(5),
  });
  state = reactive(session);
});

/** What an effect sees, each time it runs. */
function seen<V>(look: () => V): V[] {
  const all: V[] = [];
  effect(() => void all.push(look()));
  return all;
}

describe("Vue's reactive, around a session", () => {
  it("reads and is what it is", () => {
    expect([isReactive(state), isReactive(state.user), toRaw(state)]).toEqual([true, true, session]);
    expect(toRaw(state)).toBe(session);
    expect(state.user).toEqual({ name: "ada", tags: ["x"] });
    expect(state.when.getTime()).toBe(5);
    expect(state.$isDirty).toBe(false);
    expect([...state.map.keys()]).toEqual(["k"]);
  });

  it("runs effects on writes, which are recorded once", () => {
    const events = listen(session);
    const names = seen(() => state.user.name);
    const keys = seen(() => Object.keys(state).length);
    state.user.name = "grace";
    state.user.name = "grace";
    state.views = 1;
    delete state.views;
    expect(names).toEqual(["ada", "grace"]);
    expect(keys).toEqual([6, 7, 6]);
    expect(events).toEqual([
      { op: "set", path: ["user", "name"], value: "grace" },
      { op: "set", path: ["views"], value: 1 },
      { op: "delete", path: ["views"] },
    ]);
  });

  it("runs effects on arrays, by all their methods", () => {
    const lengths = seen(() => state.items.length);
    const sums = seen(() => state.items.reduce((sum: number, { n }: { n: number }) => sum + n, 0));
    state.items.push({ n: 3 });
    state.items[0].n = 10;
    state.items.unshift({ n: 4 });
    expect(state.items.pop().n).toBe(3);
    state.items.splice(0, 1);
    state.items.sort((a: { n: number }, b: { n: number }) => a.n - b.n);
    state.items.reverse();
    state.items.length = 1;
    expect([lengths.at(-1), sums.at(-1), session.items]).toEqual([1, 10, [{ n: 10 }]]);
    expect(state.items.includes(state.items[0])).toBe(true);
    expect(state.items.indexOf(session.items[0])).toBe(0);
    expect(session.$changes).toEqual([{ op: "set", path: ["items"], value: [{ n: 10 }] }]);
  });

  it("runs effects on Maps", () => {
    const values = seen(() => [...state.map].map(([key, { n }]) => `${key}${n}`).join());
    const sizes = seen(() => state.map.size);
    state.map.get("k").n = 2;
    state.map.set("l", { n: 3 });
    expect(state.map.has("l")).toBe(true);
    state.map.delete("k");
    state.map.clear();
    expect(values).toEqual(["k1", "k2", "k2,l3", "l3", ""]);
    expect(sizes).toEqual([1, 2, 1, 0]);
    expect(session.$changes).toEqual([{ op: "delete", path: ["map", "k"] }]);
  });

  it("runs effects on Sets", () => {
    const members = seen(() => [...state.set].join());
    state.set.add(2).add(2);
    state.set.delete(1);
    state.set.forEach((member: number) => expect(member).toBe(2));
    expect(members).toEqual(["1", "1,2", "2"]);
    expect(session.$changes).toHaveLength(2);
  });

  it("feeds computed values and watchers", () => {
    const count = computed(() => state.items.length);
    const told: unknown[] = [];
    const note = (tags: string[]): void => void told.push([...tags]);
    watch(() => state.user.tags, note, { deep: true, flush: "sync" });
    state.user.tags.push("y");
    state.items.push({ n: 3 });
    expect([count.value, told.at(-1)]).toEqual([3, ["x", "y"]]);
  });

  it("refuses what a session refuses", () => {
    expect(() => (state.user.call = () => 1)).toThrow("session.user.call is a function");
    expect(() => state.items.push(Symbol("x"))).toThrow("is a symbol");
    expect(() => (state.$save = 1)).toThrow("session.$save has a key that begins with `$`");
  });
});
