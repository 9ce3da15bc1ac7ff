/**
 * sanic_session, options: features.md, table 5c.
 *
 * What waits for a later release, and has no test yet:
 *
 * | row | waits for |
 * | --- | --- |
 * | `coll` (Mongo) | MongoDB store |
 */
import { H3 } from "h3";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSessionManager, type CookieOptions, type Session, type SessionOptions } from "unsession";
import { sessionMiddleware, useSession } from "unsession/h3";
import { cookieOf, type Answer } from "../integration/_setup.ts";
import { ask, cookieIn, DAY, newStore, start, tokenIn } from "./_setup.ts";

const write = (session: Session): unknown => (session.foo = 1);

/** The attributes of the cookie of a new session. */
async function attributesWith(cookie: CookieOptions, origin?: string): Promise<Record<string, string | true>> {
  return cookieIn(await start({ cookie }).visit(write, undefined, origin)).attributes;
}

/** The answers that set a cookie, and that clear it. */
async function setAndClear(options: SessionOptions): Promise<[set: Answer, clear: Answer]> {
  const { visit } = start(options);
  const set = await visit(write);
  return [set, await visit((session) => session.$destroy(), cookieOf(set))];
}

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe("5c options", () => {
  it("5c domain: it is attached to the cookie, and none by default", async () => {
    expect((await attributesWith({}))["Domain"]).toBeUndefined();
    expect((await attributesWith({ domain: "example.com" }))["Domain"]).toBe("example.com");
    expect((await attributesWith({ domain: ".example.com" }))["Domain"]).toBe(".example.com");
  });

  it("5c domain: it is sent with the deletion too, or the browser would keep the cookie (ours)", async () => {
    const cookies = await setAndClear({ cookie: { domain: ".example.com", path: "/app" } });
    for (const { attributes } of cookies.map(cookieIn))
      expect(attributes).toMatchObject({ Domain: ".example.com", Path: "/app" });
  });

  it("5c expiry: seconds for the store and the cookie, 30 days by default", async () => {
    for (const [idleTimeout, seconds] of [
      [undefined, 2_592_000],
      [3600, 3600],
    ] as const) {
      const { visit, manager, calls, clock, store } = start({ idleTimeout });
      const first = await visit(write);
      expect(cookieIn(first).attributes["Max-Age"]).toBe(String(seconds));
      expect(calls).toEqual([expect.objectContaining({ verb: "create", ttl: seconds * 1000 })]);
      clock.advance(seconds * 1000 - 1);
      expect(await manager.find(tokenIn(first))).toEqual({ foo: 1 });
      clock.advance(1);
      expect(await manager.find(tokenIn(first))).toBeUndefined();
      expect(store.size).toBe(0);
    }
  });

  it("5c expiry: the server keeps to it where the store does not", async () => {
    const expired: unknown[] = [];
    const { visit, store, keys, clock } = start({ idleTimeout: 60, hooks: { expired: (info) => expired.push(info) } });
    const cookie = cookieOf(await visit(write));
    const [key] = keys() as [string];
    store.set(key, store.get(key)?.value as string, undefined);
    clock.advance(60_000);
    expect((await visit((session) => ({ foo: session.foo ?? null }), cookie)).body).toBe('{"foo":null}');
    expect(expired).toEqual([{ id: key.slice("session:".length) }]);
  });

  it.each([
    ["a fraction", 1.5],
    ["a negative number", -1],
    ["text", "60" as unknown as number],
  ])("5c expiry: %s is refused (ours)", (_, idleTimeout) => {
    expect(() => createSessionManager({ idleTimeout })).toThrow(
      /Option `idleTimeout` is .*\. Give it a whole number of seconds, at least 1, 0 or null for never/,
    );
  });

  describe("5c expiry=0 or None", () => {
    let warn: ReturnType<typeof vi.spyOn>;
    beforeEach(() => {
      warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    });

    it.each([
      ["0", 0],
      ["None", null],
    ])(
      "5c expiry=%s: the session is permanent, as documented (there it expires at once, or is an error)",
      async (_, idleTimeout) => {
        const { visit, calls, clock, keys } = start({ idleTimeout });
        const first = await visit(write);
        expect(calls).toEqual([{ verb: "create", key: keys()[0], ttl: undefined }]);
        expect(cookieIn(first).attributes["Max-Age"]).toBe(String(400 * 24 * 60 * 60));
        clock.advance(36_500 * DAY);
        const later = await visit((session) => ({ foo: session.foo, expiresAt: session.$expiresAt }), cookieOf(first));
        expect(JSON.parse(later.body)).toEqual({ foo: 1, expiresAt: null });
      },
    );

    it("5c expiry=0 or None: the cookie, which browsers keep for 400 days, is renewed every 40 by a mere read", async () => {
      const { visit, clock } = start({ idleTimeout: 0 });
      const cookie = cookieOf(await visit(write));
      const read = (): Promise<Answer> => visit((session) => session.foo, cookie);
      clock.advance(40 * DAY - 1);
      expect((await read()).cookies).toEqual([]);
      clock.advance(1);
      const renewed = await read();
      expect([cookieOf(renewed), cookieIn(renewed).attributes["Max-Age"]]).toEqual([cookie, "34560000"]);
      expect((await read()).cookies).toEqual([]);
    });

    it("5c expiry=0 or None: a note says so when the manager is made, once", () => {
      for (let managers = 0; managers < 2; managers++) createSessionManager({ idleTimeout: 0, prefix: "noted:" });
      expect(warn.mock.calls).toEqual([[expect.stringContaining("Sessions never expire: `idleTimeout` is 0 or null")]]);
    });

    it("5c expiry=0 or None: an absolute timeout still ends the session", async () => {
      const { visit, clock, manager } = start({ idleTimeout: null, absoluteTimeout: 3600 });
      const first = await visit(write);
      expect(cookieIn(first).attributes["Max-Age"]).toBe("3600");
      clock.advance(3600_000);
      expect(await manager.find(tokenIn(first))).toBeUndefined();
      expect(warn).not.toHaveBeenCalled();
    });
  });

  it("5c sliding: who keeps coming stays, and the renewal is throttled to each tenth of the window (ours)", async () => {
    const { visit, calls, clock } = start({ idleTimeout: 1000 });
    const cookie = cookieOf(await visit(write));
    const verbs: string[][] = [];
    for (const seconds of [99, 1, 99, 900]) {
      clock.advance(seconds * 1000);
      calls.length = 0;
      const answer = await visit((session) => session.foo, cookie);
      expect(answer.body).toBe("1");
      verbs.push([...calls.map(({ verb }) => verb), ...(answer.cookies.length > 0 ? ["cookie"] : [])]);
    }
    expect(verbs).toEqual([["get"], ["get", "touch", "cookie"], ["get"], ["get", "touch", "cookie"]]);
    clock.advance(1_000_000);
    expect((await visit((session) => ({ foo: session.foo ?? null }), cookie)).body).toBe('{"foo":null}');
  });

  it("5c httponly: the flag is there by default, and not with false", async () => {
    expect((await attributesWith({}))["HttpOnly"]).toBe(true);
    expect((await attributesWith({ httpOnly: true }))["HttpOnly"]).toBe(true);
    expect((await attributesWith({ httpOnly: false }))["HttpOnly"]).toBeUndefined();
  });

  it("5c cookie_name: `session` by default, any other name that is a token", async () => {
    expect(cookieIn(await start().visit(write)).name).toBe("session");
    const { visit } = start({ cookie: { name: "myapp" } });
    const first = await visit(write);
    expect(cookieIn(first).name).toBe("myapp");
    expect((await visit((session) => session.foo, `session=other; ${cookieOf(first)}`)).body).toBe("1");
    for (const name of ["", "my app", "a;b", "a=b", "é"]) {
      expect(() => createSessionManager({ cookie: { name } })).toThrow(/Option `cookie.name` is a string\. Give it a token/);
    }
  });

  it("5c prefix: the key is prefix + $id (ours), and prefix + token with hashIds: false (as there)", async () => {
    for (const prefix of ["session:", "sessionprefix:", "prefix_uno", ""]) {
      const hashed = start({ prefix });
      const id = tokenIn(await hashed.visit(write));
      await hashed.visit((session) => expect(hashed.keys()).toEqual([prefix + session.$id]), `session=${id}`);
      const plain = start({ prefix, hashIds: false });
      const token = tokenIn(await plain.visit(write));
      expect(plain.keys()).toEqual([prefix + token]);
    }
  });

  it.each(["a/b:", "a::b", "a?b", "a b", "a$", "../", ":a"])(
    "5c prefix: %j, which is not safe in every store, is refused (ours)",
    (prefix) => {
      expect(() => createSessionManager({ prefix })).toThrow("Option `prefix` is a string.");
    },
  );

  it("5c sessioncookie: no Max-Age and no Expires, and the expiry is kept on the server", async () => {
    const { visit, clock, manager } = start({ cookie: { persistent: false }, idleTimeout: 60 });
    const first = await visit(write);
    expect(Object.keys(cookieIn(first).attributes)).toEqual(["Path", "HttpOnly", "SameSite"]);
    clock.advance(59_999);
    expect(await manager.find(tokenIn(first))).toEqual({ foo: 1 });
    clock.advance(1);
    expect(await manager.find(tokenIn(first))).toBeUndefined();
  });

  it("5c samesite: lax by default (ours), strict, none with Secure enforced, false for no attribute", async () => {
    expect((await attributesWith({}))["SameSite"]).toBe("Lax");
    expect((await attributesWith({ sameSite: "lax" }))["SameSite"]).toBe("Lax");
    expect((await attributesWith({ sameSite: "strict" }))["SameSite"]).toBe("Strict");
    expect(await attributesWith({ sameSite: "none" })).toMatchObject({ SameSite: "None", Secure: true });
    expect((await attributesWith({ sameSite: false }))["SameSite"]).toBeUndefined();
    expect(() => createSessionManager({ cookie: { sameSite: "none", secure: false } })).toThrow(
      'Option `cookie.secure` is the boolean false. Give it true or "auto" with `sameSite: "none"`',
    );
    expect(() => createSessionManager({ cookie: { sameSite: "Lax" as "lax" } })).toThrow("Option `cookie.sameSite` is a string.");
  });

  it("5c session_name: event.context.alt_session, and event.context.session by default", async () => {
    const named = await start({ name: "alt_session" }).visit((session, { context }) => [
      context["alt_session"] === session,
      "session" in context,
    ]);
    const unnamed = await start().visit((session, { context }) => context.session === session);
    expect([named.body.replace(/\s/g, ""), unnamed.body]).toEqual(["[true,false]", "true"]);
    for (const name of ["", "__proto__", "params", "a b"]) {
      expect(() => createSessionManager({ name })).toThrow("Option `name` is a string. Give it a name for `event.context`");
    }
  });

  it('5c secure: true and false are taken as they are, and "auto", the default, goes by the scheme (ours)', async () => {
    const [http, https] = ["http://example.com", "https://example.com"];
    const secureWith = async (cookie: CookieOptions, origin: string): Promise<boolean> =>
      "Secure" in (await attributesWith(cookie, origin));
    expect([await secureWith({ secure: true }, http), await secureWith({ secure: true }, https)]).toEqual([true, true]);
    expect([await secureWith({ secure: false }, http), await secureWith({ secure: false }, https)]).toEqual([false, false]);
    expect([await secureWith({}, http), await secureWith({}, https)]).toEqual([false, true]);
    vi.stubEnv("NODE_ENV", "production");
    expect(await secureWith({}, http)).toBe(true);
  });

  it("5c path: `/` by default, and any other (ours)", async () => {
    expect((await attributesWith({}))["Path"]).toBe("/");
    expect((await attributesWith({ path: "/app" }))["Path"]).toBe("/app");
    expect(() => createSessionManager({ cookie: { path: "app" } })).toThrow("Option `cookie.path` is a string.");
  });

  describe("5c Multiple sessions", () => {
    const both = (one: SessionOptions, other: SessionOptions): H3 =>
      new H3({ silent: true })
        .use(sessionMiddleware(one))
        .use(sessionMiddleware(other))
        .get("/", async (event) => {
          (await useSession(event, one.name ?? "session")).foo = 1;
          (await useSession(event, other.name ?? "session")).foo = 2;
          return "both";
        });
    const alt = { name: "alt", cookie: { name: "alt" } };

    it("5c Multiple sessions: they stand side by side with names, cookies and, on one store, prefixes of their own", async () => {
      const store = newStore();
      const answer = await ask(both({ storage: store }, { ...alt, storage: store, prefix: "alt:" }), "/");
      expect([answer.body, answer.cookies.length]).toEqual(["both", 2]);
      expect([...store.keys("")].map((key) => key.split(":")[0]).sort()).toEqual(["alt", "session"]);
    });

    const storage = newStore();
    it.each([
      ["session_name", { cookie: { name: "alt" } }, 'the same `name` "session"'],
      ["cookie_name", { name: "alt" }, 'the same `cookie.name` "session"'],
      ["prefix on one store", { ...alt, storage }, 'the same `prefix` on one storage "session:"'],
    ])(
      "5c Multiple sessions: the same %s is refused on the first request, with what to change (ours)",
      async (_, other, message) => {
        const errors: unknown[] = [];
        const app = both({ storage }, other);
        app.config.onError = (error) => void errors.push(error.cause ?? error);
        expect((await ask(app, "/")).status).toBe(500);
        expect(errors).toEqual([
          expect.objectContaining({ code: "ERR_SESSION_OPTIONS", message: expect.stringContaining(message) }),
        ]);
      },
    );
  });
});
