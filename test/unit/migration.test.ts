import { describe, expect, it } from "vitest";
import type { Session, SessionOptions } from "unsession";
import { hashToken } from "../../src/token.ts";
import { nextCookie, tokenOf, World } from "./_setup.ts";

const SECRET = "a secret that is long enough to sign";
const START = 1_700_000_000_000;
const UNTIL = new Date(START + 86_400_000);
const DATA = { user: "alice", views: 1 };

const SIGNING: SessionOptions = { secret: SECRET, acceptUnsignedUntil: UNTIL };
const HASHING: SessionOptions = { acceptRawIdsUntil: UNTIL };

/** A session of before, and the manager by now: a world whose own manager is the one of before. */
async function before(old: SessionOptions, now: SessionOptions) {
  const world = new World(old);
  const { cookie } = await world.visit(undefined, (session) => void Object.assign(session, DATA));
  const manager = world.another(now);
  const visit = async (header: string | undefined, use: (session: Session) => unknown = () => undefined) => {
    const calls = world.store.calls.length;
    const session = await manager.load(header);
    await use(session);
    const setCookies = await manager.commit(session);
    return { session, setCookies, cookie: nextCookie(header, setCookies), calls: world.store.calls.slice(calls) };
  };
  const dataOf = async (header: string | undefined): Promise<unknown> => ({ ...(await manager.load(header)) });
  return { world, manager, cookie: cookie as string, visit, dataOf };
}

describe.each<[string, SessionOptions, SessionOptions, string[]]>([
  ["given out unsigned", {}, SIGNING, ["get"]],
  ["stored under its token", { hashIds: false }, HASHING, ["get", "get"]],
  ["both", { hashIds: false }, { ...SIGNING, ...HASHING }, ["get", "get"]],
])("a session of before, %s", (_, old, now, reads) => {
  it("is found, and gets a new token that is as they are now", async () => {
    const { visit, dataOf, cookie, world } = await before(old, now);
    const answer = await visit(cookie, (session) => session.user);
    expect(answer.calls).toEqual([...reads, "create", "replace"]);
    expect(tokenOf(answer.cookie)).not.toBe(tokenOf(cookie));
    expect(await dataOf(answer.cookie)).toEqual(DATA);
    world.clock.advance(86_400_000);
    expect(await dataOf(answer.cookie)).toEqual(DATA);
  });

  it("gets it once: the next request costs what any does", async () => {
    const { visit, cookie } = await before(old, now);
    const first = await visit(cookie);
    expect(await visit(first.cookie, (session) => session.user)).toMatchObject({ calls: ["get"], setCookies: [] });
  });

  it("lives for two requests at once: one sends the cookie, both read and write", async () => {
    const { manager, cookie, dataOf } = await before(old, now);
    const sessions = await Promise.all([manager.load(cookie), manager.load(cookie)]);
    for (const session of sessions) session.$increment("views");
    const cookies = (await Promise.all(sessions.map((session) => manager.commit(session)))).flat();
    expect(cookies).toHaveLength(1);
    expect(await dataOf(nextCookie(undefined, cookies))).toEqual({ user: "alice", views: 3 });
    expect(await manager.count()).toBe(1);
  });

  it("is there for a request with the old cookie within the grace, and then dead, and told of", async () => {
    const { visit, cookie, dataOf, world } = await before(old, now);
    await visit(cookie);
    expect(await dataOf(cookie)).toEqual(DATA);
    world.clock.advance(60_000);
    expect(await dataOf(cookie)).toEqual({});
    expect(world.infos("reuse")).toMatchObject([{ id: await hashToken(tokenOf(cookie)) }]);
  });

  it("is not found after the date", async () => {
    const { dataOf, cookie, world } = await before(old, now);
    world.clock.advance(86_400_000);
    world.store.calls.length = 0;
    expect(await dataOf(cookie)).toEqual({});
    expect(world.store.calls).toEqual("secret" in now ? [] : ["get"]);
  });

  it("is reloaded, regenerated and destroyed as any", async () => {
    for (const [use, left] of [
      [(session: Session) => session.$reload(), DATA],
      [(session: Session) => session.$regenerate(), DATA],
      [(session: Session) => session.$destroy(), {}],
    ] as const) {
      const { visit, dataOf, cookie } = await before(old, now);
      const answer = await visit(cookie, use);
      expect(await dataOf(answer.cookie)).toEqual(left);
    }
  });

  it("is left as it is by a request that renews nothing", async () => {
    const { manager, cookie, dataOf } = await before(old, now);
    expect(await manager.commit(await manager.load(cookie, { touch: false }))).toEqual([]);
    expect(await dataOf(cookie)).toEqual(DATA);
  });

  it("is found by `find`, counted, listed by its id, and ended by it", async () => {
    const { manager, cookie } = await before(old, now);
    const id = await hashToken(tokenOf(cookie));
    expect([await manager.find(tokenOf(cookie)), await manager.count()]).toEqual([DATA, 1]);
    for await (const one of manager.list()) expect(one.id).toBe(id);
    expect([await manager.destroy(id), await manager.count()]).toEqual([true, 0]);
  });

  it("is ended by `clear`", async () => {
    const { manager, cookie, dataOf } = await before(old, now);
    await manager.clear();
    expect(await dataOf(cookie)).toEqual({});
  });
});

describe("while unsigned tokens are accepted", () => {
  it("none is that was given out signed", async () => {
    const { manager, visit, dataOf } = await before({}, SIGNING);
    const { cookie } = await visit(undefined, (session) => void (session.user = "bob"));
    expect(await dataOf(cookie)).toEqual({ user: "bob" });
    expect(await dataOf(`session=${tokenOf(cookie)}`)).toEqual({});
    expect(await manager.find(tokenOf(cookie))).toBeUndefined();
  });

  it("nor when its record was moved or regenerated", async () => {
    const { visit, dataOf } = await before({}, { ...SIGNING, rotateEvery: 900 });
    for (const use of [(session: Session) => session.$regenerate(), (session: Session) => session.$destroy()]) {
      const { cookie } = await visit(undefined, (session) => void (session.user = "bob"));
      await visit(cookie, use);
      expect(await dataOf(`session=${tokenOf(cookie)}`)).toEqual({});
    }
  });

  it("a badly signed one is not, and costs no store call", async () => {
    const { world, dataOf, cookie } = await before({}, SIGNING);
    world.store.calls.length = 0;
    expect(await dataOf(`${cookie}.${"x".repeat(43)}`)).toEqual({});
    expect(world.store.calls).toEqual([]);
  });

  it("a token in two cookies, signed and not, is one", async () => {
    const { world, visit, dataOf } = await before({}, SIGNING);
    const { cookie } = await visit(undefined, (session) => void (session.user = "bob"));
    world.store.calls.length = 0;
    expect(await dataOf(`session=${tokenOf(cookie)}; ${cookie}`)).toEqual({ user: "bob" });
    expect(world.store.calls).toEqual(["get"]);
  });
});

describe("while raw tokens are looked up", () => {
  it("an id, which is in logs, is not taken for one", async () => {
    const { world, manager, visit, dataOf } = await before({ hashIds: false }, { ...HASHING, rotateEvery: 900 });
    const { cookie } = await visit(undefined, (session) => void (session.user = "bob"));
    const id = await hashToken(tokenOf(cookie));
    expect(await dataOf(`session=${id}`)).toEqual({});
    expect(await manager.find(id)).toBeUndefined();
    world.clock.advance(900_000);
    await visit(cookie);
    expect(world.infos("rotated")).toHaveLength(1);
    // Now a tombstone that leads to the session.
    expect(await dataOf(`session=${id}`)).toEqual({});
  });

  it("an unknown token costs one read more, and is not adopted", async () => {
    const { visit } = await before({ hashIds: false }, HASHING);
    const { calls, cookie } = await visit("session=unknown", (session) => void (session.user = "mallory"));
    expect([calls, tokenOf(cookie) === "unknown"]).toEqual([["get", "get", "create"], false]);
  });

  it("no id that is given shows a token", async () => {
    const { world, manager, visit, cookie } = await before({ hashIds: false }, HASHING);
    const shown: unknown[] = [];
    for await (const one of manager.list()) shown.push(one);
    const { session } = await visit(cookie);
    expect(JSON.stringify([shown, world.told, session.$id])).not.toContain(tokenOf(cookie));
  });

  it("a session that moved leaves no data under its token", async () => {
    const { world, visit, cookie } = await before({ hashIds: false }, HASHING);
    await visit(cookie);
    expect(world.store.dump[`session:${tokenOf(cookie)}`]).not.toContain("alice");
  });
});
