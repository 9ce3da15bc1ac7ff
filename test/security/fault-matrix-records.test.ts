import { afterEach, describe, expect, it } from "vitest";
import type { Session } from "unsession";
import { devalue } from "unsession/serializers/devalue";
import { json } from "unsession/serializers/json";
import { msgpackr } from "unsession/serializers/msgpackr";
import { superjson } from "unsession/serializers/superjson";
import type { TextSerializer } from "../../src/serializers/serializer.ts";
import { errorOf, withData } from "../unit/_setup.ts";
import { openSite, write, type Site } from "./_setup.ts";

/** What `docs/faults.md` says of records and of data, row by row. */

const serializers = { json, superjson, devalue, msgpackr };
/** What an application switches to. */
const text = (): TextSerializer => ({ id: "text", serialize: JSON.stringify, deserialize: (written) => JSON.parse(written) });
const each = Object.entries(serializers).map(([name, make]) => [name, make()] as const);

/** The record is of no use: a fresh session takes its place, and the record stays until something is written. */
async function expectSetAside({ world, cookie }: Site): Promise<void> {
  const { record } = world.store;
  const heard = world.infos("corrupt").length;
  const { session, setCookies } = await world.visit(cookie, (one) => one.user);
  expect([{ ...session }, session.$isNew, setCookies]).toEqual([{}, true, []]);
  expect([world.store.record, world.infos("corrupt").length]).toEqual([record, heard + 1]);
}

describe("row 4, D8: a store that gives garbage", () => {
  it.each([
    "",
    "garbage",
    "true",
    "null",
    "Infinity",
    "[object Object]",
    '{"user":"mallory"}',
    "\0".repeat(300),
    "9".repeat(300),
  ])("sets it aside, once and again, and never takes it for data: %j", async (garbage) => {
    const site = await openSite();
    site.world.store.record = garbage;
    await expectSetAside(site);
    await expectSetAside(site);
  });

  it("replaces the cookie with the next write, so that the browser is served again", async () => {
    const { world, cookie } = await openSite();
    world.store.record = "garbage";
    const { cookie: next } = await world.visit(cookie, write({ user: "bob" }));
    expect(next).not.toBe(cookie);
    expect(await world.dataOf(next)).toEqual({ user: "bob" });
  });
});

describe("row 5: a record that is cut short, or goes on", () => {
  it("is set aside, wherever it was cut", async () => {
    const site = await openSite();
    const { record } = site.world.store;
    for (let length = 0; length < record.length; length++) {
      site.world.store.record = record.slice(0, length);
      await expectSetAside(site);
    }
  });

  it.each([" ", "x", "}", "\0"])("is set aside if %j follows it", async (more) => {
    const site = await openSite();
    site.world.store.record += more;
    await expectSetAside(site);
  });
});

describe("row 6: a record of another serializer", () => {
  it.each(each)("is set aside where %s is not known", async (_name, serializer) => {
    const site = await openSite({ serializer });
    site.world.store.record = site.world.store.record.replace(serializer.id.padEnd(16), "pickle".padEnd(16));
    await expectSetAside(site);
  });

  it.each(each)("by %s is read where it is in the list, before and after a deploy", async (_name, serializer) => {
    const { world, cookie } = await openSite({ serializer });
    const deployed = world.another({ serializer: [text(), serializer] });
    const session = await deployed.load(cookie);
    expect({ ...session }).toEqual({ user: "alice" });
    session.views = 1;
    await deployed.commit(session);
    const old = world.another({ serializer: [serializer, text()] });
    expect({ ...(await old.load(cookie)) }).toEqual({ user: "alice", views: 1 });
  });

  it("has a format of its own number: a later one is not guessed at", async () => {
    const site = await openSite();
    const { record } = site.world.store;
    site.world.store.record = `us9${record.slice(3)}`;
    await expectSetAside(site);
  });
});

describe("row 17, D5: what reaches for prototypes", () => {
  const known = Object.getOwnPropertyNames(Object.prototype).sort();
  const knownOfArrays = Object.getOwnPropertyNames(Array.prototype).sort();
  afterEach(() => {
    expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(known);
    expect(Object.getOwnPropertyNames(Array.prototype).sort()).toEqual(knownOfArrays);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  const hostile: readonly string[] = [
    '{"__proto__":{"polluted":1}}',
    '{"constructor":{"prototype":{"polluted":1}}}',
    '{"prototype":1}',
  ];

  it.each(hostile)("is refused at the line that writes it: %s", async (text) => {
    const { world, cookie } = await openSite();
    for (const attack of [
      (session: Session) => (session.user = JSON.parse(text)),
      (session: Session) => (session.list = [JSON.parse(text)]),
      (session: Session) => session.$update((draft) => (draft["user"] = JSON.parse(text))),
      (session: Session) => session.$flash("note", JSON.parse(text)),
    ]) {
      expect(await errorOf(world.visit(cookie, async (session) => attack(session)))).toMatchObject({ code: "ERR_SESSION_VALUE" });
    }
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
  });

  /** As each serializer would have it, if it were made to. */
  const payloads: readonly [serializer: string, text: string][] = [
    ["json", '{"a":{"__proto__":{"polluted":1}}}'],
    ["json", '{"a":[{"constructor":{"prototype":{"polluted":1}}}]}'],
    ["superjson", '{"json":{"a":{"__proto__":{"polluted":1}}}}'],
    ["superjson", '{"json":{"a":1},"meta":{"values":{"__proto__.polluted":["Date"]}}}'],
    ["superjson", '{"json":{"a":{}},"meta":{"referentialEqualities":{"a":["__proto__.polluted"]}}}'],
    ["superjson", '{"json":{"a":{}},"meta":{"referentialEqualities":{"a":["constructor.prototype.polluted"]}}}'],
    ["devalue", '[{"a":1},{"__proto__":2},{"polluted":3},1]'],
    ["devalue", '[{"a":1},["Object",{"__proto__":1}]]'],
    ["devalue", '[{"a":1},["null","__proto__",2],{"polluted":3},1]'],
    ["msgpackr", "\x81\xa9__proto__\x81\xa8polluted\x01"],
    ["msgpackr", "\x81\xabconstructor\x81\xa9prototype\x81\xa8polluted\x01"],
  ];
  it.each(payloads)("is refused when a record of %s holds %j", async (serializer, text) => {
    const site = await openSite({ serializer: Object.values(serializers).map((make) => make()) });
    site.world.store.record = withData(site.world.store.record, text, serializer);
    const { session } = await site.world.visit(site.cookie);
    expect(session.$snapshot()).toEqual({});
    expect(site.world.infos("corrupt")).toHaveLength(1);
  });
});

describe("row 18: what a proxy over data may meet", () => {
  const stored = async (handle: (session: any) => unknown): Promise<unknown> => {
    const { world } = await openSite();
    const { cookie } = await world.visit(undefined, write(before));
    await world.visit(cookie, handle);
    return world.dataOf(cookie);
  };
  const before = { list: [3, 1, 2], map: new Map([["a", { n: 1 }]]), set: new Set([1]), at: new Date(0) };

  it.each<[string, (session: any) => unknown, object]>([
    ["sort", ({ list }) => list.sort(), { list: [1, 2, 3] }],
    ["length =", ({ list }) => (list.length = 1), { list: [3] }],
    ["delete", (session) => delete session.list, { list: undefined }],
    ["a value in a Map", ({ map }) => map.get("a").n++, { map: new Map([["a", { n: 2 }]]) }],
    ["a member of a Set", ({ set }) => set.add(2), { set: new Set([1, 2]) }],
    ["a Date", ({ at }) => at.setTime(5), { at: new Date(5) }],
    [
      "a reference that was kept",
      (session) => {
        const { list } = session;
        session.note = 1;
        list.push(9);
      },
      { list: [3, 1, 2, 9], note: 1 },
    ],
    [
      "one object in two places",
      (session) => {
        const shared = { n: 1 };
        session.a = shared;
        session.b = shared;
        session.a.n = 2;
      },
      { a: { n: 2 }, b: { n: 2 } },
    ],
    ["a frozen object", (session) => (session.frozen = Object.freeze({ n: 1 })), { frozen: { n: 1 } }],
  ])("misses no change: %s", async (_what, handle, changed) => {
    const expected = Object.entries({ ...before, ...changed }).filter(([, value]) => value !== undefined);
    expect(await stored(handle)).toEqual(Object.fromEntries(expected));
  });

  it.each<[string, (session: any) => unknown]>([
    ["session.user.avatar", (session) => (session.user = { avatar: () => 1 })],
    ["session.user", (session) => (session.user = Symbol("x"))],
    ["session.user.cart", (session) => (session.user = { cart: new (class Cart {})() })],
    ["session.user.name", (session) => (session.user = Object.defineProperty({}, "name", { get: () => "x", enumerable: true }))],
  ])("refuses what cannot be kept, with its path: %s", async (path, handle) => {
    const { world, cookie } = await openSite();
    const error = await errorOf(world.visit(cookie, async (session) => handle(session)));
    expect(error).toMatchObject({ code: "ERR_SESSION_VALUE", message: expect.stringContaining(path) });
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
  });

  it("keeps a ring where the serializer can, and refuses it with its path where it cannot", async () => {
    const ring = (session: any): void => {
      session.node = { name: "a" };
      session.node.next = session.node;
    };
    const able = await openSite({ serializer: devalue() });
    await able.world.visit(able.cookie, ring);
    const { node } = (await able.world.dataOf(able.cookie)) as { node: { next: unknown } };
    expect(node.next).toBe(node);
    const unable = await openSite({ serializer: json() });
    expect(await errorOf(unable.world.visit(unable.cookie, ring))).toMatchObject({
      code: "ERR_SESSION_VALUE",
      message: expect.stringContaining("session.node.next"),
    });
  });
});
