import { afterEach, describe, expect, it } from "vitest";
import { createSessionManager, type Serializer, type SessionOptions } from "unsession";
import { devalue } from "unsession/serializers/devalue";
import { encrypted } from "unsession/serializers/encrypted";
import { json } from "unsession/serializers/json";
import { msgpackr } from "unsession/serializers/msgpackr";
import { superjson } from "unsession/serializers/superjson";
import { encodeRecord, parseRecord, type Encoded } from "../../src/record.ts";
import { drivers, type Backing } from "../stores/_drivers.ts";
import { errorOf, nextCookie, World } from "../unit/_setup.ts";

/** Half a day: later than any step of renewal of a session that lasts an hour. */
const LATER = 20 * 60_000;

/** The codes of the characters, backwards: a serializer of the user's that takes its time. */
const slow: Serializer = {
  id: "slow",
  binary: true,
  serialize: async (data) => new TextEncoder().encode(JSON.stringify(data)).reverse(),
  deserialize: async (bytes) => JSON.parse(new TextDecoder().decode(bytes.reverse())),
};

const KEY = "a key of at least thirty-two bytes";

const serializers: [name: string, make: () => Serializer | undefined][] = [
  ["the default", () => undefined],
  ["json", json],
  ["superjson", superjson],
  ["devalue", devalue],
  ["msgpackr", msgpackr],
  ["superjson, encrypted", () => encrypted(superjson(), { keys: [KEY] })],
  ["msgpackr, encrypted", () => encrypted(msgpackr(), { keys: [KEY] })],
  ["one of the user's that writes bytes by a promise", () => slow],
];

/** A world over a store that keeps bytes, or text alone. */
function worldOf(binary: boolean, options: SessionOptions): World {
  const world = new World({ idleTimeout: 3600, ...options });
  world.store.binary = binary;
  return world;
}

const formatOf = (world: World): string => world.store.record.slice(0, 3);

/** Puts another payload into the record that there is. */
function spoil(world: World, data: Encoded): void {
  const record = parseRecord(world.store.record);
  if (record === undefined) throw new Error("there is no record");
  world.store.record = encodeRecord({ ...record, data }, world.store.binary === true);
}

describe.each(serializers)("sessions by %s", (_, make) => {
  describe.each([
    ["bytes", true],
    ["text alone", false],
  ])("in a store that keeps %s", (__, binary) => {
    const open = (): World => worldOf(binary, { serializer: make() });

    it("are created, read, written and ended within the budget", async () => {
      const world = open();
      const created = await world.visit(undefined, (session) => Object.assign(session, { user: "Žofie 🦊", views: 1 }));
      const read = await world.visit(created.cookie, (session) => void session.user);
      const written = await world.visit(created.cookie, (session) => session.$increment("views"));
      const unchanged = await world.visit(created.cookie, (session) => void (session.user = "Žofie 🦊"));
      expect([created, read, written, unchanged].map(({ calls }) => calls)).toEqual([
        ["create"],
        ["get"],
        ["get", "replace"],
        ["get"],
      ]);
      expect(await world.dataOf(created.cookie)).toEqual({ user: "Žofie 🦊", views: 2 });
      await world.visit(created.cookie, (session) => session.$destroy());
      expect(await world.dataOf(created.cookie)).toEqual({});
    });

    it("are kept by a touch", async () => {
      const world = open();
      const { cookie } = await world.visit(undefined, (session) => void (session.user = "Žofie"));
      const before = formatOf(world);
      world.clock.advance(LATER);
      const touched = await world.visit(cookie);
      expect(touched.calls).toEqual(["get", "touch"]);
      expect([formatOf(world), await world.dataOf(cookie)]).toEqual([before, { user: "Žofie" }]);
    });

    it("keep one-time values and their cookie's settings, and move to a new token", async () => {
      const world = open();
      const first = await world.visit(undefined, (session) => {
        session.$flash("notice", "saved ✓");
        session.$cookie.maxAge = 60;
        session.user = "Žofie";
      });
      const second = await world.visit(first.cookie, (session) => session.$regenerate());
      let notice: unknown;
      const third = await world.visit(second.cookie, (session) => void (notice = session.$flash("notice")));
      expect([notice, third.session.$cookie.maxAge, await world.dataOf(third.cookie)]).toEqual([
        "saved ✓",
        60,
        { user: "Žofie" },
      ]);
      expect(await world.dataOf(first.cookie)).toEqual({});
    });

    it("merge what concurrent requests change", async () => {
      const world = open();
      const { cookie } = await world.visit(undefined, (session) => Object.assign(session, { views: 0, list: [] }));
      const requests = Array.from({ length: 5 }, (___, n) =>
        world.visit(cookie, (session) => {
          session.$increment("views");
          session.list.push(n);
          session[`key ${n}`] = n;
        }),
      );
      await Promise.all(requests);
      const data = (await world.dataOf(cookie)) as { views: number; list: number[] };
      expect([data.views, data.list.toSorted()]).toEqual([5, [0, 1, 2, 3, 4]]);
      expect(Object.keys(data)).toHaveLength(7);
    });

    it("show what changed, and what it was", async () => {
      const world = open();
      const { cookie } = await world.visit(undefined, (session) => void (session.a = { b: 1, c: 2 }));
      const session = await world.manager.load(cookie);
      session.a.b = 5;
      expect(session.$changes).toEqual([{ op: "set", path: ["a", "b"], value: 5 }]);
    });

    it.each([
      ["damaged", (data: Encoded): Encoded => ({ ...data, text: data.text.slice(0, -1) })],
      ["of an unknown serializer", (data: Encoded): Encoded => ({ ...data, serializer: "yaml" })],
    ])("begin anew where a record is %s, which stays as it is", async (___, damage) => {
      const world = open();
      const { cookie } = await world.visit(undefined, (session) => void (session.user = "Žofie"));
      spoil(world, damage(parseRecord(world.store.record)?.data as Encoded));
      const spoilt = world.store.record;
      const { session, calls } = await world.visit(cookie);
      expect([session.$isNew, { ...session }, calls, world.store.record]).toEqual([true, {}, ["get"], spoilt]);
      expect(world.heard).toContain("corrupt");
    });
  });
});

describe("bytes", () => {
  it("are stored as they are where the store keeps bytes, and as base64 where it does not", async () => {
    const sizes = [true, false].map(async (binary) => {
      const world = worldOf(binary, { serializer: msgpackr() });
      await world.visit(undefined, (session) => void (session.text = "é".repeat(300)));
      return [formatOf(world), world.store.record.length > 1000, /^[\x20-\x7e]*$/.test(world.store.record)];
    });
    expect(await Promise.all(sizes)).toEqual([
      ["ub1", false, false],
      ["ua1", true, true],
    ]);
  });

  it("count as bytes for `maxBytes`", async () => {
    const data = { bytes: new Uint8Array(200) };
    const { length } = (await msgpackr().serialize(data)) as Uint8Array;
    const commit = (maxBytes: number): Promise<unknown> =>
      worldOf(false, { serializer: msgpackr(), maxBytes }).visit(undefined, (session) => Object.assign(session, data));
    await commit(length);
    expect(await errorOf(commit(length - 1))).toMatchObject({ code: "ERR_SESSION_TOO_LARGE" });
  });

  it.each([true, false])("count with all that is sent for the limit of a store (binary: %s)", async (binary) => {
    const options = { serializer: msgpackr(), generateToken: () => "token" };
    const write = async (maxBytes: number | undefined): Promise<number> => {
      const world = worldOf(binary, options);
      world.store.maxBytes = maxBytes;
      await world.visit(undefined, (session) => Object.assign(session, { bytes: new Uint8Array(200) }));
      return world.store.record.length;
    };
    const length = await write(undefined);
    expect(await write(length)).toBe(length);
    expect(await errorOf(write(length - 1))).toMatchObject({ code: "ERR_SESSION_TOO_LARGE" });
  });

  it("are no session where the serializer writes text by now", async () => {
    const bytes = { id: "own", binary: true, serialize: () => new Uint8Array([1]), deserialize: () => ({ a: 1 }) } as const;
    const text = { id: "own", serialize: () => "x", deserialize: () => ({ a: 1 }) } as const;
    const world = worldOf(true, { serializer: text });
    const { cookie } = await world.visit(undefined, (session) => void (session.a = 1));
    const session = await world.another({ serializer: bytes }).load(cookie);
    expect([{ ...session }, world.heard]).toEqual([{}, ["created", "corrupt"]]);
  });

  it.each(drivers)("come back from $name of unstorage $version, through a Storage and without", async ({ open }) => {
    const backing = await open();
    opened.push(backing);
    const { driver, unstorage } = backing;
    for (const storage of [unstorage.createStorage({ driver }), driver]) {
      const manager = createSessionManager({ storage, serializer: msgpackr(), timeouts: { load: 10_000, save: 10_000 } });
      const session = await manager.load();
      const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      Object.assign(session, { bytes, text: "Žofie 🦊" });
      const cookie = nextCookie(undefined, await manager.commit(session));
      const again = await manager.load(cookie);
      expect({ ...again }).toEqual({ bytes, text: "Žofie 🦊" });
      again.$increment("views");
      await manager.commit(again);
      expect((await manager.load(cookie)).views).toBe(1);
    }
  });

  const opened: Backing[] = [];
  afterEach(async () => {
    for (const { close } of opened.splice(0)) await close();
  });
});

describe("an application that switches", () => {
  const named = serializers.flatMap(([name, make]) => {
    const serializer = make();
    return serializer === undefined ? [] : [{ name, serializer, makes: make as () => Serializer }];
  });
  const pairs = named.flatMap((from) =>
    named.filter((to) => to !== from).map((to) => ({ from: from.name, to: to.name, a: from, b: to })),
  );

  it.each(pairs)("from $from to $to reads the old records, and writes them anew at the next save", async ({ a, b }) => {
    const world = worldOf(true, { serializer: a.makes() });
    const { cookie } = await world.visit(undefined, (session) => Object.assign(session, { user: "Žofie", views: 1 }));
    const old = world.store.record;
    const manager = world.another({ idleTimeout: 3600, serializer: [b.makes(), a.makes()] });

    const read = await manager.load(cookie);
    expect({ ...read }).toEqual({ user: "Žofie", views: 1 });
    world.store.calls.length = 0;
    expect(await manager.commit(read)).toEqual([]);
    expect([world.store.calls, world.store.record]).toEqual([[], old]);

    const same = await manager.load(cookie);
    same.views = 1;
    await manager.commit(same);
    expect(world.store.record).toBe(old);

    const written = await manager.load(cookie);
    written.$flash("notice", "hi");
    written.$increment("views");
    await manager.commit(written);
    const record = parseRecord(world.store.record);
    expect([record?.data.serializer, record?.flash?.serializer]).toEqual([b.serializer.id, b.serializer.id]);
    expect({ ...(await manager.load(cookie)) }).toEqual({ user: "Žofie", views: 2 });
  });

  it("and still has writers of the old kind merges what both write", async () => {
    const world = worldOf(true, { serializer: [json(), msgpackr()] });
    const { cookie } = await world.visit(undefined, (session) => Object.assign(session, { views: 0 }));
    const other = world.another({ serializer: [msgpackr(), json()] });
    for (let round = 0; round < 3; round++) {
      const [mine, theirs] = await Promise.all([world.manager.load(cookie), other.load(cookie)]);
      for (const session of [mine, theirs]) session.$increment("views");
      mine["mine"] = round;
      theirs["theirs"] = round;
      await Promise.all([world.manager.commit(mine), other.commit(theirs)]);
    }
    expect(await world.dataOf(cookie)).toEqual({ views: 6, mine: 2, theirs: 2 });
  });

  it("without the old serializer makes its records corrupt, and leaves them as they are", async () => {
    const world = worldOf(true, { serializer: devalue() });
    const { cookie } = await world.visit(undefined, (session) => void (session.user = "Žofie"));
    const old = world.store.record;
    const session = await world.another({ serializer: json() }).load(cookie);
    expect([{ ...session }, world.heard.at(-1), world.store.record]).toEqual([{}, "corrupt", old]);
  });

  it.each(["json", "superjson"])("reads what the default wrote by %s, whatever it writes now", async (id) => {
    const world = worldOf(true, {});
    const value = id === "json" ? "text" : new Date(0);
    const { cookie } = await world.visit(undefined, (session) => void (session.value = value));
    expect(parseRecord(world.store.record)?.data.serializer).toBe(id);
    expect({ ...(await world.another({ serializer: msgpackr() }).load(cookie)) }).toEqual({ value });
  });
});
