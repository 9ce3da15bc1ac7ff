import type { Session } from "unsession";
import { beforeEach, describe, expect, it } from "vitest";
import { listen, rawOf, refusal, Stored } from "./_setup.ts";

const gone = (path: string): object =>
  expect.objectContaining(refusal(`${path} was written through a reference to something that is no longer in the session`));

let stored: Stored;
let session: Session;

beforeEach(async () => {
  stored = await Stored.of({
    user: { name: "a", address: { city: "x" } },
    items: [1, 2, 3].map((id) => ({ id, qty: 1 })),
    map: new Map([["k", { n: 1 }]]),
    set: new Set([{ n: 1 }]),
  });
  session = await stored.open();
});

describe("a write through a reference whose place is gone", () => {
  it.each<[string, (session: any) => any, (session: any) => unknown, string]>([
    ["its key was deleted", ({ user }) => user, (session) => delete session.user, "session.user"],
    ["it was overwritten", ({ user }) => user, (session) => (session.user = { name: "b" }), "session.user"],
    ["what was around it was deleted", ({ user }) => user.address, (session) => delete session.user, "session.user.address"],
    ["what was around it was overwritten", ({ user }) => user.address, (session) => (session.user = {}), "session.user.address"],
    ["an item was overwritten", ({ items }) => items[1], ({ items }) => (items[1] = 0), "session.items[1]"],
    ["an item was cut off", ({ items }) => items[1], ({ items }) => (items.length = 1), "session.items[1]"],
    ["an item was filled over", ({ items }) => items[1], ({ items }) => items.fill(0), "session.items[1]"],
    ["an item was copied over", ({ items }) => items[1], ({ items }) => items.copyWithin(1, 0, 1), "session.items[1]"],
    ["an item was deleted", ({ items }) => items[1], ({ items }) => delete items[1], "session.items[1]"],
    ["an entry was deleted", ({ map }) => map.get("k"), ({ map }) => map.delete("k"), "session.map.k"],
    ["an entry was overwritten", ({ map }) => map.get("k"), ({ map }) => map.set("k", 1), "session.map.k"],
    ["a Map was cleared", ({ map }) => map.get("k"), ({ map }) => map.clear(), "session.map.k"],
    ["a member was deleted", ({ set }) => [...set][0], ({ set }) => set.delete([...set][0]), "session.set[object]"],
    ["the session was cleared", ({ user }) => user, (session) => session.$clear(), "session.user"],
  ])("throws: %s", (_, hold, remove, path) => {
    const held = hold(session);
    remove(session);
    expect(() => (held.written = 1)).toThrow(gone(path));
    expect(rawOf(held).written).toBeUndefined();
  });

  it("throws for arrays, Maps and Sets too", () => {
    const { items, map, set } = session;
    for (const key of ["items", "map", "set"]) delete session[key];
    expect(() => items.push(1)).toThrow(gone("session.items"));
    expect(() => items.pop()).toThrow(gone("session.items"));
    expect(() => (items[0] = 1)).toThrow(gone("session.items"));
    expect(() => (items.length = 0)).toThrow(gone("session.items"));
    expect(() => map.set("a", 1)).toThrow(gone("session.map"));
    expect(() => map.clear()).toThrow(gone("session.map"));
    expect(() => set.add(1)).toThrow(gone("session.set"));
    expect([items.length, map.size, set.size]).toEqual([3, 1, 1]);
  });

  it.each<[string, (other: Session) => unknown]>([
    ["deleted it", (other) => void delete other.user],
    ["put something else there", (other) => void (other.user = "nobody")],
  ])("throws after $reload, $update, $regenerate and a merging $save, if another request %s", async (_, change) => {
    const ways: ((session: Session) => Promise<unknown>)[] = [
      (session) => session.$reload(),
      (session) => session.$update((draft) => void (draft["mine"] = 1)),
      (session) => ((session.mine = 1), session.$regenerate()),
      (session) => ((session.mine = 1), session.$save()),
    ];
    for (const way of ways) {
      const before = await Stored.of({ user: { name: "a" } });
      const mine = await before.open();
      const { user } = mine;
      await before.visit(change);
      await way(mine);
      expect(() => (user.name = "c")).toThrow(gone("session.user"));
    }
  });

  it("does not throw if nothing would change", () => {
    const { user } = session;
    delete session.user;
    user.name = "a";
    delete user.none;
  });

  it("is possible again once it was put back", () => {
    const { user } = session;
    delete session.user;
    session.back = { user };
    user.name = "b";
    expect(session.back.user.name).toBe("b");
    expect(session.$changes).toContainEqual({ op: "delete", path: ["user"] });
  });
});

describe("an item that a call took out", () => {
  it.each<[string, (items: any) => any]>([
    ["pop", (items) => items.pop()],
    ["shift", (items) => items.shift()],
    ["splice", (items) => items.splice(1, 1)[0]],
  ])("by %s is the caller's own", async (_, take) => {
    const item = take(session.items);
    const events = listen(session);
    item.qty = 9;
    item.more = { deep: [] };
    item.more.deep.push(1);
    expect([events, item.qty, session.items.length]).toEqual([[], 9, 2]);
    await stored.commit(session);
    expect((await stored.data()).items.every(({ qty }: { qty: number }) => qty === 1)).toBe(true);
  });

  it("is the session's again when it is put back, wherever", async () => {
    const item = session.items.shift();
    item.qty = 2;
    session.items.push(item);
    item.qty = 3;
    session.map.set("item", session.items.pop());
    item.qty = 4;
    await stored.commit(session);
    expect((await stored.data()).map.get("item")).toEqual({ id: 1, qty: 4 });
  });

  it("is gone, not the caller's, when it was put back and then deleted", () => {
    const item = session.items.pop();
    session.kept = { item };
    delete session.kept;
    expect(() => (item.qty = 2)).toThrow(gone("session.kept.item"));
  });

  it("is still refused what cannot be kept", () => {
    const item = session.items.pop();
    expect(() => (item.call = () => 1)).toThrow(expect.objectContaining(refusal("session")));
  });

  it("is still in the session if it has another place there", async () => {
    session.first = session.items[0];
    const item = session.items.shift();
    item.qty = 5;
    await stored.commit(session);
    expect((await stored.data()).first).toEqual({ id: 1, qty: 5 });
  });
});

describe("a reference that is held", () => {
  it("follows its item as the array changes", () => {
    const [, second] = session.items;
    session.items.unshift({ id: 0 });
    session.items.reverse();
    session.items.splice(0, 1);
    second.qty = 2;
    expect(session.items.find(({ id }: { id: number }) => id === 2)).toBe(second);
    expect(session.items.map(({ qty }: { qty: number }) => qty)).toEqual([2, 1, undefined]);
  });

  it("follows its object as it moves", () => {
    const { address } = session.user;
    session.other = session.user;
    delete session.user;
    const events = listen(session);
    address.city = "y";
    expect(events).toEqual([{ op: "set", path: ["other", "address", "city"], value: "y" }]);
  });

  it("knows where its object is among others that nobody has read", () => {
    const { user } = session;
    session.other = { list: [{ user }] };
    delete session.user;
    const events = listen(session);
    user.name = "b";
    expect(events).toEqual([{ op: "set", path: ["other", "list", 0, "user", "name"], value: "b" }]);
  });

  const ways: [string, (session: Session) => Promise<unknown>][] = [
    ["$reload", (session) => session.$reload()],
    ["$update", (session) => session.$update((draft) => void (draft["drafted"] = 1))],
    ["$regenerate", (session) => ((session.mine = 1), session.$regenerate())],
    ["a merging $save", (session) => ((session.mine = 1), session.$save())],
  ];

  it.each(ways)("shows what another request wrote, and is written through, after %s", async (_, way) => {
    const { user, map } = session;
    const { address } = user;
    const entry = map.get("k");
    await stored.visit((other) => {
      other.user.address.city = "y";
      other.map.get("k").n = 2;
    });
    await way(session);
    expect([address.city, entry.n]).toEqual(["y", 2]);
    expect([session.user, session.user.address, session.map.get("k")]).toEqual([user, address, entry]);
    expect(session.user.address).toBe(address);
    address.zip = 1;
    entry.m = 1;
    await stored.commit(session);
    const data = await stored.data();
    expect([data.user.address, data.map.get("k")]).toEqual([
      { city: "y", zip: 1 },
      { n: 2, m: 1 },
    ]);
  });

  it.each(ways)("is on its own item after %s, wherever another request moved and changed it", async (_, way) => {
    const [first, second, third] = session.items;
    await stored.visit(({ items }) => {
      items.unshift({ id: 9, qty: 1 }, { id: 8, qty: 1 });
      items[3].qty = 5;
      items.splice(4, 1);
    });
    await way(session);
    expect([first.id, second.id, second.qty]).toEqual([1, 2, 5]);
    expect(session.items.slice(2)).toEqual([first, second]);
    second.qty++;
    expect(session.items[3]).toEqual({ id: 2, qty: 6 });
    expect(() => third.qty++).toThrow(gone("session.items[2]"));
  });

  it("is on its own item after an $update that moved it", async () => {
    const [first] = session.items;
    await session.$update((draft) => void draft["items"].unshift({ id: 0, qty: 1 }));
    first.qty = 2;
    expect(session.items.map(({ qty }: { qty: number }) => qty)).toEqual([1, 2, 1, 1]);
  });

  it("keeps what two places share after a merging $save", async () => {
    session.list = [session.user];
    session.user.boss = session.user;
    await stored.visit((other) => void (other.theirs = 1));
    await session.$save();
    expect(session.list[0]).toBe(session.user);
    expect(session.user.boss).toBe(session.user);
    expect(session.theirs).toBe(1);
  });

  it("loses no write that is made while a save is on its way", async () => {
    const { user } = session;
    await stored.visit((other) => void (other.theirs = other.$increment("n")));
    session.mine = 1;
    session.$increment("n");
    const saving = session.$save();
    user.name = "b";
    session.$increment("n");
    await Promise.resolve();
    user.address.city = "y";
    session.$increment("n");
    await saving;
    await stored.commit(session);
    expect(await stored.data()).toMatchObject({ user: { name: "b", address: { city: "y" } }, mine: 1, n: 4 });
  });
});
