import { describe, expect, it } from "vitest";
import { createSessionManager, type Serializer, type Session, type Store } from "unsession";
import { platform } from "../../src/context.ts";
import { createManager } from "../../src/manager.ts";
import { deadRecord, encodeRecord, parseRecord, type SessionRecord } from "../../src/record.ts";
import { createMemoryStore } from "../../src/stores/memory.ts";
import { hashToken } from "../../src/token.ts";
import { errorOf, tokenOf, World } from "./_setup.ts";

const write =
  (data: Record<string, unknown> = { user: "alice" }) =>
  (session: Session): void =>
    void Object.assign(session, data);

async function withSession(...[options]: ConstructorParameters<typeof World>) {
  const world = new World(options);
  const { cookie } = await world.visit(undefined, write());
  return { world, cookie: cookie as string };
}

describe("store keys", () => {
  it.each([
    ["the prefix and the id", { prefix: "app:s:" }, async (token: string) => `app:s:${await hashToken(token)}`],
    ["the prefix and the token, with hashIds: false", { hashIds: false }, async (token: string) => `session:${token}`],
    ["the id alone, with an empty prefix", { prefix: "" }, hashToken],
  ])("are %s", async (_, options, key) => {
    const { world, cookie } = await withSession(options);
    expect(Object.keys(world.store.dump)).toEqual([await key(tokenOf(cookie))]);
  });
});

describe("a save that merges", () => {
  it("keeps what another request pushed, whenever an item of the array is written while it is on its way", async () => {
    for (let turns = 0; turns < 30; turns++) {
      const world = new World();
      const { cookie } = await world.visit(undefined, (session) => void (session.list = [3]));
      const session = await world.manager.load(cookie);
      await world.visit(cookie, (other) => void other.list.push(5));
      session.list.push({ id: 7 });
      const saving = session.$save();
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      session.list[0] = 9;
      await saving;
      await world.manager.commit(session);
      expect(await world.manager.find(tokenOf(cookie)), `after ${turns} turns`).toEqual({ list: [9, 5, { id: 7 }] });
    }
  });
});

describe("a session that is written to without end", () => {
  it("lets writers of other processes go first after every 32 saves", async () => {
    const { world, cookie } = await withSession();
    const pauses: number[] = [];
    const sleep = async (milliseconds: number): Promise<void> => void pauses.push(milliseconds);
    const manager = createManager<{ views: number }>({ storage: world.store, now: world.clock.now }, { ...platform, sleep });
    const visit = async (): Promise<void> => {
      const session = await manager.load(cookie);
      session.$increment("views");
      await manager.commit(session);
    };
    await Promise.all(Array.from({ length: 70 }, visit));
    expect(pauses).toEqual([1, 1]);
    expect(await manager.find(tokenOf(cookie))).toMatchObject({ views: 70 });
  });
});

describe("a save whose answer was lost", () => {
  it("does not overwrite what another request put in the place of its record meanwhile", async () => {
    const { world, cookie } = await withSession();
    const key = Object.keys(world.store.dump)[0] as string;
    const stored = parseRecord(world.store.dump[key] as string) as SessionRecord;
    const tombstone = encodeRecord(deadRecord({ ...stored, writes: "another-one".padEnd(88, ".") }, stored.touchedAt, 60_000));
    const memory = createMemoryStore();
    memory.create(key, world.store.dump[key] as string, undefined);
    let isLost = true;
    const storage: Store = {
      name: "memory",
      class: "A",
      ttl: true,
      list: true,
      get: (at) => memory.get(at),
      create: (...args) => memory.create(...args),
      replace(...args) {
        if (!isLost) return memory.replace(...args);
        isLost = false;
        memory.remove(key);
        memory.create(key, tombstone, undefined);
        throw new Error("The answer was lost.");
      },
      touch: (...args) => memory.touch(...args),
      remove: (at) => memory.remove(at),
      keys: (prefix) => memory.keys(prefix),
    };
    const manager = createSessionManager({ storage, now: () => stored.touchedAt });
    const session = await manager.load(cookie);
    session.late = true;
    expect(await errorOf(manager.commit(session))).toMatchObject({ code: "ERR_SESSION_GONE" });
    expect(memory.get(key)?.value).toBe(tombstone);
  });
});

describe("generateToken", () => {
  it("makes the tokens", async () => {
    const { cookie } = await withSession({ generateToken: () => "my-token_1" });
    expect(cookie).toBe("session=my-token_1");
  });

  it.each(["", "a b", "a.b", "x".repeat(257), 5, undefined, Promise.resolve("abc")])(
    "is refused for %o, and nothing is stored",
    async (token) => {
      const world = new World({ generateToken: () => token as string });
      expect(await errorOf(world.visit(undefined, write()))).toMatchObject({ code: "ERR_SESSION_OPTIONS" });
      expect(world.store.calls).toEqual([]);
    },
  );

  it("never takes over a session whose token it gives again", async () => {
    const { world, cookie } = await withSession({ generateToken: () => "same" });
    expect(await errorOf(world.visit(undefined, write({ user: "mallory" })))).toMatchObject({ code: "ERR_SESSION_STORE" });
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
  });
});

describe("a change of serializer", () => {
  const yaml: Serializer = {
    id: "reversed",
    serialize: (data) => [...JSON.stringify(data)].reverse().join(""),
    deserialize: (text) => JSON.parse([...text].reverse().join("")),
  };

  it("reads old records, and rewrites each at its next save", async () => {
    const { world, cookie } = await withSession();
    const manager = world.another({ serializer: yaml });
    const session = await manager.load(cookie);
    expect([session.user, parseRecord(world.store.record)?.data.serializer]).toEqual(["alice", "json"]);
    session.views = 1;
    await manager.commit(session);
    expect(parseRecord(world.store.record)?.data).toEqual({ serializer: "reversed", text: '}1:"sweiv","ecila":"resu"{' });
    expect({ ...(await manager.load(cookie)) }).toEqual({ user: "alice", views: 1 });
  });

  it("writes nothing for a session that is only read", async () => {
    const { world, cookie } = await withSession();
    const manager = world.another({ serializer: yaml });
    const session = await manager.load(cookie);
    expect(session.user).toBe("alice");
    await manager.commit(session);
    expect(world.store.calls).toEqual(["create", "get"]);
  });

  it("back again finds what the other wrote corrupt, and leaves it", async () => {
    const { world, cookie } = await withSession({ serializer: yaml });
    expect({ ...(await world.another({}).load(cookie)) }).toEqual({});
    expect(world.heard).toContain("corrupt");
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
  });
});

describe("a serializer that writes at once, and reads by a promise", () => {
  it("loses nothing of what others write after the first save", async () => {
    const serializer = (): Serializer => ({
      id: "half",
      serialize: (data) => JSON.stringify(data),
      deserialize: async (text) => JSON.parse(text),
    });
    const world = new World({ serializer: serializer(), generateToken: () => "token" });
    const session = await world.manager.load();
    Object.assign(session, { a: 1, b: 1, c: 1 });
    await session.$save();
    const elsewhere = world.another({ serializer: serializer() });
    const other = await elsewhere.load("session=token");
    other.a = 2;
    await elsewhere.commit(other);
    delete session.b;
    session.d = 1;
    await world.manager.commit(session);
    expect(await world.dataOf("session=token")).toEqual({ a: 2, c: 1, d: 1 });
    expect(world.heard).not.toContain("conflict");
  });
});

describe("what cannot be kept is refused with its path, and the old record stays", () => {
  const deep = (levels: number): unknown => JSON.parse(`${"[".repeat(levels)}1${"]".repeat(levels)}`);

  it.each<[string, unknown, string]>([
    ["an instance of a class", { a: [new WeakMap()] }, "session.value.a[0] is an instance of WeakMap"],
    ["more than 64 levels", deep(65), `session.value${"[0]".repeat(64)} is nested more than 64 levels deep`],
    ["more than 4,096 digits", 10n ** 4096n, "session.value is a bigint of more than 4096 digits"],
    ["an invalid Date", [new Date(NaN)], "session.value[0] is an invalid Date"],
  ])("%s", async (_, value, message) => {
    const { world, cookie } = await withSession();
    const before = world.store.record;
    const error = await errorOf(world.visit(cookie, write({ value })));
    expect(error).toMatchObject({ code: "ERR_SESSION_VALUE" });
    expect(error.message).toContain(message);
    expect(world.store.record).toBe(before);
  });
});

describe("a session that is too large", () => {
  it.each<[string, ConstructorParameters<typeof World>[0], number | undefined]>([
    ["for the manager", { maxBytes: 100 }, undefined],
    ["for the store, which takes less than the manager", {}, 400],
  ])("%s is refused with its largest paths, and the old record stays", async (_, options, maxBytes) => {
    const { world, cookie } = await withSession(options);
    world.store.maxBytes = maxBytes;
    const before = world.store.record;
    const error = await errorOf(world.visit(cookie, write({ cart: { items: "x".repeat(500) }, note: "y" })));
    expect(error).toMatchObject({ code: "ERR_SESSION_TOO_LARGE" });
    expect(error.message).toMatch(/largest: session\.cart \(about 51\d bytes\), session\.cart\.items \(about 502 bytes\)/);
    expect(world.store.record).toBe(before);
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
  });

  it("for the store counts the whole record", async () => {
    const { world, cookie } = await withSession();
    await world.visit(cookie, write({ note: "x".repeat(50) }));
    world.store.maxBytes = 300;
    expect(world.store.record).toHaveLength(296);
    const error = await errorOf(world.visit(cookie, (session) => (session.$cookie.maxAge = 60)));
    expect(error).toMatchObject({ code: "ERR_SESSION_TOO_LARGE" });
    expect(world.store.record).toHaveLength(296);
  });

  it("is not stored at all if it is new, and gets no cookie", async () => {
    const world = new World({ maxBytes: 100 });
    const session = await world.manager.load();
    session.note = "x".repeat(100);
    expect(await errorOf(world.manager.commit(session))).toMatchObject({ code: "ERR_SESSION_TOO_LARGE" });
    expect([await world.manager.commit(session), world.store.calls]).toEqual([[], []]);
  });
});

it("a new session that was ended before its creation was answered does not come back", async () => {
  const world = new World();
  const session = await world.manager.load();
  session.user = "alice";
  world.store.lost.push("create");
  let creates = 0;
  world.store.fault = (verb) => {
    if (verb !== "create" || ++creates !== 2) return undefined;
    const created = parseRecord(world.store.record) as SessionRecord;
    world.store.record = encodeRecord(deadRecord({ ...created, version: 2 }, world.clock.now(), 1000));
    return undefined;
  };
  await session.$save();
  session.user = "bob";
  expect(await errorOf(session.$save())).toMatchObject({ code: "ERR_SESSION_GONE" });
  expect(parseRecord(world.store.record)?.state).toBe("dead");
});
