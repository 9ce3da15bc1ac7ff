import { describe, expect, it } from "vitest";
import type { OwnerMeta, Session, SessionManager, Store } from "unsession";
import { errorOf, World, type Answer } from "./_setup.ts";

const DAY = 86_400_000;

const login = (world: World, owner = "ada", meta?: OwnerMeta): Promise<Answer> =>
  world.visit(undefined, (session) => session.$setOwner(owner, meta));

const idsOf = async (manager: SessionManager, owner = "ada"): Promise<(string | undefined)[]> =>
  (await manager.listByOwner(owner)).map(({ id }) => id);

const isAlive = async (world: World, { cookie }: Answer): Promise<boolean> => !(await world.manager.load(cookie)).$isNew;

/** The store, with something that happens before the first write to a session's own record. */
function beforeWrite(store: Store, happen: () => Promise<void>): Store {
  let happened = false;
  return new Proxy(store, {
    get(target, verb) {
      const value: unknown = Reflect.get(target, verb);
      if (typeof value !== "function") return value;
      return async (key: string, ...rest: unknown[]) => {
        const isWrite = (verb === "create" || verb === "replace") && !key.includes(":o:");
        if (isWrite && !happened) {
          happened = true;
          await happen();
        }
        return value.call(target, key, ...rest) as unknown;
      };
    },
  });
}

describe("$setOwner", () => {
  it("makes a session of nothing, and saves what was changed before", async () => {
    const world = new World();
    const { cookie, session } = await world.visit(undefined, async (session) => {
      session.cart = ["tea"];
      await session.$setOwner("ada");
      expect(session.$isNew).toBe(false);
    });
    expect(await world.dataOf(cookie)).toEqual({ cart: ["tea"] });
    expect(await isAlive(world, await login(world))).toBe(true);
    expect(session.$isDirty).toBe(false);
  });

  it("keeps the owner when the session is written, cleared and moved", async () => {
    const world = new World();
    const { cookie } = await login(world);
    await world.visit(cookie, (session) => void (session.a = 1));
    await world.visit(cookie, (session) => session.$clear());
    const moved = await world.visit(cookie, (session) => session.$regenerate());
    expect(await idsOf(world.manager)).toEqual([moved.session.$id]);
  });

  it("holds although two others set the owner meanwhile, to the same and back", async () => {
    const world = new World();
    const { cookie } = await world.visit(undefined, (session) => void (session.a = 1));
    const set = (owner: string): Promise<Answer> => world.visit(cookie, (session) => session.$setOwner(owner));
    const storage = beforeWrite(world.store, async () => {
      await set("ada");
      await set("bob");
    });
    const session = await world.another({ storage }).load(cookie);
    await session.$setOwner("ada");
    expect([await idsOf(world.manager), await idsOf(world.manager, "bob")]).toEqual([[session.$id], []]);
  });

  it.each([null, undefined])("with %s makes the session nobody's, and it lives on", async (nobody) => {
    const world = new World();
    const { cookie } = await login(world, "ada", { device: "phone" });
    const answer = await world.visit(cookie, (session) => session.$setOwner(nobody));
    expect(await idsOf(world.manager)).toEqual([]);
    expect(Object.values(world.store.dump).join()).not.toContain("phone");
    expect(await world.manager.destroyByOwner("ada")).toBe(0);
    expect(await isAlive(world, answer)).toBe(true);
    await world.visit(cookie, (session) => session.$clear());
    expect(await isAlive(world, answer)).toBe(false);
  });

  it("of nobody does nothing to a session that is not stored", async () => {
    const world = new World();
    expect(await world.visit(undefined, (session) => session.$setOwner(null))).toMatchObject({ calls: [], setCookies: [] });
  });

  it("hands a session over to another user", async () => {
    const world = new World();
    const { cookie, session } = await login(world);
    await world.visit(cookie, (same) => same.$setOwner("bob"));
    expect([await idsOf(world.manager), await idsOf(world.manager, "bob")]).toEqual([[], [session.$id]]);
    expect(await world.manager.destroyByOwner("ada")).toBe(0);
    expect(await world.manager.destroyByOwner("bob")).toBe(1);
  });

  it("names no one in the store's keys", async () => {
    const world = new World();
    await login(world, "ada@example.org");
    expect(Object.keys(world.store.dump).join()).not.toContain("ada");
    expect(Object.keys(world.store.dump)).toContainEqual(expect.stringMatching(/^session:o:[\w-]{43}$/));
  });

  it.each<[string, unknown, OwnerMeta | undefined]>([
    ["a number", 7, undefined],
    ["an empty text", "", undefined],
    ["a text over 1,024 characters", "x".repeat(1025), undefined],
    ["meta that is no flat object", "ada", { device: {} as string }],
    ["meta that reaches a prototype", "ada", JSON.parse('{"__proto__":"x"}') as OwnerMeta],
    ["meta over 1,024 characters", "ada", { device: "x".repeat(1025) }],
  ])("refuses %s", async (_, owner, meta) => {
    const world = new World();
    const session = await world.manager.load();
    expect(await errorOf(session.$setOwner(owner as string, meta))).toMatchObject({ code: "ERR_SESSION_VALUE" });
    expect(world.store.calls).toEqual([]);
  });

  it("keeps a copy of what it is told, and leaves out what is undefined", async () => {
    const world = new World();
    const meta: OwnerMeta = { device: "phone", address: undefined, trusted: true };
    const session = await world.manager.load();
    const setting = session.$setOwner("ada", meta);
    meta.device = "another";
    await setting;
    expect((await world.manager.listByOwner("ada"))[0]?.meta).toEqual({ device: "phone", trusted: true });
  });

  it("is refused after a destroy, on a session that was ended, and on a new one after the response", async () => {
    const world = new World();
    const { cookie } = await login(world);
    const [destroyed, ended] = [await world.manager.load(cookie), await world.manager.load(cookie)];
    await destroyed.$destroy();
    const late = await world.manager.load();
    await world.manager.commit(late);
    const codes = await Promise.all([destroyed, ended, late].map(async (one) => (await errorOf(one.$setOwner("ada"))).code));
    expect(codes).toEqual(["ERR_SESSION_DESTROYED", "ERR_SESSION_GONE", "ERR_SESSION_COMMITTED"]);
    expect(await idsOf(world.manager)).toEqual([]);
  });

  it("does not bring a damaged index to an end", async () => {
    const world = new World();
    await login(world);
    const [key, value] = Object.entries(world.store.dump).find(([key]) => key.startsWith("session:o:")) as [string, string];
    world.store.memory.set(key, value.slice(0, -1) + "?", undefined);
    expect(await errorOf(login(world))).toMatchObject({ code: "ERR_SESSION_STORE" });
    expect(world.store.memory.get(key)?.value).toBe(value.slice(0, -1) + "?");
  });
});

describe("the cost of an owner", () => {
  const world = new World({ idleTimeout: 1000 });
  const cost = async (cookie: string | undefined, handler: (session: Session) => unknown): Promise<string> =>
    (await world.visit(cookie, handler)).calls.join(" ");

  it("is three round trips at login, for the index, and three for what moves or ends an owned session", async () => {
    expect(await cost(undefined, (session) => session.$setOwner("ada"))).toBe("get create create get");
    const { cookie } = await world.visit(undefined, (session) => void (session.a = 1));
    expect(await cost(cookie, (session) => session.$setOwner("ada"))).toBe("get get replace replace get");
    expect(await cost(cookie, (session) => session.a)).toBe("get");
    expect(await cost(cookie, (session) => void (session.a = 2))).toBe("get replace");
    const moved = await world.visit(cookie, (session) => session.$regenerate());
    expect(moved.calls.join(" ")).toBe("get get replace create replace get replace");
    expect(await cost(moved.cookie, (session) => session.$destroy())).toBe("get replace get replace");
  });

  it("grows with the sessions that a user has only where they are listed, ended or too many", async () => {
    const three = new World({ maxPerOwner: 3 });
    const callsOf = async (task: () => Promise<unknown>): Promise<string> => {
      const before = three.store.calls.length;
      await task();
      return three.store.calls.slice(before).join(" ");
    };
    for (let count = 0; count < 3; count++) await login(three);
    const [index, marked, unlisted] = ["get replace", "get get get replace", "get replace get replace"];
    expect(await callsOf(() => login(three))).toBe(`get ${marked} ${unlisted} create get`);
    expect(await callsOf(() => three.manager.listByOwner("ada"))).toBe("get get get get");
    const ended = "get get get replace replace replace";
    expect(await callsOf(() => three.manager.destroyByOwner("ada"))).toBe(`${index} ${ended} ${index}`);
  });

  it("is nothing at a renewal, but once in an idle window", async () => {
    const { cookie } = await world.visit(undefined, (session) => session.$setOwner("eve"));
    const costs: string[] = [];
    for (let step = 0; step < 20; step++) {
      world.clock.advance(100_000);
      costs.push(await cost(cookie, (session) => session.a));
    }
    expect(costs.filter((one) => one !== "get touch").length).toBe(2);
    expect(costs.filter((one) => one === "get get replace touch" || one === "get get touch").length).toBe(2);
  });
});

describe("listByOwner", () => {
  it("tells of each session when it began, was last seen and ends, and what it was told", async () => {
    const world = new World({ idleTimeout: 1000, absoluteTimeout: 1500 });
    const began = world.clock.now();
    const phone = await login(world, "ada", { device: "phone", address: "192.0.2.1" });
    const laptop = await login(world, "ada");
    world.clock.advance(600_000);
    await world.visit(phone.cookie);
    expect(await world.manager.listByOwner("ada")).toEqual([
      {
        id: phone.session.$id,
        createdAt: new Date(began),
        lastSeenAt: new Date(began + 600_000),
        expiresAt: new Date(began + 1_500_000),
        meta: { device: "phone", address: "192.0.2.1" },
      },
      {
        id: laptop.session.$id,
        createdAt: new Date(began),
        lastSeenAt: new Date(began),
        expiresAt: new Date(began + 1_000_000),
        meta: {},
      },
    ]);
  });

  it("lists nothing for who has none, and makes nothing", async () => {
    const world = new World();
    expect([await world.manager.listByOwner("nobody"), await world.manager.destroyByOwner("nobody")]).toEqual([[], 0]);
    expect(world.store.dump).toEqual({});
  });

  it("leaves out what has ended, expired or gone, however it did", async () => {
    const world = new World({ idleTimeout: 1000 });
    const [destroyed, ended, lost] = [await login(world), await login(world), await login(world)];
    await world.visit(destroyed.cookie, (session) => session.$destroy());
    await world.manager.destroy(ended.session.$id as string);
    world.store.memory.remove(`session:${lost.session.$id}`);
    const kept = await login(world);
    expect(await idsOf(world.manager)).toEqual([kept.session.$id]);
    world.clock.advance(1_000_000);
    expect(await idsOf(world.manager)).toEqual([]);
  });

  it("keeps a session of raw tokens under its id", async () => {
    const world = new World({ hashIds: false });
    const [mine, other] = [await login(world), await login(world)];
    expect(await idsOf(world.manager)).toEqual([mine.session.$id, other.session.$id]);
    expect(await world.manager.destroyByOwner("ada", { except: mine.session.$id })).toBe(1);
    expect([await isAlive(world, mine), await isAlive(world, other)]).toEqual([true, false]);
  });

  it("follows a session through any number of renewals", async () => {
    const world = new World({ idleTimeout: 30 * 86_400 });
    const { cookie, session } = await login(world);
    for (let month = 0; month < 12; month++) {
      world.clock.advance(29 * DAY);
      await world.visit(cookie, month % 2 === 0 ? undefined : (one) => one.$increment("n"));
    }
    expect(await idsOf(world.manager)).toEqual([session.$id]);
  });

  it("finds a session again whose index the store has lost, once that is renewed into another window", async () => {
    const world = new World({ idleTimeout: 1000 });
    const { cookie, session } = await login(world);
    world.store.memory.remove(Object.keys(world.store.dump).find((key) => key.startsWith("session:o:")) as string);
    for (let step = 0; step < 11; step++) {
      world.clock.advance(100_000);
      await world.visit(cookie);
    }
    expect(await idsOf(world.manager)).toEqual([session.$id]);
  });
});

describe("destroyByOwner", () => {
  it("ends all sessions of a user, and no one else's", async () => {
    const world = new World();
    const mine = [await login(world), await login(world)];
    const other = await login(world, "bob");
    expect(await world.manager.destroyByOwner("ada")).toBe(2);
    expect(await Promise.all([...mine, other].map((one) => isAlive(world, one)))).toEqual([false, false, true]);
    expect(world.infos("destroyed").map(({ id }) => id)).toEqual(mine.map(({ session }) => session.$id));
  });

  it.each<[string, (answer: Answer) => object | string | undefined]>([
    ["a session", ({ session }) => session],
    ["its id", ({ session }) => session.$id],
  ])("excepts %s", async (_, of) => {
    const world = new World();
    const [mine, other] = [await login(world), await login(world)];
    expect(await world.manager.destroyByOwner("ada", { except: of(mine) })).toBe(1);
    expect([await isAlive(world, mine), await isAlive(world, other)]).toEqual([true, false]);
    expect(await idsOf(world.manager)).toEqual([mine.session.$id]);
  });

  it("ends what was moved, and what is being written", async () => {
    const world = new World();
    const { cookie } = await login(world);
    const moved = await world.visit(cookie, (session) => session.$regenerate());
    const writer = await world.another().load(moved.cookie);
    writer.late = true;
    expect(await world.manager.destroyByOwner("ada")).toBe(1);
    expect(await errorOf(world.manager.commit(writer))).toMatchObject({ code: "ERR_SESSION_GONE" });
    expect(await isAlive(world, moved)).toBe(false);
  });

  it.each([true, false])("keeps a login from coming off that is listed and not written (over a session: %s)", async (over) => {
    const world = new World();
    const { cookie } = await world.visit(undefined, (session) => void (session.cart = 1));
    const ends: number[] = [];
    const storage = beforeWrite(world.store, async () => void ends.push(await world.manager.destroyByOwner("ada")));
    const session = await world.another({ storage }).load(over ? cookie : undefined);
    expect(await errorOf(session.$setOwner("ada"))).toMatchObject({ code: "ERR_SESSION_GONE" });
    expect(ends).toEqual([0]);
    expect(await idsOf(world.manager)).toEqual([]);
    // What was there before the login is still there.
    expect(await world.dataOf(cookie)).toEqual({ cart: 1 });
  });

  it("fails where the store does, and finishes when it is called again", async () => {
    const world = new World({ timeouts: { save: 50 } });
    const { cookie } = await login(world);
    let calls = 0;
    world.store.fault = () => {
      // The index is read and marked; the session cannot be ended.
      if (++calls > 2) throw new Error("down");
      return undefined;
    };
    expect(await errorOf(world.manager.destroyByOwner("ada"))).toMatchObject({ code: "ERR_SESSION_STORE" });
    world.store.fault = undefined;
    expect((await world.manager.load(cookie)).$isNew).toBe(false);
    expect(await world.manager.destroyByOwner("ada")).toBe(1);
    expect((await world.manager.load(cookie)).$isNew).toBe(true);
  });

  it("does not hinder a destroy whose index cannot be written", async () => {
    const world = new World({ timeouts: { save: 50 } });
    const { cookie } = await login(world);
    const session = await world.manager.load(cookie);
    let calls = 0;
    world.store.fault = () => {
      if (++calls > 1) throw new Error("down");
      return undefined;
    };
    await session.$destroy();
    world.store.fault = undefined;
    expect(await idsOf(world.manager)).toEqual([]);
  });
});

describe("maxPerOwner", () => {
  it("ends the oldest logins, and only those that are too many", async () => {
    const world = new World({ maxPerOwner: 2 });
    const logins = [await login(world), await login(world)];
    await world.visit(logins[1]?.cookie, (session) => session.$destroy());
    logins.push(await login(world), await login(world));
    expect(await Promise.all(logins.map((one) => isAlive(world, one)))).toEqual([false, false, true, true]);
  });

  it("believes no entry that leads nowhere", async () => {
    const world = new World({ maxPerOwner: 2, timeouts: { save: 50 } });
    const kept = await login(world);
    const lost = await login(world);
    world.store.memory.remove(`session:${lost.session.$id}`);
    world.clock.advance(1000);
    await login(world);
    expect(await isAlive(world, kept)).toBe(true);
    expect(await idsOf(world.manager)).toHaveLength(2);
  });

  it("refuses a login beyond, and changes nothing", async () => {
    const world = new World({ maxPerOwner: { max: 1, whenFull: "refuse" } });
    const first = await login(world);
    const second = await world.manager.load();
    expect(await errorOf(second.$setOwner("ada"))).toMatchObject({ code: "ERR_SESSION_CONFLICT", status: 409 });
    expect(second.$isNew).toBe(true);
    expect(await idsOf(world.manager)).toEqual([first.session.$id]);
    await world.visit(first.cookie, (session) => session.$setOwner("ada", { device: "again" }));
    await world.visit(first.cookie, (session) => session.$destroy());
    expect(await isAlive(world, await login(world))).toBe(true);
  });

  it.each(["oldest", "refuse"] as const)("leaves exactly three of fifty logins at once (%s)", async (whenFull) => {
    const world = new World({ maxPerOwner: { max: 3, whenFull } });
    const managers = Array.from({ length: 5 }, () => world.another({ maxPerOwner: { max: 3, whenFull } }));
    const sessions = await Promise.all(Array.from({ length: 50 }, (_, n) => (managers[n % 5] as SessionManager).load()));
    await Promise.allSettled(sessions.map((session) => session.$setOwner("ada")));
    expect(await world.manager.count()).toBe(3);
    expect(await idsOf(world.manager)).toHaveLength(3);
  });

  it("does not count a session that moves twice", async () => {
    const world = new World({ maxPerOwner: { max: 1, whenFull: "refuse" } });
    const { cookie } = await login(world);
    const moved = await world.visit(cookie, (session) => session.$regenerate());
    const again = await world.visit(moved.cookie, async (session) => {
      await session.$regenerate();
      await session.$setOwner("ada");
    });
    expect(await idsOf(world.manager)).toEqual([again.session.$id]);
  });
});

describe("an index", () => {
  it("is no session: it is not listed, counted or cleared, and nobody loads it", async () => {
    const world = new World();
    await login(world);
    const inner = world.another({ prefix: "session:o:" });
    expect([await world.manager.count(), await inner.count()]).toEqual([1, 0]);
    await inner.clear();
    expect(await world.manager.destroyByOwner("ada")).toBe(1);
  });

  it("goes when the last session in it is over", async () => {
    const world = new World({ idleTimeout: 1000 });
    const { cookie } = await login(world);
    await login(world, "bob");
    await world.visit(cookie, (session) => session.$destroy());
    world.clock.advance(300_000);
    world.store.memory.sweep();
    expect(Object.keys(world.store.dump).filter((key) => key.startsWith("session:o:"))).toHaveLength(1);
    world.clock.advance(3_000_000);
    world.store.memory.sweep();
    expect(world.store.dump).toEqual({});
  });
});
