import { describe, expect, it } from "vitest";
import type { Session } from "unsession";
import { createGenericStore } from "../../src/stores/generic.ts";
import { createMemoryStore } from "../../src/stores/memory.ts";
import { hashToken } from "../../src/token.ts";
import { errorOf, tokenOf, World, type HookName } from "../unit/_setup.ts";

/**
 * Rows L1 to L8 and L12 of the security checklist: the life of a session. L9 and L10, those of one user, are in `checklist-owners`; L11, when someone
 * last proved who he is, is for the application to keep in its data.
 */

const write = (session: Session): void => void (session.user = "alice");

async function withSession(options?: ConstructorParameters<typeof World>[0]) {
  const world = new World(options);
  const { cookie } = await world.visit(undefined, write);
  return { world, cookie: cookie as string };
}

/** A driver as most are: it drops nothing, and cannot write conditionally. */
function plainDriver() {
  const items = new Map<string, unknown>();
  return {
    name: "plain",
    hasItem: (key: string) => items.has(key),
    getItem: (key: string) => items.get(key) ?? null,
    getItemRaw: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: unknown) => void items.set(key, value),
    setItemRaw: (key: string, value: unknown) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
    getKeys: () => [...items.keys()],
  };
}

it("L1: a login gives a new token, and whoever fixed the old one is left with nothing", async () => {
  const { world, cookie: fixed } = await withSession();
  const { cookie } = await world.visit(fixed, async (session) => {
    await session.$regenerate();
    session.user = "admin";
  });
  expect(cookie).not.toBe(fixed);
  expect([await world.dataOf(fixed), await world.dataOf(cookie)]).toEqual([{}, { user: "admin" }]);
});

it("L2: the old token stays dead against slow writers", async () => {
  const { world, cookie } = await withSession();
  const slow = await world.manager.load(cookie);
  slow.user = "mallory";
  await world.visit(cookie, (session) => session.$regenerate());
  expect(await errorOf(world.manager.commit(slow))).toMatchObject({ code: "ERR_SESSION_GONE" });
  expect(await world.dataOf(cookie)).toEqual({});
});

describe("L3: a rotation logs nobody out who is in flight", () => {
  it("three requests at once: none is logged out, and exactly one successor lives", async () => {
    const { world, cookie } = await withSession({ rotateEvery: 900 });
    world.clock.advance(900_000);
    const sessions = await Promise.all([1, 2, 3].map(() => world.manager.load(cookie)));
    for (const session of sessions) session.$increment("views");
    const cookies = (await Promise.all(sessions.map((session) => world.manager.commit(session)))).flat();
    expect([cookies.length, await world.manager.count()]).toEqual([1, 1]);
    expect(await world.dataOf(cookie)).toEqual({ user: "alice", views: 3 });
  });

  it("but it never leads on to a session that was elevated", async () => {
    const { world, cookie } = await withSession({ rotateEvery: 900 });
    world.clock.advance(900_000);
    const { cookie: rotated } = await world.visit(cookie);
    await world.visit(rotated, (session) => session.$regenerate());
    expect([await world.dataOf(cookie), await world.dataOf(rotated)]).toEqual([{}, {}]);
  });

  it("also in a store that cannot write conditionally, within one process", async () => {
    const clock = new World().clock;
    const storage = createGenericStore(plainDriver() as never, { name: "plain", prefix: "session:", now: clock.now });
    const world = new World({ rotateEvery: 900, storage, now: clock.now });
    const { cookie } = await world.visit(undefined, write);
    clock.advance(900_000);
    const { cookie: rotated } = await world.visit(cookie);
    await world.visit(cookie, (session) => session.$increment("views"));
    expect(rotated).not.toBe(cookie);
    expect(await world.dataOf(rotated)).toEqual({ user: "alice", views: 1 });
    await world.visit(cookie, (session) => session.$destroy());
    expect(await world.dataOf(rotated)).toEqual({});
  });
});

it("L4: an obsolete token that is used again is told of, with what to end", async () => {
  const { world, cookie } = await withSession({ rotateEvery: 900 });
  world.clock.advance(900_000);
  const { cookie: next } = await world.visit(cookie);
  world.clock.advance(60_000);
  expect(await world.dataOf(cookie)).toEqual({});
  const [told] = world.infos("reuse");
  expect(told).toEqual({ id: await hashToken(tokenOf(cookie)), successorId: await hashToken(tokenOf(next)) });
  await world.manager.destroy(told?.["successorId"] as string);
  expect(await world.dataOf(next)).toEqual({});
});

it("L5: a logout that was acknowledged ends the session at the back end", async () => {
  const { world, cookie } = await withSession();
  const late = await world.manager.load(cookie);
  await world.visit(cookie, (session) => session.$destroy());
  late.user = "bob";
  await errorOf(world.manager.commit(late));
  expect([await world.dataOf(cookie), await world.manager.count()]).toEqual([{}, 0]);
});

const stores = {
  "a store that drops nothing": () => createMemoryStore({ now: () => 0 }),
  "a driver that knows no deadlines": (now: () => number) =>
    createGenericStore(plainDriver() as never, { name: "plain", prefix: "session:", now }),
};

describe.each(Object.entries(stores))("L6, L7: in %s", (_, open) => {
  const begin = async (options: ConstructorParameters<typeof World>[0]) => {
    const { clock } = new World();
    const world = new World({ ...options, storage: open(clock.now) as never, now: clock.now });
    const { cookie } = await world.visit(undefined, write);
    return { world, clock, cookie };
  };

  it("L6: a session ends by the idle deadline in its record", async () => {
    const { world, clock, cookie } = await begin({ idleTimeout: 600 });
    clock.advance(599_999);
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
    clock.advance(1);
    expect(await world.dataOf(cookie)).toEqual({});
  });

  it("L7: and by the absolute one, whatever a thousand touches, rotations and regenerations do", async () => {
    const { world, clock, cookie } = await begin({ idleTimeout: 100, absoluteTimeout: 10_001, rotateEvery: 70 });
    let current = cookie;
    for (let times = 0; times < 1000; times++) {
      clock.advance(10_000);
      current = (await world.visit(current, times % 50 === 49 ? (session) => session.$regenerate() : undefined)).cookie;
    }
    expect(await world.dataOf(current)).toEqual({ user: "alice" });
    clock.advance(1000);
    expect(await world.dataOf(current)).toEqual({});
  });
});

it("L8: in a thousand reads over ten steps there are ten touches, and data is never rewritten", async () => {
  const { world, cookie } = await withSession({ idleTimeout: 1000 });
  world.store.calls.length = 0;
  for (let times = 0; times < 1000; times++) {
    world.clock.advance(1000);
    await world.visit(cookie, (session) => session.user);
  }
  const count = (verb: string): number => world.store.calls.filter((call) => call === verb).length;
  expect([count("get"), count("touch"), count("replace"), world.store.calls.length]).toEqual([1000, 10, 0, 1010]);
});

describe("L12: each turn in a session's life is one event", () => {
  it.each<[string, HookName, (world: World, cookie: string) => Promise<unknown>]>([
    ["it is stored first", "created", (world) => world.visit(undefined, write)],
    ["it is loaded", "loaded", (world, cookie) => world.visit(cookie)],
    ["it is renewed", "touched", (world, cookie) => (world.clock.advance(200_000), world.visit(cookie))],
    ["it is rotated", "rotated", (world, cookie) => (world.clock.advance(900_000), world.visit(cookie))],
    ["it is regenerated", "regenerated", (world, cookie) => world.visit(cookie, (session) => session.$regenerate())],
    ["it is destroyed", "destroyed", (world, cookie) => world.visit(cookie, (session) => session.$destroy())],
    ["its cookie is forged", "rejected", (world) => world.visit("session=forged")],
    [
      "its old token is used again",
      "reuse",
      async (world, cookie) => {
        world.clock.advance(900_000);
        await world.visit(cookie);
        world.clock.advance(60_000);
        await world.visit(cookie);
      },
    ],
    [
      "its time is over",
      "expired",
      async (world, cookie) => {
        const [key = ""] = Object.keys(world.store.dump);
        const { record } = world.store;
        world.clock.advance(1_000_000);
        world.store.memory.set(key, record, undefined);
        await world.visit(cookie);
      },
    ],
    [
      "two change one place",
      "conflict",
      async (world, cookie) => {
        const slow = await world.manager.load(cookie);
        slow.user = "bob";
        await world.visit(cookie, (session) => void (session.user = "carol"));
        await world.manager.commit(slow);
      },
    ],
    [
      "it was ended under a writer",
      "gone",
      async (world, cookie) => {
        const slow = await world.manager.load(cookie);
        slow.user = "bob";
        await world.visit(cookie, (session) => session.$destroy());
        await errorOf(world.manager.commit(slow));
      },
    ],
  ])("%s: `%s`", async (_, hook, act) => {
    const { world, cookie } = await withSession({ idleTimeout: 1000, rotateEvery: 900 });
    world.told.length = 0;
    await act(world, cookie);
    expect(world.infos(hook)).toHaveLength(1);
  });
});
