import { inspect } from "node:util";
import { effect, isReactive, reactive } from "vue";
import { beforeEach, describe, expect, it } from "vitest";
import { createSessionManager, type Session } from "unsession";

const DATA = { user: { name: "ada", tags: ["x"] }, at: new Date(5), map: new Map([["k", { n: 1 }]]), set: new Set([1]) };

let session: Session;
let token: string;
beforeEach(async () => {
  const manager = createSessionManager();
  const first = await manager.load();
  Object.assign(first, structuredClone(DATA));
  const [cookie] = await manager.commit(first);
  token = (cookie as string).split(";")[0]?.split("=")[1] as string;
  session = await manager.load(`session=${token}`);
});

describe("a session meets", () => {
  it("await, and is itself afterwards", async () => {
    expect(await session).toBe(session);
  });

  it("console.log, which shows the data and no token", () => {
    expect(inspect(session, { depth: 9 })).toBe(inspect(DATA, { depth: 9 }));
    expect(inspect(session, { depth: 9, showHidden: true })).not.toContain(token);
  });

  it("toEqual and toStrictEqual", () => {
    expect(session).toEqual(DATA);
    expect(session.user).toStrictEqual(DATA.user);
    expect({ ...session }).toStrictEqual(DATA);
  });

  it("spread, which copies data only", () => {
    expect(Object.keys({ ...session })).toEqual(["user", "at", "map", "set"]);
    expect([...session.user.tags, ...session.set]).toEqual(["x", 1]);
  });

  it("structuredClone of its snapshot", () => {
    expect(structuredClone(session.$snapshot())).toEqual(DATA);
  });

  it("template strings", () => {
    expect(`${session} ${session.user.name} ${session.user.tags}`).toBe("[object Object] ada x");
  });

  it("Object.assign, as source and as target", () => {
    expect(Object.assign({}, session)).toEqual(DATA);
    Object.assign(session, { views: 1 }, { user: null });
    expect(session.$changes.map(({ op, path }) => [op, ...path])).toEqual([
      ["set", "user"],
      ["set", "views"],
    ]);
  });

  it("Object.entries and for…in", () => {
    const keys = [];
    for (const key in session) keys.push(key);
    expect(keys).toEqual(Object.entries(session).map(([key]) => key));
  });

  it("JSON.stringify", () => {
    expect(JSON.stringify(session)).toBe(JSON.stringify(DATA));
  });

  it("Array.isArray and the prototypes that tools ask for", () => {
    expect([Array.isArray(session.user.tags), session.map instanceof Map, session.at instanceof Date]).toEqual([
      true,
      true,
      true,
    ]);
    expect([Object.getPrototypeOf(session), Object.getPrototypeOf(session.user)]).toEqual([Object.prototype, Object.prototype]);
  });

  it("Vue's reactive, whose effects run and whose writes are recorded", () => {
    const state = reactive(session) as Session;
    const seen: unknown[] = [];
    effect(() => seen.push(state.user.name));
    state.user.name = "grace";
    state.views = 1;
    state.user.tags.push("y");
    expect([isReactive(state), seen]).toEqual([true, ["ada", "grace"]]);
    expect(session.$snapshot()).toMatchObject({ user: { name: "grace", tags: ["x", "y"] }, views: 1 });
    expect(session.$changes).toContainEqual({ op: "set", path: ["user", "name"], value: "grace" });
  });
});
