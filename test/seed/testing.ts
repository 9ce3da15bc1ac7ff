/** sanic_session, its page on testing, and its 14 unit tests: features.md, table 5f. */
import { H3 } from "h3";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createSessionManager, type Session, type SessionManager } from "unsession";
import memory from "unsession/drivers/memory";
import { sessionMiddleware, useSession } from "unsession/h3";
import { ask, cookieIn, DAY, index, newStore, start, tokenIn, type World } from "./_setup.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

/** The seed's `main.py`: memory where the tests run, and elsewhere a server. */
function main(): { app: H3; sessions: SessionManager } {
  const sessions = createSessionManager({
    storage: () => (process.env["TESTING"] ? memory() : Promise.reject(new Error("no server at localhost:6379"))),
  });
  return { app: new H3({ silent: true }).use(sessionMiddleware(sessions)).get("/", index), sessions };
}

describe("5f testing page", () => {
  it("5f Swap store by environment: memory if TESTING is set, and the server otherwise", async () => {
    vi.stubEnv("TESTING", undefined);
    expect((await ask(main().app, "/")).status).toBe(503);
    vi.stubEnv("TESTING", "True");
    expect((await ask(main().app, "/")).body).toBe("1");
  });

  it("5f Id from the response cookie: its value is the token, and what find takes, signed too", async () => {
    const token = "t".repeat(43);
    const plain = start({ generateToken: () => token });
    expect(tokenIn(await plain.visit((session) => (session.foo = 1)))).toBe(token);
    const signed = start({ generateToken: () => token, secret: "s".repeat(32) });
    const value = tokenIn(await signed.visit((session) => (session.foo = 1)));
    expect(value).toMatch(/^t{43}\.[\w-]{43}$/);
    expect([await signed.manager.find(value), await signed.manager.find(token)]).toEqual([{ foo: 1 }, undefined]);
  });

  it("5f session_interface.get_session(session_id): manager.find(token) gives what is stored, and touches nothing", async () => {
    const told: string[] = [];
    const { visit, manager, calls, clock } = start({
      hooks: { loaded: () => told.push("loaded"), touched: () => told.push("touched") },
    });
    const token = tokenIn(await visit((session) => (session.foo = 1)));
    clock.advance(29 * DAY);
    calls.length = 0;
    expect(await manager.find(token)).toEqual({ foo: 1 });
    expect([calls.map(({ verb }) => verb), told]).toEqual([["get"], []]);
    expect(await manager.find("unknown")).toBeUndefined();
  });

  it("5f Reuse the id in the next request: a Cookie header with the token is the same session", async () => {
    const { visit } = start();
    const token = tokenIn(await visit((session) => (session.foo = 1)));
    expect((await visit((session) => session.foo, `session=${token}`)).body).toBe("1");
  });

  it("5f Read again and compare: test_session_increments_counter, as the page has it", async () => {
    vi.stubEnv("TESTING", "True");
    const { app, sessions } = main();
    const response = await ask(app, "/");
    const token = tokenIn(response);
    let session = await sessions.find(token);
    expect(session?.["foo"], "foo should initially equal 1").toBe(1);
    await ask(app, "/", `session=${token}`);
    session = await sessions.find(token);
    expect(session?.["foo"], "foo should increment on subsequent requests").toBe(2);
  });
});

const SID = "5235262626";
const COOKIE = `cookie=${SID}`;

/** What each of the upstream tests begins with: `{ foo: "bar" }` stored under SID, and its cookie. */
async function seeded(cookie: object = {}, prefix = "session:"): Promise<World> {
  const world = start({ prefix, hashIds: false, generateToken: () => SID, cookie: { name: "cookie", ...cookie } });
  await world.visit((session) => (session.foo = "bar"));
  world.calls.length = 0;
  return world;
}

const write = (session: Session): unknown => (session.foo = "baz");

describe("5f upstream unit tests", () => {
  it("5f test_should_create_new_sid_if_no_cookie: one token is made, for an empty session, once it has data (ours)", async () => {
    let made = 0;
    const { visit } = start({ generateToken: () => `${SID}${++made}` });
    expect((await visit((session) => session)).body).toBe("{}");
    expect(made).toBe(0);
    await visit((session) => (session.foo = 1));
    expect(made).toBe(1);
  });

  it("5f test_should_return_data_from_session_store: one read of prefix + SID, and no new token", async () => {
    const { visit, calls } = await seeded();
    const answer = await visit((session) => session.foo, COOKIE);
    expect([answer.body, answer.cookies]).toEqual(["bar", []]);
    expect(calls).toEqual([{ verb: "get", key: `session:${SID}` }]);
  });

  it("5f test_should_use_prefix_in_store_key", async () => {
    const { visit, calls } = await seeded({}, "differentprefix:");
    expect((await visit((session) => session.foo, COOKIE)).body).toBe("bar");
    expect(calls).toEqual([{ verb: "get", key: `differentprefix:${SID}` }]);
  });

  it("5f test_should_use_return_empty_session_via_store: where the store has nothing for the cookie", async () => {
    const { visit, calls } = start({ prefix: "differentprefix:", hashIds: false, cookie: { name: "cookie" } });
    expect((await visit((session) => session, COOKIE)).body).toBe("{}");
    expect(calls).toEqual([{ verb: "get", key: `differentprefix:${SID}` }]);
  });

  it("5f test_should_attach_session_to_request: the session is the one on event.context", async () => {
    const { visit } = await seeded();
    expect((await visit((session, { context }) => session === context.session, COOKIE)).body).toBe("true");
  });

  it("5f test_should_delete_session_from_store: nothing is deleted where nothing is, and the cookies stay (ours)", async () => {
    const { visit, calls } = start({ hashIds: false, cookie: { name: "cookie" } });
    const answer = await visit((session) => session, COOKIE);
    expect(calls).toEqual([{ verb: "get", key: `session:${SID}` }]);
    expect(answer.cookies, "should not change response cookies").toEqual([]);
  });

  it("5f test_should_expire_cookies_if_modified: clear expires the cookie", async () => {
    const { visit, clock } = await seeded();
    const { attributes } = cookieIn(await visit((session) => session.$clear(), COOKIE));
    expect(attributes["Max-Age"]).toBe("0");
    expect(Date.parse(attributes["Expires"] as string)).toBeLessThan(clock.now());
  });

  it("5f test_should_save_in_memory_for_time_specified: 2592000 seconds", async () => {
    const { visit, calls, store } = await seeded();
    await visit(write, COOKIE);
    expect(calls.at(-1)).toEqual({ verb: "replace", key: `session:${SID}`, ttl: 2_592_000 * 1000 });
    expect(store.get(`session:${SID}`)?.value).toMatch(/\{"foo":"baz"\}$/);
  });

  it("5f test_should_reset_cookie_expiry: a write renews the cookie, once a tenth of its time is over (ours; there each time)", async () => {
    const { visit, clock } = await seeded();
    expect((await visit(write, COOKIE)).cookies).toEqual([]);
    clock.advance(3 * DAY);
    expect(cookieIn(await visit((session) => (session.foo = "again"), COOKIE))).toMatchObject({
      name: "cookie",
      value: SID,
      attributes: { "Max-Age": "2592000" },
    });
  });

  it("5f test_sessioncookie_should_omit_request_headers: no Max-Age and no Expires, also when renewed", async () => {
    const { visit, clock } = await seeded({ persistent: false });
    clock.advance(3 * DAY);
    const { value, attributes } = cookieIn(await visit((session) => session.foo, COOKIE));
    expect([value, Object.keys(attributes)]).toEqual([SID, ["Path", "HttpOnly", "SameSite"]]);
  });

  it("5f test_sessioncookie_delete_has_expiration_headers", async () => {
    const { visit, clock } = await seeded({ persistent: false });
    const { attributes } = cookieIn(await visit((session) => session.$clear(), COOKIE));
    expect(attributes["Max-Age"]).toBe("0");
    expect(Date.parse(attributes["Expires"] as string)).toBeLessThan(clock.now());
  });

  it("5f test_samesite_dict_set_lax", async () => {
    const { visit } = start({ cookie: { sameSite: "lax" } });
    expect(cookieIn(await visit(write)).attributes["SameSite"]).toBe("Lax");
  });

  it("5f test_samesite_dict_set_None: no attribute, by false (ours is lax by default)", async () => {
    const { visit } = start({ cookie: { sameSite: false } });
    expect(Object.keys(cookieIn(await visit(write)).attributes)).not.toContain("SameSite");
  });

  it("5f test_two_sessions: two objects under two names, with ids of their own", async () => {
    const storage = newStore();
    const uno = { storage, name: "session_uno", prefix: "prefix_uno", cookie: { name: "cookie_uno" } };
    const dos = { storage, name: "session_dos", prefix: "prefix_dos", cookie: { name: "cookie_dos" } };
    const app = new H3().use(sessionMiddleware(uno)).use(sessionMiddleware(dos));
    app.get("/", async (event) => {
      const sessions = [await useSession(event, "session_uno"), await useSession(event, "session_dos")] as const;
      for (const session of sessions) session.foo ??= 1;
      const { session_uno: one, session_dos: two } = event.context;
      return [one === sessions[0], two === sessions[1], one !== two, sessions[0].$id !== sessions[1].$id];
    });
    const first = await ask(app, "/");
    const cookies = first.cookies.map((cookie) => cookie.split(";")[0]).join("; ");
    expect(JSON.parse((await ask(app, "/", cookies)).body)).toEqual([true, true, true, true]);
    expect([...storage.keys("")].map((key) => key.slice(0, 10)).sort()).toEqual(["prefix_dos", "prefix_uno"]);
  });
});
