import type { SessionOptions } from "unsession";
import { describe, expect, it } from "vitest";
import { errorOf, World } from "./_setup.ts";

async function withSession(options?: SessionOptions) {
  const world = new World(options);
  const { cookie } = await world.visit(undefined, (session) => void (session.user = "alice"));
  return { world, cookie: cookie as string };
}

describe("$update", () => {
  it("stores pending changes and the draft's together, and resolves to what the function returns", async () => {
    const { world, cookie } = await withSession();
    const session = await world.manager.load(cookie);
    session.views = 1;
    expect(await session.$update((draft) => (draft["views"] += 1))).toBe(2);
    expect([session.views, await world.dataOf(cookie)]).toEqual([2, { user: "alice", views: 2 }]);
  });

  it("works after the response", async () => {
    const { world, cookie } = await withSession();
    const { session } = await world.visit(cookie);
    await session.$update((draft) => void (draft["late"] = true));
    expect(await world.dataOf(cookie)).toEqual({ user: "alice", late: true });
  });

  it("refuses a function that returns a promise", async () => {
    const { world, cookie } = await withSession();
    const session = await world.manager.load(cookie);
    const error = await errorOf(session.$update(async (draft) => void (draft["late"] = true)));
    expect(error).toMatchObject({ code: "ERR_SESSION_VALUE" });
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
  });

  it("of a session that has no record after the response is refused, since no cookie could follow", async () => {
    const { session, calls } = await new World().visit(undefined);
    expect(await errorOf(session.$update((draft) => void (draft["a"] = 1)))).toMatchObject({ code: "ERR_SESSION_COMMITTED" });
    expect(calls).toEqual([]);
  });

  it("that was called before the response begins a session, also if nobody waits for it: its cookie still goes", async () => {
    const world = new World();
    const session = await world.manager.load();
    const updating = session.$update((draft) => void (draft["a"] = 1));
    const cookies = await world.manager.commit(session);
    await updating;
    expect(cookies).toHaveLength(1);
    expect(await world.dataOf((cookies[0] as string).split(";")[0] as string)).toEqual({ a: 1 });
  });

  it("runs again on newer data, until it holds", async () => {
    const { world, cookie } = await withSession();
    const sessions = await Promise.all(Array.from({ length: 20 }, () => world.manager.load(cookie)));
    const results = await Promise.all(
      sessions.map((session) => session.$update((draft) => (draft["views"] = (draft["views"] ?? 0) + 1))),
    );
    expect([...results].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(await world.dataOf(cookie)).toEqual({ user: "alice", views: 20 });
  });

  it("passes on what the function throws, and stores nothing", async () => {
    const { world, cookie } = await withSession();
    const session = await world.manager.load(cookie);
    const oops = new Error("oops");
    const update = session.$update((draft) => {
      draft["views"] = 1;
      throw oops;
    });
    expect(await errorOf(update)).toBe(oops);
    expect([session.views, await world.dataOf(cookie)]).toEqual([undefined, { user: "alice" }]);
    expect(await session.$update((draft) => (draft["views"] = 2))).toBe(2);
  });

  it.each<[string, (draft: Record<string, any>) => unknown]>([
    ["a function", (draft) => (draft["f"] = () => {})],
    ["a control", (draft) => (draft["$id"] = 1)],
    ["what is too deep", (draft) => (draft["deep"] = JSON.parse("[".repeat(70) + "]".repeat(70)))],
  ])("refuses %s in the draft, and stores nothing", async (_, fn) => {
    const { world, cookie } = await withSession();
    const session = await world.manager.load(cookie);
    expect(await errorOf(session.$update(fn))).toMatchObject({ code: "ERR_SESSION_VALUE" });
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
  });

  it.each<[string, (draft: Record<string, any>) => unknown]>([
    ["an accessor", (draft) => Object.defineProperty(draft, "now", { get: Date.now, enumerable: true, configurable: true })],
    ["a symbol as a key", (draft) => (draft[Symbol("key") as never] = 1)],
  ])("refuses %s in the draft, as an assignment does", async (_, fn) => {
    const { world, cookie } = await withSession();
    const session = await world.manager.load(cookie);
    expect(await errorOf(session.$update(fn))).toMatchObject({ code: "ERR_SESSION_VALUE" });
  });

  it("keeps what an object held that was put into the draft, whatever its owner does to it later", async () => {
    const { world, cookie } = await withSession();
    const pet = { name: "Rex" };
    const { session } = await world.visit(cookie, async (mine) => {
      await mine.$update((draft) => void (draft["pet"] = pet));
      pet.name = "Tom";
    });
    expect([session.pet, await world.dataOf(cookie)]).toEqual([{ name: "Rex" }, { user: "alice", pet: { name: "Rex" } }]);
  });

  it("gives what is changed in a part of the draft that it resolved to no way into the session", async () => {
    const { world, cookie } = await withSession();
    const { session } = await world.visit(cookie, async (mine) => {
      const list = await mine.$update((draft) => (draft["list"] = [1]));
      list.push(2);
    });
    expect([session.list, await world.dataOf(cookie)]).toEqual([[1], { user: "alice", list: [1] }]);
  });

  it("copies a part of the session that is put into the draft", async () => {
    const { world, cookie } = await withSession();
    const { session } = await world.visit(cookie, async (mine) => {
      mine.cart = { items: ["tea"] };
      await mine.$update((draft) => void (draft["order"] = mine.cart));
      mine.cart.items.push("milk");
    });
    const expected = { user: "alice", cart: { items: ["tea", "milk"] }, order: { items: ["tea"] } };
    expect([{ ...session }, await world.dataOf(cookie)]).toEqual([expected, expected]);
  });

  it("deletes a key that is set to undefined in the draft", async () => {
    const { world, cookie } = await withSession();
    const session = await world.manager.load(cookie);
    await session.$update((draft) => Object.assign(draft, { user: undefined, at: new Date(0), nested: { gone: undefined } }));
    const stored = await world.manager.load(cookie);
    for (const seen of [session, stored]) expect([Object.keys(seen), Object.keys(seen.nested)]).toEqual([["at", "nested"], []]);
  });

  it("creates a session that has no record yet", async () => {
    const world = new World();
    const { cookie } = await world.visit(undefined, (session) => session.$update((draft) => void (draft["views"] = 1)));
    expect(await world.dataOf(cookie)).toEqual({ views: 1 });
  });

  it("of a session that was ended is gone", async () => {
    const { world, cookie } = await withSession();
    const { session } = await world.visit(cookie);
    await world.visit(cookie, (other) => other.$destroy());
    expect(await errorOf(session.$update((draft) => (draft["views"] = 1)))).toMatchObject({ code: "ERR_SESSION_GONE" });
    expect(await world.dataOf(cookie)).toEqual({});
  });

  it('resolves to its result all the same with `onGone: "drop"`', async () => {
    const { world, cookie } = await withSession({ onGone: "drop" });
    const session = await world.manager.load(cookie);
    await world.visit(cookie, (other) => other.$destroy());
    expect(await session.$update((draft) => (draft["views"] = 1))).toBe(1);
    expect(await world.dataOf(cookie)).toEqual({});
  });
});
