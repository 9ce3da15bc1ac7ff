import { describe, expect, it } from "vitest";
import type { Session } from "unsession";
import { hashToken } from "../../src/token.ts";
import { errorOf, failing, hanging, tokenOf, withData, World, type SpyStore } from "./_setup.ts";

const SECRET = "a secret that is long enough to sign";

const write =
  (data: Record<string, unknown> = { user: "alice" }) =>
  (session: Session): void =>
    void Object.assign(session, data);

/** A world with one session in it. */
async function withSession(...[options]: ConstructorParameters<typeof World>) {
  const world = new World(options);
  const { cookie } = await world.visit(undefined, write());
  return { world, cookie: cookie as string, token: tokenOf(cookie) };
}

/** Marks the record as moved or dead, as another process might have left it. */
function setState(store: SpyStore, state: "M" | "D"): void {
  store.record = store.record.slice(0, 3) + state + store.record.slice(4);
}

describe("a request without a cookie", () => {
  it.each([undefined, null, "", "other=1"])(
    "gets a fresh session for the header %j, and costs the store nothing",
    async (header) => {
      const world = new World();
      const session = await world.manager.load(header);
      expect([session.$isNew, session.$id, { ...session }]).toEqual([true, undefined, {}]);
      expect([world.store.calls, world.heard]).toEqual([[], []]);
    },
  );
});

describe("a request with the cookie of a session", () => {
  it("gets its data", async () => {
    const { world, cookie } = await withSession();
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
  });

  it("gets a copy of its own each time", async () => {
    const { world, cookie } = await withSession();
    const [one, two] = [await world.manager.load(cookie), await world.manager.load(cookie)];
    one.user = "bob";
    expect(two.user).toBe("alice");
  });

  it("gets a session that is neither new nor dirty, with its id", async () => {
    const { world, cookie, token } = await withSession();
    const session = await world.manager.load(cookie);
    expect([session.$isNew, session.$isDirty, session.$id]).toEqual([false, false, await hashToken(token)]);
  });
});

describe("a token is never adopted if it is", () => {
  it.each([
    ["unknown", "session=0123456789abcdefghijABCDEFGHIJ0123456789abc"],
    ["malformed", "session=../../etc/passwd"],
    ["empty", "session="],
    ["in quotes", 'session="abc"'],
  ])("%s", async (_, header) => {
    const world = new World();
    const { cookie, setCookies, calls } = await world.visit(header, write());
    expect(setCookies).toHaveLength(1);
    expect(tokenOf(cookie)).not.toBe(tokenOf(header));
    expect(calls).toContain("create");
    expect(await world.dataOf(header)).toEqual({});
  });

  it("expired", async () => {
    const { world, cookie } = await withSession({ idleTimeout: 60 });
    world.clock.advance(60_000);
    const answer = await world.visit(cookie, write());
    expect(tokenOf(answer.cookie)).not.toBe(tokenOf(cookie));
    expect(await world.dataOf(cookie)).toEqual({});
  });

  it("forged", async () => {
    const { world, cookie } = await withSession({ secret: SECRET });
    const answer = await world.visit(`session=${tokenOf(cookie)}.${"A".repeat(43)}`, write());
    expect(tokenOf(answer.cookie)).not.toBe(tokenOf(cookie));
    expect(answer.calls).toEqual(["create"]);
  });

  it("well signed, but unknown", async () => {
    const { world, cookie } = await withSession({ secret: SECRET });
    world.store.memory.clear("");
    const answer = await world.visit(cookie, write());
    expect(tokenOf(answer.cookie)).not.toBe(tokenOf(cookie));
  });

  it("of a session that was not signed when signing began", async () => {
    const { world, cookie } = await withSession();
    const signing = world.another({ secret: SECRET });
    expect({ ...(await signing.load(cookie)) }).toEqual({});
  });
});

describe("an unknown token", () => {
  it("gets a fresh session, and no cookie unless something is stored", async () => {
    const world = new World();
    const { session, setCookies } = await world.visit("session=unknown");
    expect([session.$isNew, setCookies]).toEqual([true, []]);
  });
});

describe.each([
  ["moved", "M"],
  ["dead", "D"],
] as const)("the token of a %s record", (_, state) => {
  const ended = async (...options: ConstructorParameters<typeof World>) => {
    const found = await withSession(...options);
    setState(found.world.store, state);
    return found;
  };

  it("gets an empty session that is never stored, and no cookie", async () => {
    const { world, cookie } = await ended();
    const { session, setCookies, calls } = await world.visit(cookie);
    expect([{ ...session }, session.$id, session.$isNew, setCookies, calls]).toEqual([{}, undefined, true, [], ["get"]]);
  });

  it("ends a data write as gone, and still sends no cookie", async () => {
    const { world, cookie } = await ended();
    const session = await world.manager.load(cookie);
    session.user = "bob";
    expect(await errorOf(world.manager.commit(session))).toMatchObject({ code: "ERR_SESSION_GONE", status: 409 });
    expect(await world.manager.commit(session)).toEqual([]);
    expect(world.store.calls).not.toContain("replace");
    expect(world.infos("gone")).toHaveLength(1);
  });

  it("drops a data write with `onGone: drop`", async () => {
    const { world, cookie } = await ended({ onGone: "drop" });
    const { setCookies, calls } = await world.visit(cookie, write());
    expect([setCookies, calls, world.infos("gone").length]).toEqual([[], ["get"], 1]);
  });

  it("is cleared only by a request that itself destroys the session", async () => {
    const { world, cookie } = await ended();
    const { setCookies } = await world.visit(cookie, (session) => session.$destroy());
    expect(setCookies).toEqual([expect.stringMatching(/^session=; Max-Age=0;/)]);
  });

  it("is unknown once the tombstone's time is over", async () => {
    const { world, cookie } = await ended({ idleTimeout: 60 });
    world.clock.advance(60_000);
    const { setCookies } = await world.visit(cookie, write());
    expect(setCookies).toHaveLength(1);
  });
});

describe("a tombstone", () => {
  it("is kept for `tombstoneTtl` seconds, and then its token is as unknown as any", async () => {
    const { world, cookie } = await withSession({ tombstoneTtl: 60 });
    await world.visit(cookie, (session) => session.$destroy());
    const late = (): Promise<unknown> => world.visit(cookie, write());
    world.clock.advance(59_999);
    expect(await errorOf(late())).toMatchObject({ code: "ERR_SESSION_GONE" });
    world.clock.advance(1);
    await world.manager.load(cookie);
    expect(world.store.dump).toEqual({});
    await expect(late()).resolves.toMatchObject({ setCookies: [expect.any(String)] });
  });
});

describe("several cookies of our name", () => {
  it.each([
    ["first", (good: string) => `${good}; session=evil`],
    ["last", (good: string) => `session=evil; ${good}`],
    ["fourth", (good: string) => `session=a; session=b; session=c; ${good}`],
    ["behind any number of malformed ones", (good: string) => `${"session=a b; ".repeat(9)}session="x"; ${good}`],
    ["twice", (good: string) => `${good}; ${good}`],
  ])("lead to the one that is live, wherever it stands: %s", async (_, header) => {
    const { world, cookie } = await withSession();
    expect(await world.dataOf(header(cookie))).toEqual({ user: "alice" });
  });

  it("lead to a fresh session if several different ones are live, and `rejected` hears of it", async () => {
    const { world, cookie } = await withSession();
    const other = await world.visit(undefined, write({ user: "mallory" }));
    const { session, setCookies } = await world.visit(`${cookie}; ${other.cookie}`);
    expect([{ ...session }, session.$isNew, setCookies]).toEqual([{}, true, []]);
    expect(world.infos("rejected")).toEqual([{ id: undefined, reason: "ambiguous" }]);
  });

  it("lead to a new session at the next write if several were live, and leave these as they are", async () => {
    const { world, cookie } = await withSession();
    const other = await world.visit(undefined, write({ user: "mallory" }));
    const fresh = await world.visit(`${cookie}; ${other.cookie}`, write({ user: "bob" }));
    expect(await world.dataOf(fresh.cookie)).toEqual({ user: "bob" });
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
    expect(await world.dataOf(other.cookie)).toEqual({ user: "mallory" });
  });

  it("are tried up to the fourth", async () => {
    const { world, cookie } = await withSession();
    const { session, calls } = await world.visit(`session=a; session=b; session=c; session=d; ${cookie}`);
    expect([session.$isNew, calls]).toEqual([true, ["get", "get", "get", "get"]]);
  });

  it("count once if they hold the same token, signed by two secrets", async () => {
    const { world, cookie } = await withSession({ secret: SECRET });
    const rotated = world.another({ secret: ["another secret that is long enough", SECRET] });
    const session = await rotated.load(cookie);
    await session.$save();
    session.$cookie.maxAge = 60;
    const [again] = await rotated.commit(session);
    const both = `${cookie}; ${again?.split(";")[0]}`;
    expect({ ...(await rotated.load(both)) }).toEqual({ user: "alice" });
    expect(world.heard).not.toContain("rejected");
  });

  it("lead to the live one also beside one that was ended", async () => {
    const { world, cookie } = await withSession();
    const other = await world.visit(undefined, write({ user: "bob" }));
    await world.visit(cookie, (session) => session.$destroy());
    expect(await world.dataOf(`${cookie}; ${other.cookie}`)).toEqual({ user: "bob" });
  });

  it("are ended if one of them was and none is live", async () => {
    const { world, cookie } = await withSession();
    await world.visit(cookie, (session) => session.$destroy());
    const { setCookies } = await world.visit(`session=unknown; ${cookie}`);
    expect(setCookies).toEqual([]);
  });
});

describe("a corrupt record", () => {
  const damage: [string, (record: string) => string][] = [
    ["truncated in its header", (record) => record.slice(0, 100)],
    ["truncated in its data", (record) => record.slice(0, -1)],
    ["of an unknown format", (record) => record.replace("us1", "us9")],
    ["of an unknown serializer", (record) => withData(record, "a: 1", "yaml")],
    ["of no JSON", (record) => withData(record, "{oops")],
    ["of JSON that is no session", (record) => withData(record, "[1]")],
    ["with a prototype in it", (record) => withData(record, '{"__proto__":{"admin":true}}')],
    ["larger than a session may be", (record) => withData(record, JSON.stringify({ a: "x".repeat(70_000) }))],
    ["too deep", (record) => withData(record, '{"a":'.repeat(100) + "1" + "}".repeat(100))],
    ["empty", () => ""],
    ["of something else", () => '{"user":"alice"}'],
  ];

  it.each(damage)("%s leads to a fresh session, is told to `corrupt`, and stays as it is", async (_, spoil) => {
    const { world, cookie, token } = await withSession();
    const id = await hashToken(token);
    const spoilt = spoil(world.store.record);
    world.store.record = spoilt;
    const { session, setCookies } = await world.visit(cookie);
    expect([session.$isNew, { ...session }, setCookies]).toEqual([true, {}, []]);
    expect(world.infos("corrupt")).toEqual([{ id, reason: "damaged" }]);
    expect(world.store.record).toBe(spoilt);
    expect(({} as Record<string, unknown>)["admin"]).toBeUndefined();
  });

  it("is no error loop: the next write begins a new session, beside the old record", async () => {
    const { world, cookie } = await withSession();
    world.store.record = "spoilt";
    const answer = await world.visit(cookie, write({ user: "bob" }));
    expect(await world.dataOf(answer.cookie)).toEqual({ user: "bob" });
    expect(Object.values(world.store.dump)).toContain("spoilt");
  });

  it("is no session to `find`, `list`, `count` and `destroy`", async () => {
    const { world, token } = await withSession();
    world.store.record = "spoilt";
    expect(await world.manager.find(token)).toBeUndefined();
    expect(await world.manager.count()).toBe(0);
    expect(await world.manager.destroy(await hashToken(token))).toBe(false);
    expect(world.store.record).toBe("spoilt");
  });

  it("of one cookie does not hide the live session of another", async () => {
    const { world, cookie } = await withSession();
    world.store.record = "spoilt";
    const other = await world.visit(undefined, write({ user: "bob" }));
    expect(await world.dataOf(`${cookie}; ${other.cookie}`)).toEqual({ user: "bob" });
  });
});

describe("a store that is", () => {
  it("down at load is ERR_SESSION_STORE, never an empty session", async () => {
    const { world, cookie } = await withSession();
    world.store.fault = failing("get");
    const error = await errorOf(world.manager.load(cookie));
    expect(error).toMatchObject({ code: "ERR_SESSION_STORE", status: 503, cause: new Error("no get today") });
    expect(world.infos("error")).toEqual([{ id: undefined, error }]);
  });

  it("hanging at load is ERR_SESSION_STORE once its time is over", async () => {
    const { world, cookie } = await withSession({ timeouts: { load: 20 } });
    world.store.fault = hanging("get");
    const started = performance.now();
    expect(await errorOf(world.manager.load(cookie))).toMatchObject({ code: "ERR_SESSION_STORE", status: 503 });
    expect(performance.now() - started).toBeLessThan(500);
  });

  it("hanging is given one time for all cookies together", async () => {
    const { world } = await withSession({ timeouts: { load: 40 } });
    world.store.fault = hanging("get");
    const started = performance.now();
    await errorOf(world.manager.load("session=a; session=b; session=c; session=d"));
    expect(performance.now() - started).toBeLessThan(140);
  });

  it("down costs a request without a cookie nothing", async () => {
    const world = new World();
    world.store.fault = failing("get", "create", "replace");
    const { setCookies } = await world.visit(undefined);
    expect(setCookies).toEqual([]);
  });

  it("up again serves the next request", async () => {
    const { world, cookie } = await withSession();
    world.store.fault = failing("get");
    await errorOf(world.manager.load(cookie));
    world.store.fault = undefined;
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
  });

  it("never opened is ERR_SESSION_STORE, within the time to load, and is tried again", async () => {
    let opens = 0;
    const world = new World();
    const manager = world.another({
      timeouts: { load: 20 },
      storage: () =>
        ++opens === 1 ? Promise.reject(new Error("refused")) : opens === 2 ? new Promise<never>(() => {}) : world.store,
    });
    expect(await errorOf(manager.load("session=abc"))).toMatchObject({ code: "ERR_SESSION_STORE", cause: new Error("refused") });
    expect(await errorOf(manager.load("session=abc"))).toMatchObject({ code: "ERR_SESSION_STORE" });
  });
});
