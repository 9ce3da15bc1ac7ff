import { describe, expect, it } from "vitest";
import type { Session } from "unsession";
import { parseRecord } from "../../src/record.ts";
import { createMemoryStore } from "../../src/stores/memory.ts";
import { World } from "./_setup.ts";

const DAY = 24 * 60 * 60 * 1000;

async function withSession(options?: ConstructorParameters<typeof World>[0]) {
  const world = new World(options);
  const first = await world.visit(undefined, (session) => void (session.user = "alice"));
  return { world, cookie: first.cookie as string, setCookie: first.setCookies[0] as string };
}

const maxAgeOf = (setCookie: string | undefined): string | undefined => /; Max-Age=(-?\d+)/.exec(setCookie ?? "")?.[1];

describe("a session lives", () => {
  it("as long as it is used at least once in its idle window", async () => {
    const { world, cookie } = await withSession({ idleTimeout: 1000 });
    for (let times = 0; times < 20; times++) {
      world.clock.advance(900_000);
      await world.visit(cookie);
    }
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
    world.clock.advance(1_000_000);
    expect(await world.dataOf(cookie)).toEqual({});
  });

  it("to the last millisecond of its idle window", async () => {
    const { world, cookie } = await withSession({ idleTimeout: 1000 });
    world.clock.advance(999_999);
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
    world.clock.advance(1);
    expect(await world.dataOf(cookie)).toEqual({});
  });

  it.each([0, null])("for ever with an idle timeout of %s", async (idleTimeout) => {
    const { world, cookie } = await withSession({ idleTimeout });
    world.clock.advance(50 * 365 * DAY);
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
  });

  it("to its absolute timeout at most, whatever touches and regenerates it", async () => {
    const { world, cookie } = await withSession({ idleTimeout: 1000, absoluteTimeout: 3600 });
    let current: string | undefined = cookie;
    for (let times = 0; times < 11; times++) {
      world.clock.advance(300_000);
      current = (await world.visit(current, (session) => session.$regenerate())).cookie;
    }
    expect(await world.dataOf(current)).toEqual({ user: "alice" });
    world.clock.advance(300_000);
    expect(await world.dataOf(current)).toEqual({});
  });

  it("by the deadline of its record, also in a store that drops nothing", async () => {
    const { world, cookie } = await withSession({ idleTimeout: 1000, storage: createMemoryStore({ now: () => 0 }) });
    world.clock.advance(999_999);
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
    world.clock.advance(1);
    expect(await world.dataOf(cookie)).toEqual({});
  });

  it("no longer for a clock that steps back, and no renewal comes of it", async () => {
    const { world, cookie } = await withSession({ idleTimeout: 1000 });
    world.clock.advance(-3_600_000);
    const { setCookies, calls } = await world.visit(cookie);
    expect([setCookies, calls, await world.dataOf(cookie)]).toEqual([[], ["get"], { user: "alice" }]);
  });

  it("with whole milliseconds in its record, whatever clock there is", async () => {
    let now = 1_700_000_000_000.25;
    const world = new World({ now: () => now });
    const { cookie } = await world.visit(undefined, (session) => void (session.user = "alice"));
    now += 0.5;
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
  });
});

describe("a renewal", () => {
  it("comes once per tenth of the idle window, with the cookie, data unchanged", async () => {
    const { world, cookie } = await withSession({ idleTimeout: 1000 });
    const before = parseRecord(world.store.record);
    world.clock.advance(99_999);
    expect((await world.visit(cookie)).calls).toEqual(["get"]);
    world.clock.advance(1);
    const { calls, setCookies } = await world.visit(cookie);
    expect([calls, maxAgeOf(setCookies[0])]).toEqual([["get", "touch"], "1000"]);
    expect((await world.visit(cookie)).calls).toEqual(["get"]);
    const after = parseRecord(world.store.record);
    expect(after).toEqual({ ...before, version: 2, touchedAt: (before?.touchedAt ?? 0) + 100_000 });
  });

  it("is carried by the same write, if there is one", async () => {
    const { world, cookie } = await withSession({ idleTimeout: 1000 });
    world.clock.advance(100_000);
    const { calls, setCookies } = await world.visit(cookie, (session) => void (session.views = 1));
    expect([calls, maxAgeOf(setCookies[0])]).toEqual([["get", "replace"], "1000"]);
  });

  it("never moves touchedAt without the cookie: a write between steps moves neither", async () => {
    const { world, cookie } = await withSession({ idleTimeout: 1000 });
    const touchedAt = parseRecord(world.store.record)?.touchedAt;
    world.clock.advance(50_000);
    const { setCookies } = await world.visit(cookie, (session) => void (session.views = 1));
    expect([setCookies, parseRecord(world.store.record)?.touchedAt]).toEqual([[], touchedAt]);
  });

  it("of a session that never expires comes after 40 days, with a cookie of 400", async () => {
    const { world, cookie, setCookie } = await withSession({ idleTimeout: null });
    expect(maxAgeOf(setCookie)).toBe("34560000");
    world.clock.advance(40 * DAY - 1);
    expect((await world.visit(cookie)).setCookies).toEqual([]);
    world.clock.advance(1);
    const { calls, setCookies } = await world.visit(cookie);
    expect([calls, maxAgeOf(setCookies[0])]).toEqual([["get", "touch"], "34560000"]);
  });

  it("uses the idle timeout that the manager has by now", async () => {
    const { world, cookie } = await withSession({ idleTimeout: 1000 });
    world.clock.advance(100_000);
    const patient = world.another({ idleTimeout: 5000 });
    await patient.commit(await patient.load(cookie));
    world.clock.advance(4_000_000);
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
  });

  it("comes after a 404, and not after a 500", async () => {
    const { world, cookie } = await withSession({ idleTimeout: 1000 });
    world.clock.advance(100_000);
    expect((await world.visit(cookie, undefined, { status: 500 })).setCookies).toEqual([]);
    expect((await world.visit(cookie, undefined, { status: 404 })).setCookies).toHaveLength(1);
  });
});

describe("the cookie's age", () => {
  it("is what is left of the session", async () => {
    const { setCookie } = await withSession({ idleTimeout: 60, absoluteTimeout: 30 });
    expect(maxAgeOf(setCookie)).toBe("30");
  });

  it("is 400 days at most", async () => {
    const { setCookie } = await withSession({ idleTimeout: 1000 * 86_400 });
    expect(maxAgeOf(setCookie)).toBe("34560000");
  });

  it("is not written with `persistent: false`, and the session expires all the same", async () => {
    const { world, cookie, setCookie } = await withSession({ idleTimeout: 60, cookie: { persistent: false } });
    expect(setCookie).not.toMatch(/max-age|expires/i);
    world.clock.advance(60_000);
    expect(await world.dataOf(cookie)).toEqual({});
  });

  it("of a regenerated session is that of what is left of it", async () => {
    const { world, cookie } = await withSession({ idleTimeout: 1000, absoluteTimeout: 900 });
    world.clock.advance(50_000);
    const { setCookies } = await world.visit(cookie, (session) => session.$regenerate());
    expect(maxAgeOf(setCookies[0])).toBe("850");
  });
});

describe("$cookie", () => {
  const remember = (session: Session): void => {
    session.user = "alice";
    session.$cookie.persistent = true;
  };

  it("makes one session persistent where others are not, and is stored with it", async () => {
    const world = new World({ idleTimeout: 1000, cookie: { persistent: false } });
    const first = await world.visit(undefined, remember);
    expect(maxAgeOf(first.setCookies[0])).toBe("1000");
    world.clock.advance(100_000);
    const renewed = await world.visit(first.cookie);
    expect(maxAgeOf(renewed.setCookies[0])).toBe("1000");
    expect((await world.manager.load(first.cookie)).$cookie.persistent).toBe(true);
  });

  it("makes one session end with the browser where others do not", async () => {
    const { setCookies } = await new World().visit(undefined, (session) => {
      session.user = "alice";
      session.$cookie.persistent = false;
    });
    expect(maxAgeOf(setCookies[0])).toBeUndefined();
  });

  it.each([
    [true, "60"],
    [false, "60"],
  ])("gives the cookie an age of its own, whatever the manager says (persistent: %s)", async (persistent, age) => {
    const { setCookies } = await new World({ cookie: { persistent } }).visit(undefined, (session) => {
      session.user = "alice";
      session.$cookie.maxAge = 60;
    });
    expect(maxAgeOf(setCookies[0])).toBe(age);
  });

  it("has an age of 400 days at most", async () => {
    const { setCookies } = await new World().visit(undefined, (session) => {
      session.user = "alice";
      session.$cookie.maxAge = 86_400 * 1000;
    });
    expect(maxAgeOf(setCookies[0])).toBe("34560000");
  });

  it("changes when the session expires on the server in no way", async () => {
    const world = new World({ idleTimeout: 60 });
    const { cookie } = await world.visit(undefined, (session) => {
      session.user = "alice";
      session.$cookie.maxAge = 86_400;
    });
    world.clock.advance(60_000);
    expect(await world.dataOf(cookie)).toEqual({});
  });

  it("stores a change, and sends the cookie again", async () => {
    const { world, cookie } = await withSession();
    const { calls, setCookies } = await world.visit(cookie, (session) => (session.$cookie.maxAge = 60));
    expect([calls, maxAgeOf(setCookies[0])]).toEqual([["get", "replace"], "60"]);
    expect((await world.visit(cookie, (session) => (session.$cookie.maxAge = 60))).calls).toEqual(["get"]);
  });

  it("is as the manager has it again when it is undefined again", async () => {
    const { world, cookie } = await withSession();
    await world.visit(cookie, (session) => (session.$cookie.maxAge = 60));
    const { setCookies } = await world.visit(cookie, (session) => (session.$cookie.maxAge = undefined));
    expect(maxAgeOf(setCookies[0])).toBe("2592000");
    expect(parseRecord(world.store.record)?.meta).toEqual({});
  });

  it("survives $regenerate", async () => {
    const { world, cookie } = await withSession();
    await world.visit(cookie, (session) => (session.$cookie.maxAge = 60));
    const { setCookies } = await world.visit(cookie, (session) => session.$regenerate());
    expect(maxAgeOf(setCookies[0])).toBe("60");
  });

  it.each<[string, unknown]>([
    ["persistent", "yes"],
    ["persistent", null],
    ["maxAge", 0],
    ["maxAge", -1],
    ["maxAge", 1.5],
    ["maxAge", "60"],
    ["maxAge", Infinity],
    ["maxAge", null],
  ])("refuses %s of %j", async (name, value) => {
    const session = await new World().manager.load();
    expect(() => ((session.$cookie as Record<string, unknown>)[name] = value)).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_VALUE", message: expect.stringContaining(`session.$cookie.${name} is not `) }),
    );
  });

  it("has no other settings", async () => {
    const session = await new World().manager.load();
    expect(() => ((session.$cookie as Record<string, unknown>)["path"] = "/")).toThrow(TypeError);
    expect(Object.keys(session.$cookie)).toEqual(["persistent", "maxAge"]);
  });

  it("cannot be changed after the response", async () => {
    const { session } = await new World().visit(undefined);
    expect(() => (session.$cookie.maxAge = 60)).toThrow(expect.objectContaining({ code: "ERR_SESSION_COMMITTED" }));
  });
});
