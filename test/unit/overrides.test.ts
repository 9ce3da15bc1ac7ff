import { describe, expect, it } from "vitest";
import type { Session, SessionOptions } from "unsession";
import { parseRecord } from "../../src/record.ts";
import { World } from "./_setup.ts";

/** Timeouts of one session; `lifetime.test.ts` has the settings of its cookie. */

async function withLifetime(lifetime: Partial<Session["$lifetime"]>, options?: SessionOptions) {
  const world = new World({ idleTimeout: 1000, absoluteTimeout: 10_000, ...options });
  const { cookie, setCookies } = await world.visit(undefined, (session) => {
    session.user = "alice";
    Object.assign(session.$lifetime, lifetime);
  });
  return { world, cookie: cookie as string, setCookie: setCookies[0] as string };
}

const maxAgeOf = (setCookie: string | undefined): string | undefined => /; Max-Age=(\d+)/.exec(setCookie ?? "")?.[1];

describe("$lifetime", () => {
  it("gives one session a shorter or a longer idle timeout than the others", async () => {
    for (const idleTimeout of [500, 5000]) {
      const { world, cookie } = await withLifetime({ idleTimeout });
      world.clock.advance(idleTimeout * 1000 - 1);
      expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
      world.clock.advance(1);
      expect(await world.dataOf(cookie)).toEqual({});
    }
  });

  it("gives one session another absolute timeout, from its creation on", async () => {
    const { world, cookie } = await withLifetime({}, { idleTimeout: null });
    world.clock.advance(5_000_000);
    await world.visit(cookie, (session) => void (session.$lifetime.absoluteTimeout = 6000));
    world.clock.advance(999_999);
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
    world.clock.advance(1);
    expect(await world.dataOf(cookie)).toEqual({});
  });

  it("lets one session live for ever", async () => {
    const { world, cookie } = await withLifetime({ idleTimeout: null, absoluteTimeout: null });
    world.clock.advance(50 * 365 * 86_400_000);
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
    expect((await world.manager.load(cookie)).$expiresAt).toBeNull();
  });

  it("is in the header of the record, so that an expired session is known before anything is decoded", async () => {
    const { world } = await withLifetime({ idleTimeout: 60, absoluteTimeout: 120 });
    const record = parseRecord(world.store.record);
    expect(record).toMatchObject({ idleWindow: 60_000, absoluteAt: (record?.createdAt ?? 0) + 120_000 });
  });

  it("shows in $expiresAt and in the age of the cookie", async () => {
    const { world, cookie, setCookie } = await withLifetime({ idleTimeout: 60 });
    expect(maxAgeOf(setCookie)).toBe("60");
    const session = await world.manager.load(cookie);
    expect(session.$expiresAt?.getTime()).toBe(world.clock.now() + 60_000);
    session.$lifetime.idleTimeout = 120;
    expect(session.$expiresAt?.getTime()).toBe(world.clock.now() + 120_000);
  });

  it("is read back, and survives touches, writes, $regenerate and $reload", async () => {
    const { world, cookie } = await withLifetime({ idleTimeout: 2000, absoluteTimeout: null });
    world.clock.advance(200_000);
    await world.visit(cookie);
    await world.visit(cookie, (session) => void (session.user = "bob"));
    const { cookie: next } = await world.visit(cookie, (session) => session.$regenerate());
    const session = await world.manager.load(next);
    session.$lifetime.idleTimeout = 5;
    await session.$reload();
    expect({ ...session.$lifetime }).toEqual({ idleTimeout: 2000, absoluteTimeout: null });
    world.clock.advance(1_999_999);
    expect(await world.dataOf(next)).toEqual({ user: "bob" });
  });

  it("costs one write, which renews the session and sends the cookie again", async () => {
    const { world, cookie } = await withLifetime({});
    world.clock.advance(50_000);
    const { calls, setCookies } = await world.visit(cookie, (session) => void (session.$lifetime.idleTimeout = 300));
    expect([calls, maxAgeOf(setCookies[0])]).toEqual([["get", "replace"], "300"]);
    world.clock.advance(299_999);
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
  });

  it("is the manager's again when it is undefined again", async () => {
    const { world, cookie } = await withLifetime({ idleTimeout: 5, absoluteTimeout: 7 });
    await world.visit(cookie, ({ $lifetime }) => ($lifetime.idleTimeout = $lifetime.absoluteTimeout = undefined));
    expect(parseRecord(world.store.record)).toMatchObject({ idleWindow: 1_000_000, meta: {} });
    expect((await world.manager.load(cookie)).$lifetime).toEqual({ idleTimeout: undefined, absoluteTimeout: undefined });
  });

  it("leaves the absolute deadline where it is when only the idle timeout changes, whatever the manager says by now", async () => {
    const { world, cookie } = await withLifetime({});
    const { absoluteAt } = parseRecord(world.store.record) ?? {};
    const later = world.another({ absoluteTimeout: 99_999 });
    const session = await later.load(cookie);
    session.$lifetime.idleTimeout = 30;
    await later.commit(session);
    expect(parseRecord(world.store.record)).toMatchObject({ absoluteAt, idleWindow: 30_000 });
  });

  it("is nothing to store in a session without data", async () => {
    const world = new World();
    expect((await world.visit(undefined, ({ $lifetime }) => void ($lifetime.idleTimeout = 5))).calls).toEqual([]);
  });

  it.each([
    ["idleTimeout", -1],
    ["idleTimeout", 1.5],
    ["idleTimeout", "60"],
    ["idleTimeout", 3_153_600_001],
    ["absoluteTimeout", 0],
    ["absoluteTimeout", NaN],
  ] as const)("refuses %s as %j", async (key, value) => {
    const session = await new World().manager.load();
    expect(() => (session.$lifetime[key] = value as number)).toThrow(`\`$lifetime.${key}\``.replaceAll("`", ""));
  });

  it("cannot be changed after the response, and has no other settings", async () => {
    const { world, cookie } = await withLifetime({});
    const { session } = await world.visit(cookie);
    expect(() => (session.$lifetime.idleTimeout = 5)).toThrow(expect.objectContaining({ code: "ERR_SESSION_COMMITTED" }));
    expect(() => Object.assign(session.$lifetime, { other: 1 })).toThrow(TypeError);
  });
});

describe("a request that keeps no session alive", () => {
  const poll = async (world: World, cookie: string, use: (session: Session) => unknown = (session) => session.user) => {
    const calls = world.store.calls.length;
    const session = await world.manager.load(cookie, { touch: false });
    await use(session);
    return { setCookies: await world.manager.commit(session), calls: world.store.calls.slice(calls) };
  };

  it("costs a read and no cookie, at any time", async () => {
    const { world, cookie } = await withLifetime({}, { rotateEvery: 300 });
    world.clock.advance(999_999);
    expect(await poll(world, cookie)).toEqual({ setCookies: [], calls: ["get"] });
  });

  it("lets it expire, however often it comes", async () => {
    const { world, cookie } = await withLifetime({});
    for (let times = 0; times < 9; times++) {
      world.clock.advance(100_000);
      await poll(world, cookie);
    }
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
    world.clock.advance(100_000);
    expect(await world.dataOf(cookie)).toEqual({});
  });

  it("stores what it writes, and moves no deadline with it", async () => {
    const { world, cookie } = await withLifetime({});
    world.clock.advance(999_999);
    const answer = await poll(world, cookie, (session) => void (session.user = "bob"));
    expect(answer).toEqual({ setCookies: [], calls: ["get", "replace"] });
    expect(await world.dataOf(cookie)).toEqual({ user: "bob" });
    world.clock.advance(1);
    expect(await world.dataOf(cookie)).toEqual({});
  });
});
