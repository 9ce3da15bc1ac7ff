import { isDate } from "node:util/types";
import { describe, expect, it } from "vitest";
import { listen, open, Stored } from "./_setup.ts";

describe("a Date in a session", () => {
  it("is a real Date, the same each time", async () => {
    const { when, nested } = await open({
      when: new Date(5),
      nested: { list: [new Date(6)], map: new Map([["k", new Date(7)]]) },
    });
    expect(isDate(when)).toBe(true);
    expect(new Date(when).getTime()).toBe(5);
    expect(structuredClone(when)).toEqual(when);
    expect(nested.list[0]).toBe(nested.list[0]);
    expect([isDate(nested.list[0]), isDate(nested.map.get("k"))]).toEqual([true, true]);
  });

  it.each<[string, (session: any) => Date]>([
    ["under a key", (session) => session.when],
    ["in an array", (session) => session.list[0]],
    ["in a Map", (session) => session.map.get("k")],
    ["as the key of a Map", (session) => [...session.keys.keys()][0]],
    ["in a Set", (session) => [...session.set][0]],
    ["in a frozen object", (session) => session.frozen.when],
  ])("set in place is stored: %s", async (_, find) => {
    const stored = await Stored.of({
      when: new Date(1),
      list: [new Date(1)],
      map: new Map([["k", new Date(1)]]),
      keys: new Map([[new Date(1), 1]]),
      set: new Set([new Date(1)]),
      frozen: Object.freeze({ when: new Date(1) }),
    });
    expect(await stored.writes((session) => void find(session).setTime(9))).toBe(1);
    expect(find(await stored.data()).getTime()).toBe(9);
  });

  it("set in place is among the changes, but no event", async () => {
    const session = await open({ when: new Date(1) });
    const events = listen(session);
    session.when.setTime(2);
    expect([session.$isDirty, session.$changes, events]).toEqual([true, [{ op: "set", path: ["when"], value: new Date(2) }], []]);
  });

  it("set again after a $save is stored again", async () => {
    const stored = await Stored.of({ when: new Date(1) });
    const session = await stored.open();
    session.when.setTime(2);
    await session.$save();
    expect(session.$isDirty).toBe(false);
    session.when.setTime(3);
    await stored.commit(session);
    expect((await stored.data()).when).toEqual(new Date(3));
  });

  it("assigned by the user, and set by him after a $save, is stored again", async () => {
    const stored = await Stored.of({});
    const session = await stored.open();
    const when = new Date(1);
    session.when = when;
    await session.$save();
    when.setTime(2);
    await stored.commit(session);
    expect((await stored.data()).when).toEqual(new Date(2));
  });

  it("set while a save is on its way is stored by the next", async () => {
    const stored = await Stored.of({ when: new Date(1), n: 1 });
    const session = await stored.open();
    const { when } = session;
    await stored.visit((other) => void (other.n = 2));
    when.setTime(2);
    const saving = session.$save();
    queueMicrotask(() => when.setTime(3));
    await saving;
    await stored.commit(session);
    expect(await stored.data()).toEqual({ when: new Date(3), n: 2 });
  });

  it("shows what another request did, after $reload", async () => {
    const stored = await Stored.of({ when: new Date(1) });
    const session = await stored.open();
    const { when } = session;
    await stored.visit((other) => void other.when.setTime(2));
    await session.$reload();
    expect([session.when, when.getTime()]).toEqual([when, 2]);
  });

  it("that is invalid is refused at commit, with its path", async () => {
    const stored = await Stored.of({ list: [] });
    const invalid = stored.visit((session) => session.list.push({ when: new Date(Number.NaN) }));
    await expect(invalid).rejects.toMatchObject({
      code: "ERR_SESSION_VALUE",
      message: expect.stringContaining("session.list[0].when is"),
    });
  });
});

describe("what no trap can watch", () => {
  it.each<[string, unknown, (value: any) => void, (value: any) => unknown]>([
    ["a Uint8Array", new Uint8Array([1, 2]), (bytes) => void (bytes[0] = 9), (bytes) => [...bytes]],
    ["a Float64Array", new Float64Array([1, 2]), (floats) => void floats.fill(0.5), (floats) => [...floats]],
    ["a URL", new URL("http://a/"), (url) => void (url.pathname = "/b"), (url) => url.href],
    ["search parameters", new URL("http://a/?x=1"), (url) => void url.searchParams.set("x", "2"), (url) => url.href],
    ["an Error", new Error("a"), (error) => void (error.message = "b"), (error) => error.message],
    ["the cause of an Error", new Error("a", { cause: { n: 1 } }), (error) => void (error.cause.n = 2), (error) => error.cause.n],
  ])("is stored though changed in place, and not written if only read: %s", async (_, value, change, show) => {
    const stored = await Stored.of({ deep: { list: [value] } });
    expect(await stored.writes(({ deep }) => void show(deep.list[0]))).toBe(0);
    expect(await stored.writes(({ deep }) => change(deep.list[0]))).toBe(1);
    change(value);
    expect(show((await stored.data()).deep.list[0])).toEqual(show(value));
  });

  it("is stored if the user changed what he assigned, behind the session's back", async () => {
    const stored = await Stored.of({});
    const session = await stored.open();
    const cart = { items: [{ n: 1 }], tags: new Set(["a"]) };
    session.cart = cart;
    await session.$save();
    cart.items[0]!.n = 2;
    cart.tags.add("b");
    expect(session.$isDirty).toBe(true);
    await stored.commit(session);
    expect(await stored.data()).toEqual({ cart: { items: [{ n: 2 }], tags: new Set(["a", "b"]) } });
  });
});
