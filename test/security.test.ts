import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Session } from "unsession";
import { hashToken } from "../src/token.ts";
import { errorOf, failing, tokenOf, withData, World } from "./unit/_setup.ts";

/** Claims about security that the core makes, but for those that have a number: `test/security`. */

const SECRET = "a secret that is long enough to sign";

const write =
  (data: Record<string, unknown>) =>
  (session: Session): void =>
    void Object.assign(session, data);

async function withSession(options?: ConstructorParameters<typeof World>[0]) {
  const world = new World(options);
  const { cookie } = await world.visit(undefined, write({ user: "alice" }));
  return { world, cookie: cookie as string };
}

describe("a token", () => {
  it("is made by the library only: an unknown one is never adopted (session fixation)", async () => {
    const world = new World();
    const planted = "session=planted-by-an-attacker";
    const victim = await world.visit(planted, write({ user: "victim" }));
    expect(tokenOf(victim.cookie)).not.toBe("planted-by-an-attacker");
    expect(await world.dataOf(planted)).toEqual({});
  });

  it("that was fixed before a login leads nowhere after it", async () => {
    const { world, cookie } = await withSession();
    const login = await world.visit(cookie, async (session) => {
      await session.$regenerate();
      session.user = "admin";
    });
    expect(await world.dataOf(cookie)).toEqual({});
    expect(await world.dataOf(login.cookie)).toEqual({ user: "admin" });
  });

  it("that was fixed never sees what a login wrote, also not in a request that began before it", async () => {
    const { world, cookie } = await withSession();
    const attacker = await world.manager.load(cookie);
    await world.visit(cookie, async (session) => {
      await session.$regenerate();
      session.user = "admin";
    });
    await attacker.$reload();
    expect({ ...attacker }).toEqual({});
    attacker.user = "mallory";
    expect(await errorOf(world.manager.commit(attacker))).toMatchObject({ code: "ERR_SESSION_GONE" });
  });

  it("that is expired is never adopted, whatever the store still holds", async () => {
    const { world, cookie } = await withSession({ idleTimeout: 60 });
    const { record } = world.store;
    world.clock.advance(60_000);
    const key = `session:${await hashToken(tokenOf(cookie))}`;
    world.store.memory.set(key, record, undefined);
    const { cookie: next } = await world.visit(cookie, write({ user: "mallory" }));
    expect(next).not.toBe(cookie);
    expect(world.store.dump[key]).toBe(record);
  });

  it("is compared by its hash, so that a dump of the store lets nobody in", async () => {
    const { world, cookie } = await withSession();
    const dump = JSON.stringify(world.store.dump);
    expect(dump).not.toContain(tokenOf(cookie));
    for (const word of dump.match(/[\w-]{11,}/g) ?? []) {
      expect(await world.dataOf(`session=${word}`)).toEqual({});
      expect(await world.manager.find(word)).toBeUndefined();
    }
  });

  it("that is forged costs no store call", async () => {
    const world = new World({ secret: SECRET });
    for (let times = 0; times < 200; times++)
      await world.manager.load(`session=${"x".repeat(43)}.${String(times).padStart(43, "y")}`);
    expect(world.store.calls).toEqual([]);
  });

  it("that is well signed for one cookie is not taken by another with the same secret", async () => {
    const { world, cookie } = await withSession({ secret: SECRET });
    const admin = world.another({ secret: SECRET, cookie: { name: "admin" } });
    expect({ ...(await admin.load(cookie.replace("session=", "admin="))) }).toEqual({});
  });

  it("is taken from the cookie of the exact name only", async () => {
    const { world, cookie } = await withSession();
    const token = tokenOf(cookie);
    for (const header of [
      `Session=${token}`,
      `\u00A0session=${token}`,
      `session2=${token}`,
      `=session=${token}`,
      `x; ${token}`,
    ]) {
      expect(await world.dataOf(header)).toEqual({});
    }
    expect(world.store.calls).toEqual(["create"]);
  });
});

describe("a session that was ended", () => {
  it.each<[string, (session: Session) => unknown]>([
    ["a write", (session) => (session.user = "bob")],
    ["an increment", (session) => session.$increment("views")],
    ["a one-time value", (session) => session.$flash("note", 1)],
    ["$save", (session) => ((session.user = "bob"), session.$save())],
    ["$update", (session) => session.$update((draft) => (draft["user"] = "bob"))],
    ["$regenerate", (session) => session.$regenerate()],
    ["$clear", (session) => session.$clear()],
    ["$cookie", (session) => (session.$cookie.maxAge = 60)],
    ["a touch", () => undefined],
  ])("never comes back by %s of a request that was under way", async (_, use) => {
    const { world, cookie } = await withSession({ idleTimeout: 1000 });
    world.clock.advance(100_000);
    const late = await world.manager.load(cookie);
    await world.visit(cookie, (session) => session.$destroy());
    await Promise.resolve(use(late)).catch(() => undefined);
    await world.manager.commit(late).catch(() => undefined);
    expect(await world.manager.commit(late)).toEqual([]);
    expect(await world.dataOf(cookie)).toEqual({});
    expect(await world.manager.count()).toBe(0);
  });

  it("stays ended when the store forgets it", async () => {
    const { world, cookie } = await withSession({ tombstoneTtl: 1 });
    const late = await world.manager.load(cookie);
    late.user = "bob";
    await world.visit(cookie, (session) => session.$destroy());
    world.clock.advance(1000);
    await errorOf(world.manager.commit(late));
    expect(world.store.dump).toEqual({});
  });

  it("cannot take the cookie of a new login with it: a late answer carries none", async () => {
    const { world, cookie } = await withSession();
    const late = await world.manager.load(cookie);
    late.user = "bob";
    await world.visit(cookie, (session) => session.$destroy());
    await errorOf(world.manager.commit(late));
    expect(await world.manager.commit(late)).toEqual([]);
  });

  it("leaves nothing of its data in the store", async () => {
    const { world, cookie } = await withSession();
    await world.visit(cookie, (session) => session.$flash("note", "alice too"));
    await world.visit(cookie, (session) => session.$destroy());
    expect(JSON.stringify(world.store.dump)).not.toContain("alice");
  });

  it("leaves nothing of its data under the old token when it was regenerated", async () => {
    const { world, cookie } = await withSession();
    await world.visit(cookie, (session) => session.$regenerate());
    expect(world.store.dump[`session:${await hashToken(tokenOf(cookie))}`]).not.toContain("alice");
  });
});

describe("shared caches", () => {
  it("never keep a response with a session cookie", async () => {
    const { headers } = await new World().visit(undefined, write({ user: "alice" }), { headers: { "cache-control": "public" } });
    expect(headers.get("cache-control")).toBe("no-store");
  });

  it("never mix responses that depend on the session, also for those who have none", async () => {
    const { headers } = await new World().visit(undefined, (session) => session.user, {
      headers: { "cache-control": "s-maxage=60" },
    });
    expect([headers.get("vary"), headers.get("cache-control")]).toEqual(["Cookie", "private"]);
  });
});

describe("the cookie", () => {
  it("is HttpOnly, SameSite=Lax and Secure by default", async () => {
    const { setCookies } = await new World().visit(undefined, write({ user: "alice" }));
    expect(setCookies[0]?.split("; ")).toEqual(expect.arrayContaining(["HttpOnly", "SameSite=Lax", "Secure", "Path=/"]));
  });

  it("is never sent for a session that was not stored", async () => {
    const world = new World({ timeouts: { save: 20 } });
    world.store.fault = failing("create");
    const session = await world.manager.load();
    session.user = "alice";
    await errorOf(world.manager.commit(session));
    expect(await world.manager.commit(session)).toEqual([]);
  });

  it("holds no data, only a token", async () => {
    const { setCookies } = await new World().visit(undefined, write({ user: "alice", card: "4111111111111111" }));
    expect(setCookies[0]).not.toMatch(/alice|4111/);
  });
});

describe("no token and no secret shows", () => {
  const log = vi.fn();

  beforeEach(() => {
    log.mockClear();
    for (const method of ["log", "info", "warn", "error", "debug"] as const) vi.spyOn(console, method).mockImplementation(log);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });

  it("in logs, errors, hooks, prints and JSON, whatever happens", async () => {
    vi.stubEnv("NODE_ENV", "production");
    const { world, cookie } = await withSession({
      secret: SECRET,
      idleTimeout: 1000,
      absoluteTimeout: 5000,
      timeouts: { save: 20 },
    });
    const seen: unknown[] = [];
    const session = await world.manager.load(cookie);
    seen.push(session, session.$cookie, session.$changes, world.manager, JSON.stringify(session), String(session));
    for (const verb of ["get", "replace", "create"] as const) {
      world.store.fault = failing(verb);
      const change = async (one: Session): Promise<void> => {
        one.user = Math.random();
        if (verb === "create") await one.$regenerate();
      };
      const error = await errorOf(world.visit(cookie, change));
      seen.push(error, error.stack, error.message, JSON.stringify(error));
    }
    world.store.fault = undefined;
    await world.visit(cookie, (one) => one.$destroy());
    const shown = inspect([seen, world.told, log.mock.calls], { depth: 30, showHidden: true, showProxy: true });
    expect(shown).not.toContain(tokenOf(cookie));
    expect(shown).not.toContain(cookie.split(".")[1]);
    expect(shown).not.toContain(SECRET);
  });
});

describe("prototypes", () => {
  const before = JSON.stringify(Object.getOwnPropertyNames(Object.prototype));
  afterEach(() => {
    expect(JSON.stringify(Object.getOwnPropertyNames(Object.prototype))).toBe(before);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it.each<[string, (session: any) => unknown]>([
    ["a write through __proto__", (session) => (session.__proto__.polluted = 1)],
    ["a nested write through __proto__", (session) => (session.nested.__proto__.polluted = 1)],
    ["a key __proto__", (session) => (session["__proto__"] = { polluted: 1 })],
    ["a parsed key __proto__", (session) => (session.nested.a = JSON.parse('{"__proto__":{"polluted":1}}'))],
    ["Object.assign of one", (session) => Object.assign(session.nested, JSON.parse('{"__proto__":{"polluted":1}}'))],
    ["a key constructor", (session) => (session.nested.constructor = { prototype: { polluted: 1 } })],
    ["a key prototype", (session) => (session.prototype = { polluted: 1 })],
    ["$increment through __proto__", (session) => session.$increment(["__proto__", "polluted"])],
    ["$increment through constructor", (session) => session.$increment(["nested", "constructor", "prototype", "polluted"])],
    [
      "$update",
      (session) => session.$update((draft: any) => (draft.a = JSON.parse('{"constructor":{"prototype":{"polluted":1}}}'))),
    ],
    ["setPrototypeOf", (session) => Object.setPrototypeOf(session.nested, { polluted: 1 })],
    ["defineProperty", (session) => Object.defineProperty(session, "__proto__", { value: { polluted: 1 }, enumerable: true })],
  ])("cannot be reached by %s", async (_, attack) => {
    const world = new World();
    const { cookie } = await world.visit(undefined, write({ nested: {} }));
    const session = await world.manager.load(cookie);
    await expect(async () => attack(session)).rejects.toThrow();
    await world.manager.commit(session);
    expect(await world.dataOf(cookie)).toEqual({ nested: {} });
  });

  it.each([
    '{"__proto__":{"polluted":1}}',
    '{"a":{"constructor":{"prototype":{"polluted":1}}}}',
    '{"a":[{"__proto__":{"polluted":1}}]}',
  ])("cannot be reached by a record of %s", async (text) => {
    const { world, cookie } = await withSession();
    world.store.record = withData(world.store.record, text);
    expect(await world.dataOf(cookie)).toEqual({});
    expect(world.infos("corrupt")).toHaveLength(1);
  });
});
