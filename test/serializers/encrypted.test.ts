import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Serializer, Session, SessionManager, SessionOptions } from "unsession";
import { devalue } from "unsession/serializers/devalue";
import { encrypted } from "unsession/serializers/encrypted";
import { json } from "unsession/serializers/json";
import { msgpackr } from "unsession/serializers/msgpackr";
import { superjson } from "unsession/serializers/superjson";
import { encodeRecord, parseRecord, type Encoded, type SessionRecord } from "../../src/record.ts";
import { errorOf, nextCookie, tokenOf, World } from "../unit/_setup.ts";

const KEY = "the first key, of at least 32 bytes";
const OTHER = "another key, of at least 32 bytes..";

const INNER: Record<string, () => Serializer> = { json, superjson, devalue, msgpackr };

const sealed = (...keys: (string | Uint8Array)[]): Serializer => encrypted(superjson(), { keys: keys.length > 0 ? keys : [KEY] });

async function visit(manager: SessionManager, cookie: string | undefined, handler: (session: Session) => unknown = () => {}) {
  const session = await manager.load(cookie);
  await handler(session);
  return { session, cookie: nextCookie(cookie, await manager.commit(session)) as string };
}

/** A world with one session in it, which has a one-time value too. */
async function begin(options: SessionOptions = { serializer: sealed() }) {
  const world = new World(options);
  const { cookie } = await world.visit(undefined, (session) => {
    session.user = "alice-in-clear";
    session.$flash("note", "note-in-clear");
  });
  world.told.length = 0;
  return { world, cookie: cookie as string };
}

const keyOf = async (world: World, cookie: string): Promise<string> => `session:${(await world.manager.load(cookie)).$id}`;

function recordAt(world: World, key: string): SessionRecord {
  return parseRecord(world.store.memory.get(key)?.value ?? "") as SessionRecord;
}

function put(world: World, key: string, record: SessionRecord): void {
  world.store.memory.set(key, encodeRecord(record, false), undefined);
}

describe.each(Object.entries(INNER))("%s, encrypted", (name, make) => {
  it("is a serializer by itself", async () => {
    const serializer = encrypted(make(), { keys: [KEY] });
    expect([serializer.id, serializer.binary]).toEqual([`enc-${name}`, true]);
    expect(await serializer.deserialize(await serializer.serialize({ a: [1, "é🦊"] }))).toEqual({ a: [1, "é🦊"] });
  });

  it.each([
    ["bytes", true],
    ["text alone", false],
  ])("shows nothing of a session to a store that keeps %s", async (_, binary) => {
    const world = new World({ serializer: encrypted(make(), { keys: [KEY] }) });
    world.store.binary = binary;
    const { cookie } = await world.visit(undefined, (session) => {
      session.user = "alice-in-clear";
      session.$flash("note", "note-in-clear");
    });
    const { data, flash } = parseRecord(world.store.record) as SessionRecord;
    expect(world.store.record.slice(0, 3)).toBe(binary ? "ub1" : "ua1");
    for (const { text } of [data, flash as Encoded]) expect(text).not.toMatch(/clear|user|note/);
    expect((await world.manager.load(cookie)).$flash("note")).toBe("note-in-clear");
    expect(await world.dataOf(cookie)).toEqual({ user: "alice-in-clear" });
  });

  it("writes 33 bytes more than it would by itself", async () => {
    const data = { user: "alice", roles: ["admin"] };
    const serializer = encrypted(make(), { keys: [KEY] });
    const plain = await make().serialize(data);
    const bytes = typeof plain === "string" ? new TextEncoder().encode(plain) : plain;
    expect((await serializer.serialize(data)).length - bytes.length).toBe(33);
  });
});

describe("an encrypted record", () => {
  it("is another each time, of the same data", async () => {
    const serializer = sealed();
    const written = await Promise.all(Array.from({ length: 100 }, () => serializer.serialize({ a: 1 })));
    expect(new Set(written.map((one) => Buffer.from(one as Uint8Array).toString("hex"))).size).toBe(100);
  });

  it.each(["data", "flash"] as const)("is corrupt if any bit of its %s is changed", async (section) => {
    const { world, cookie } = await begin();
    const key = await keyOf(world, cookie);
    const record = recordAt(world, key);
    const { text } = record[section] as Encoded;
    world.told.length = 0;
    for (let index = 0; index < text.length; index++) {
      const changed = String.fromCharCode(text.charCodeAt(index) ^ (1 << (index % 8)));
      const spoilt = { ...(record[section] as Encoded), text: text.slice(0, index) + changed + text.slice(index + 1) };
      put(world, key, { ...record, [section]: spoilt });
      expect({ ...(await world.manager.load(cookie)) }).toEqual({});
    }
    expect(world.infos("corrupt").map(({ reason }) => reason)).toEqual(Array.from(text, () => "damaged"));
  });

  it("is corrupt if it is cut, at any length", async () => {
    const { world, cookie } = await begin();
    const key = await keyOf(world, cookie);
    const record = recordAt(world, key);
    for (let length = 0; length < record.data.text.length; length++) {
      put(world, key, { ...record, data: { ...record.data, text: record.data.text.slice(0, length) } });
      expect({ ...(await world.manager.load(cookie)) }).toEqual({});
    }
  });

  it("opens for no other session", async () => {
    const { world, cookie } = await begin();
    const mallory = await world.visit(undefined, (session) => void (session.user = "mallory"));
    const [hers, his] = [await keyOf(world, cookie), await keyOf(world, mallory.cookie as string)];
    put(world, his, recordAt(world, hers));
    world.told.length = 0;
    expect({ ...(await world.manager.load(mallory.cookie)) }).toEqual({});
    expect(world.infos("corrupt")).toMatchObject([{ reason: "damaged" }]);
  });

  it("has data that are no one-time values, and one-time values that are no data", async () => {
    const { world, cookie } = await begin();
    const key = await keyOf(world, cookie);
    const record = recordAt(world, key);
    put(world, key, { ...record, data: record.flash as Encoded, flash: record.data });
    expect({ ...(await world.manager.load(cookie)) }).toEqual({});
  });

  it("leads to a fresh session that can be stored, and stays as it is", async () => {
    const { world, cookie } = await begin();
    const stranger = world.another({ serializer: sealed(OTHER) });
    const before = world.store.record;
    const after = await visit(stranger, cookie, (session) => void (session.user = "bob"));
    expect(after.cookie).not.toBe(cookie);
    expect(Object.values(world.store.dump)).toContain(before);
  });

  it("is not taken for plain text", async () => {
    const { world, cookie } = await begin();
    expect({ ...(await world.another({ serializer: superjson() }).load(cookie)) }).toEqual({});
    expect(world.infos("corrupt")).toMatchObject([{ reason: "damaged" }]);
  });

  it("over the limit is not decrypted", async () => {
    const { world, cookie } = await begin({ serializer: sealed(), maxBytes: 200 });
    expect({ ...(await world.another({ serializer: sealed(), maxBytes: 40 }).load(cookie)) }).toEqual({});
    const error = await errorOf(world.visit(cookie, (session) => void (session.user = "x".repeat(120))));
    expect(error).toMatchObject({ code: "ERR_SESSION_TOO_LARGE" });
  });
});

describe("a record that nobody encrypted", () => {
  const plant = async (options: SessionOptions) => {
    const { world, cookie } = await begin();
    const key = await keyOf(world, cookie);
    const forged = { serializer: "json", text: '{"user":"admin"}' };
    put(world, key, { ...recordAt(world, key), data: forged, flash: undefined });
    return { ...(await world.another(options).load(cookie)) };
  };

  it("is no session while the first serializer encrypts", async () => {
    expect(await plant({ serializer: sealed() })).toEqual({});
    expect(await plant({ serializer: [sealed(), superjson()] })).toEqual({});
  });

  it("is one where its serializer is in the list", async () => {
    expect(await plant({ serializer: [sealed(), json()] })).toEqual({ user: "admin" });
  });
});

describe("encryption that is turned on, or off,", () => {
  it("reads what was written before, and encrypts it with the next write", async () => {
    const { world, cookie } = await begin({});
    const on = world.another({ serializer: [sealed(), json(), superjson()] });
    await visit(on, cookie, (session) => void (session.views = 1));
    expect(world.store.record).not.toContain("in-clear");
    expect({ ...(await world.another({ serializer: sealed() }).load(cookie)) }).toEqual({ user: "alice-in-clear", views: 1 });
  });

  it("is no reason to write", async () => {
    const { world, cookie } = await begin({ serializer: superjson() });
    world.store.calls.length = 0;
    await visit(world.another({ serializer: [sealed(), superjson()] }), cookie, async (session) => {
      session.user = "bob";
      session.user = "alice-in-clear";
      await session.$update(() => {});
    });
    expect(world.store.calls).toEqual(["get"]);
  });

  it("reads what was encrypted before, and writes it in clear", async () => {
    const { world, cookie } = await begin();
    const off = world.another({ serializer: [json(), sealed()] });
    await visit(off, cookie, (session) => void (session.views = 1));
    expect({ ...(await world.another().load(cookie)) }).toEqual({ user: "alice-in-clear", views: 1 });
  });
});

describe("keys", () => {
  it("are rotated: all decrypt, the first encrypts", async () => {
    const { world, cookie } = await begin();
    const rotated = world.another({ serializer: sealed(OTHER, KEY) });
    await visit(rotated, cookie, (session) => void (session.views = 1));
    expect({ ...(await world.another({ serializer: sealed(OTHER) }).load(cookie)) }).toEqual({
      user: "alice-in-clear",
      views: 1,
    });
    expect({ ...(await world.manager.load(cookie)) }).toEqual({});
  });

  it("may be bytes, and are copied", async () => {
    const key = crypto.getRandomValues(new Uint8Array(32));
    const serializer = sealed(key);
    const same = sealed(key.slice());
    key.fill(0);
    expect(await serializer.deserialize((await same.serialize({ a: 1 })) as never)).toEqual({ a: 1 });
  });

  it("of two serializers are of no use to each other", async () => {
    const written = await encrypted(json(), { keys: [KEY] }).serialize({ a: 1 });
    await expect(encrypted(superjson(), { keys: [KEY] }).deserialize(written)).rejects.toThrow();
  });

  it.each([
    ["none", undefined, "encrypted.keys` is undefined"],
    ["an empty list", [], "encrypted.keys` is an array"],
    ["one that is no list", KEY, "encrypted.keys` is a string"],
    ["one that is too short", [KEY, "short"], "encrypted.keys[1]` is a string"],
    ["bytes that are too few", [new Uint8Array(31)], "encrypted.keys[0]` is an object"],
    ["a number", [4711], "encrypted.keys[0]` is a number"],
  ])("cannot be %s", (_, keys, message) => {
    let thrown: Error | undefined;
    try {
      encrypted(json(), { keys: keys as never });
    } catch (error) {
      thrown = error as Error;
    }
    expect(thrown).toMatchObject({ code: "ERR_SESSION_OPTIONS" });
    expect(thrown?.message).toContain(message);
    expect(thrown?.message).not.toMatch(/4711|short\b/);
  });

  it.each([
    ["no serializer", {}],
    ["one that encrypts already", sealed()],
    ["one whose id leaves no room", { ...json(), id: "a-longer-name" }],
  ])("cannot serve %s", (_, inner) => {
    expect(() => encrypted(inner as Serializer, { keys: [KEY] })).toThrow("Option `encrypted` is");
  });
});

describe("an encrypted session", () => {
  it("moves to a new token with its one-time values, and the old record opens nothing", async () => {
    const { world, cookie } = await begin();
    const old = recordAt(world, await keyOf(world, cookie));
    const after = await world.visit(cookie, async (session) => {
      await session.$regenerate();
      session.views = 1;
    });
    const key = await keyOf(world, after.cookie as string);
    expect(await world.dataOf(after.cookie)).toEqual({ user: "alice-in-clear", views: 1 });
    expect((await world.manager.load(after.cookie)).$flash("note")).toBe("note-in-clear");
    put(world, key, { ...recordAt(world, key), data: old.data });
    expect({ ...(await world.manager.load(after.cookie)) }).toEqual({});
  });

  it("is rotated with its one-time values, and late requests by the old token read and write it", async () => {
    const options = { serializer: sealed(), rotateEvery: 100, rotateGrace: 60 };
    const { world, cookie } = await begin(options);
    const slow = await world.manager.load(cookie);
    world.clock.advance(100_000);
    const rotated = await world.visit(cookie, (session) => void (session.views = 1));
    expect(rotated.cookie).not.toBe(cookie);
    slow.cart = ["apple"];
    await world.manager.commit(slow);
    await world.visit(cookie, (session) => session.$increment("views"));
    expect(await world.dataOf(rotated.cookie)).toEqual({ user: "alice-in-clear", views: 2, cart: ["apple"] });
    expect((await world.manager.load(rotated.cookie)).$flash("note")).toBe("note-in-clear");
    expect(world.infos("corrupt")).toEqual([]);
  });

  it("is taken along when ids begin to be hashed, and when tokens begin to be signed", async () => {
    const { world, cookie } = await begin({ serializer: sealed(), hashIds: false });
    const until = world.clock.now() + 1_000_000;
    const secret = "a secret of at least thirty-two bytes";
    const manager = world.another({
      serializer: sealed(),
      acceptRawIdsUntil: until,
      secret,
      acceptUnsignedUntil: until,
    });
    const after = await visit(manager, cookie);
    expect(after.cookie).not.toBe(cookie);
    expect({ ...(await world.another({ serializer: sealed(), secret }).load(after.cookie)) }).toEqual({ user: "alice-in-clear" });
  });

  it("is merged with what another request wrote", async () => {
    const { world, cookie } = await begin();
    const [one, other] = await Promise.all([world.manager.load(cookie), world.manager.load(cookie)]);
    one.$increment("views");
    other.$increment("views");
    other.$flash("second", 2);
    await world.manager.commit(one);
    await world.manager.commit(other);
    expect(await world.dataOf(cookie)).toEqual({ user: "alice-in-clear", views: 2 });
    expect((await world.manager.load(cookie)).$flash("second")).toBe(2);
  });

  it("whose answer was lost is stored once", async () => {
    const { world, cookie } = await begin();
    world.store.lost.push("replace");
    await world.visit(cookie, (session) => session.$increment("views"));
    expect(await world.dataOf(cookie)).toEqual({ user: "alice-in-clear", views: 1 });
  });

  it("is saved twice in one request, and costs no more than it changed", async () => {
    const { world, cookie } = await begin();
    const { calls } = await world.visit(cookie, async (session) => {
      session.views = 1;
      await session.$save();
      session.views = 2;
      await session.$save();
      session.views = 2;
      await session.$save();
    });
    expect(calls).toEqual(["get", "replace", "replace"]);
  });

  it("is found, reloaded, touched, listed and ended as any other", async () => {
    const { world, cookie } = await begin({ serializer: sealed(), idleTimeout: 1000 });
    expect(await world.manager.find(tokenOf(cookie))).toEqual({ user: "alice-in-clear" });
    const session = await world.manager.load(cookie);
    session.user = "bob";
    await session.$reload();
    expect(session.user).toBe("alice-in-clear");
    world.clock.advance(200_000);
    expect((await world.visit(cookie)).calls).toEqual(["get", "touch"]);
    expect(await world.dataOf(cookie)).toEqual({ user: "alice-in-clear" });
    expect(await world.manager.count()).toBe(1);
    await world.visit(cookie, (one) => one.$destroy());
    expect(await world.manager.count()).toBe(0);
  });

  it("is bound to its session also where raw tokens are keys", async () => {
    const { world, cookie } = await begin({ serializer: sealed(), hashIds: false });
    expect(await world.dataOf(cookie)).toEqual({ user: "alice-in-clear" });
    const after = await world.visit(cookie, (session) => session.$regenerate());
    expect(await world.dataOf(after.cookie)).toEqual({ user: "alice-in-clear" });
  });

  it("may have a schema", async () => {
    const schema = z.object({ user: z.string(), views: z.number().default(0) });
    const { world, cookie } = await begin();
    const manager = world.another({ serializer: sealed(), schema });
    expect({ ...(await manager.load(cookie)) }).toEqual({ user: "alice-in-clear", views: 0 });
    await visit(manager, cookie, (session) => void (session.views = 1));
    expect(await world.dataOf(cookie)).toEqual({ user: "alice-in-clear", views: 1 });
  });
});
