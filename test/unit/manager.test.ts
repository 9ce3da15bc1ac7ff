import { describe, expect, it } from "vitest";
import { createStorage } from "unstorage";
import memory from "unsession/drivers/memory";
import { createSessionManager, type Session, type SessionInfo } from "unsession";
import { createMemoryStore } from "../../src/stores/memory.ts";
import { hashToken } from "../../src/token.ts";
import { errorOf, failing, hanging, nextCookie, tokenOf, World } from "./_setup.ts";

const SECRET = "a secret that is long enough to sign";

const write =
  (data: Record<string, unknown> = { user: "alice" }) =>
  (session: Session): void =>
    void Object.assign(session, data);

async function withSession(...[options]: ConstructorParameters<typeof World>) {
  const world = new World(options);
  const { cookie } = await world.visit(undefined, write());
  return { world, manager: world.manager, cookie: cookie as string, id: await hashToken(tokenOf(cookie)) };
}

async function listed(world: World): Promise<SessionInfo[]> {
  const infos: SessionInfo[] = [];
  for await (const info of world.manager.list()) infos.push(info);
  return infos;
}

describe("a manager", () => {
  it("opens nothing before the first session is loaded", () => {
    let opened = 0;
    createSessionManager({ storage: () => (opened++, createMemoryStore()) });
    expect(opened).toBe(0);
  });

  it("opens its store once for concurrent requests", async () => {
    let opened = 0;
    const manager = createSessionManager({ storage: async () => (opened++, createMemoryStore()) });
    await Promise.all([manager.load("session=a"), manager.load("session=b"), manager.count()]);
    expect(opened).toBe(1);
  });

  it("works with no options at all", async () => {
    const manager = createSessionManager();
    const session = await manager.load();
    session.user = "alice";
    const cookie = nextCookie(undefined, await manager.commit(session));
    expect({ ...(await manager.load(cookie)) }).toEqual({ user: "alice" });
  });

  it("cannot be changed", () => {
    const manager = createSessionManager();
    expect(() => Object.assign(manager, { load: undefined })).toThrow(TypeError);
  });

  it.each<[string, () => object]>([
    ["a storage", () => createStorage({ driver: memory() })],
    ["a storage with a mount", () => createStorage().mount("session", memory())],
    ["a driver", () => memory()],
    ["a store", () => createMemoryStore()],
  ])("takes %s", async (_, storage) => {
    const manager = createSessionManager({ storage: storage() });
    const session = await manager.load();
    session.user = "alice";
    const cookie = nextCookie(undefined, await manager.commit(session));
    expect({ ...(await manager.load(cookie)) }).toEqual({ user: "alice" });
    expect(await manager.count()).toBe(1);
  });

  it.each([() => null, () => undefined, () => "redis", async () => 5])(
    "says what is wrong with a storage of %o",
    async (storage) => {
      const error = await errorOf(createSessionManager({ storage: storage as () => object }).load("session=abc"));
      expect(error.code).toMatch(/^ERR_SESSION_(OPTIONS|UNSUPPORTED)$/);
    },
  );
});

describe("find", () => {
  it.each([undefined, SECRET])("gives a plain copy of the data, by the cookie's value (secret: %s)", async (secret) => {
    const { manager, cookie } = await withSession({ secret });
    const value = cookie.slice("session=".length);
    const data = (await manager.find(value)) as Record<string, unknown>;
    data["user"] = "mallory";
    expect(structuredClone(data)).toEqual({ user: "mallory" });
    expect(await manager.find(value)).toEqual({ user: "alice" });
  });

  it("checks the signature, at no cost for the store", async () => {
    const { world, manager, cookie } = await withSession({ secret: SECRET });
    const before = world.store.calls.length;
    expect(await manager.find(tokenOf(cookie))).toBeUndefined();
    expect(await manager.find(`${tokenOf(cookie)}.${"A".repeat(43)}`)).toBeUndefined();
    expect(world.store.calls.length).toBe(before);
  });

  it.each(["", "unknown", "a b", "../etc", "x".repeat(300)])("finds nothing for %j", async (value) => {
    expect(await new World().manager.find(value)).toBeUndefined();
  });

  it.each([undefined, null, 5, {}])("finds nothing for %j, as a cookie that is not there", async (value) => {
    for (const secret of [undefined, SECRET]) {
      expect(await new World({ secret }).manager.find(value as unknown as string)).toBeUndefined();
    }
  });

  it("touches nothing", async () => {
    const { world, manager, cookie } = await withSession({ idleTimeout: 1000 });
    world.clock.advance(900_000);
    const before = world.store.record;
    await manager.find(tokenOf(cookie));
    expect(world.store.record).toBe(before);
  });

  it("finds no session that expired or was ended", async () => {
    const { world, manager, cookie } = await withSession({ idleTimeout: 60 });
    const other = await world.visit(undefined, write());
    await world.visit(other.cookie, (session) => session.$destroy());
    expect(await manager.find(tokenOf(other.cookie))).toBeUndefined();
    world.clock.advance(60_000);
    expect(await manager.find(tokenOf(cookie))).toBeUndefined();
  });

  it("shows no one-time values", async () => {
    const { world, manager, cookie } = await withSession();
    await world.visit(cookie, (session) => session.$flash("note", "hi"));
    expect(await manager.find(tokenOf(cookie))).toEqual({ user: "alice" });
  });

  it("fails with ERR_SESSION_STORE where the store does", async () => {
    const { world, manager, cookie } = await withSession();
    world.store.fault = failing("get");
    expect(await errorOf(manager.find(tokenOf(cookie)))).toMatchObject({ code: "ERR_SESSION_STORE" });
  });
});

describe.each([true, false])("list, count, destroy and clear (hashIds: %s)", (hashIds) => {
  it("list id, createdAt and expiresAt of each live session", async () => {
    const { world, id } = await withSession({ hashIds, idleTimeout: 60 });
    const start = world.clock.now();
    world.clock.advance(1000);
    const other = await world.visit(undefined, write());
    expect(await listed(world)).toEqual([
      { id, createdAt: new Date(start), expiresAt: new Date(start + 60_000) },
      { id: await hashToken(tokenOf(other.cookie)), createdAt: new Date(start + 1000), expiresAt: new Date(start + 61_000) },
    ]);
  });

  it("list null for a session that never expires", async () => {
    const { world } = await withSession({ hashIds, idleTimeout: null });
    expect((await listed(world)).map(({ expiresAt }) => expiresAt)).toEqual([null]);
  });

  it("leave out what expired, was ended, or is something else", async () => {
    const { world } = await withSession({ hashIds, storage: createMemoryStore({ now: () => 0 }), idleTimeout: 60 });
    const dead = await world.visit(undefined, write());
    await world.visit(dead.cookie, (session) => session.$destroy());
    const moved = await world.visit(undefined, write());
    await world.visit(moved.cookie, (session) => session.$regenerate());
    expect(await world.manager.count()).toBe(2);
    world.clock.advance(60_000);
    expect([await world.manager.count(), await listed(world)]).toEqual([0, []]);
  });

  it("destroy a session by its id, once", async () => {
    const { world, manager, cookie, id } = await withSession({ hashIds });
    expect([await manager.destroy(id), await manager.destroy(id)]).toEqual([true, false]);
    expect(await world.dataOf(cookie)).toEqual({});
    expect(await manager.count()).toBe(0);
  });

  it("destroy nothing for an id that is none", async () => {
    const { manager, cookie } = await withSession({ hashIds });
    for (const id of ["", "unknown", tokenOf(cookie), "../x", "a".repeat(43)]) expect(await manager.destroy(id)).toBe(false);
    expect(await manager.count()).toBe(1);
  });

  it("destroy a session for good, also for a request that is under way", async () => {
    const { world, manager, cookie, id } = await withSession({ hashIds });
    const session = await world.manager.load(cookie);
    session.user = "bob";
    await manager.destroy(id);
    expect(await errorOf(manager.commit(session))).toMatchObject({ code: "ERR_SESSION_GONE" });
    expect(await world.dataOf(cookie)).toEqual({});
  });

  it("clear all sessions, for good", async () => {
    const { world, manager, cookie } = await withSession({ hashIds });
    const other = await world.visit(undefined, write());
    const session = await manager.load(cookie);
    session.user = "bob";
    await manager.clear();
    expect([await manager.count(), await world.dataOf(other.cookie)]).toEqual([0, {}]);
    expect(await errorOf(manager.commit(session))).toMatchObject({ code: "ERR_SESSION_GONE" });
  });
});

describe("a store that cannot list", () => {
  it.each<[string, (world: World) => Promise<unknown>]>([
    ["list", listed],
    ["count", (world) => world.manager.count()],
    ["clear", (world) => world.manager.clear()],
  ])("makes %s throw ERR_SESSION_UNSUPPORTED, naming it", async (_, use) => {
    const { world } = await withSession();
    world.store.list = false;
    const error = await errorOf(use(world));
    expect(error).toMatchObject({ code: "ERR_SESSION_UNSUPPORTED" });
    expect(error.message).toContain("The store spy cannot list");
  });
});

describe("a store that fails to list", () => {
  it.each<[string, (world: World) => Promise<unknown>]>([
    ["list", listed],
    ["count", (world) => world.manager.count()],
    ["clear", (world) => world.manager.clear()],
  ])("makes %s throw ERR_SESSION_STORE", async (_, use) => {
    const { world } = await withSession();
    world.store.fault = failing("keys");
    expect(await errorOf(use(world))).toMatchObject({ code: "ERR_SESSION_STORE" });
  });
});

describe("sweep", () => {
  it("drops expired records and old tombstones, and says how many", async () => {
    const { world, manager, cookie } = await withSession({ idleTimeout: 60, tombstoneTtl: 60 });
    const other = await world.visit(undefined, write());
    await world.visit(other.cookie, (session) => session.$destroy());
    world.clock.advance(60_000);
    await world.visit(undefined, write()).catch(() => undefined);
    expect(await manager.sweep()).toBeGreaterThanOrEqual(0);
    expect([await world.dataOf(cookie), world.store.memory.size]).toEqual([{}, 1]);
  });

  it("drops thousands, a hundred at a time", async () => {
    const world = new World();
    for (let n = 0; n < 2500; n++) world.store.memory.create(`session:${n}`, "", 1000);
    world.clock.advance(1000);
    expect(await world.manager.sweep()).toBe(2500);
    expect(world.store.calls.filter((call) => call === "sweep")).toHaveLength(26);
  });

  it("works where a storage mounts the driver below a base", async () => {
    const { clock } = new World();
    const storage = createStorage().mount("session", memory({ now: clock.now }));
    const manager = createSessionManager({ storage, now: clock.now, idleTimeout: 60 });
    const session = await manager.load();
    session.user = "alice";
    await manager.commit(session);
    clock.advance(60_000);
    expect(await manager.sweep()).toBe(1);
  });

  it("is nothing for a store that needs none", async () => {
    const world = new World();
    const { calls: _, ...rest } = world.store;
    const store = {
      ...rest,
      class: "A",
      get: () => undefined,
      create: () => true,
      replace: () => ({}),
      touch: () => ({}),
      keys: () => [],
    };
    expect(await createSessionManager({ storage: store }).sweep()).toBe(0);
  });

  it.each([failing("sweep"), hanging("sweep")])("fails with ERR_SESSION_STORE where the store does", async (fault) => {
    const world = new World({ timeouts: { save: 20 } });
    world.store.fault = fault;
    expect(await errorOf(world.manager.sweep())).toMatchObject({ code: "ERR_SESSION_STORE" });
  });
});

describe("capabilities", () => {
  it("are undefined until the store is used", async () => {
    const { manager } = new World();
    expect(manager.capabilities).toBeUndefined();
    await manager.load();
    expect(manager.capabilities).toBeUndefined();
    await manager.load("session=abc");
    expect(manager.capabilities).toEqual({ class: "A", ttl: true, list: true, maxBytes: undefined, store: "spy" });
  });

  it("are those of the memory store by default", async () => {
    const manager = createSessionManager();
    await manager.count();
    expect(manager.capabilities).toEqual({ class: "A", ttl: true, list: true, maxBytes: undefined, store: "memory" });
  });
});

describe("close", () => {
  it("leaves a store that was given to who gave it", async () => {
    const { world, manager } = await withSession();
    await manager.close();
    await manager.close();
    expect(world.store.calls).not.toContain("close");
    expect(manager.capabilities).toBeUndefined();
  });

  it("leaves the sessions where they are, for the next use", async () => {
    const { world, manager, cookie } = await withSession();
    await manager.close();
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
  });

  it("does nothing where nothing was opened", async () => {
    const world = new World();
    await world.manager.close();
    expect(world.store.calls).toEqual([]);
  });
});
