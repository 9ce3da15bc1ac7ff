import { describe, expect, it } from "vitest";
import { createSessionManager, type Session, type SessionOptions, type StoreErrorPolicy } from "unsession";
import { createClock, createFaultyStore, seedSession, type FaultyStore } from "unsession/testing";
import { errorOf } from "./_setup.ts";

/** How a store goes wrong at load, and at save. */
const LOAD_FAULTS = {
  "is down": (store: FaultyStore) => store.fail("all"),
  hangs: (store: FaultyStore) => store.hang("all"),
  "drops what it is asked": (store: FaultyStore) => store.drop("all"),
};
const SAVE_FAULTS = {
  "is down": (store: FaultyStore) => store.fail(["get", "create", "replace", "touch"]),
  hangs: (store: FaultyStore) => store.hang(["get", "create", "replace", "touch"]),
  "drops what it is asked": (store: FaultyStore) => store.drop(["get", "create", "replace", "touch"]),
};

async function begin(onStoreError: SessionOptions["onStoreError"], options: SessionOptions = {}) {
  const store = createFaultyStore();
  const errors: { id: string | undefined; error: unknown }[] = [];
  const clock = createClock();
  const sessions = createSessionManager({
    storage: store,
    onStoreError,
    now: clock.now,
    timeouts: { load: 20, save: 20 },
    hooks: { error: (info) => void errors.push(info) },
    ...options,
  });
  const cookie = await seedSession(sessions, { user: "alice" });
  const value = cookie.split("=")[1] as string;
  return { store, sessions, cookie, errors, clock, stored: () => sessions.find(value) };
}

const CONTROLS: Record<string, (session: Session) => Promise<unknown>> = {
  $save: (session) => session.$save(),
  $update: (session) => session.$update(() => 1),
  $reload: (session) => session.$reload(),
  $regenerate: (session) => session.$regenerate(),
  $destroy: (session) => session.$destroy(),
};

describe.each(Object.entries(LOAD_FAULTS))("where the store %s at load", (_, fault) => {
  it("the request ends with 503 by default", async () => {
    const { store, sessions, cookie } = await begin(undefined);
    fault(store);
    expect(await errorOf(sessions.load(cookie))).toMatchObject({ code: "ERR_SESSION_STORE", status: 503 });
  });

  it.each(["readonly", "ephemeral"] as const)("%s gives an empty session that says so", async (policy) => {
    const { store, sessions, cookie } = await begin(policy);
    fault(store);
    const session = await sessions.load(cookie);
    expect([session.$isDegraded, { ...session }, session.$id, session.$isDirty]).toEqual([true, {}, undefined, false]);
  });

  it.each(["readonly", "ephemeral"] as const)("%s leaves record and cookie alone", async (policy) => {
    const { store, sessions, cookie, stored } = await begin(policy);
    fault(store);
    const session = await sessions.load(cookie);
    if (policy === "ephemeral") Object.assign(session, { user: "mallory" });
    store.heal();
    store.resetCalls();
    expect(await sessions.commit(session, new Response())).toEqual([]);
    expect(store.calls).toMatchObject({ create: 0, replace: 0, touch: 0, remove: 0 });
    expect(await stored()).toEqual({ user: "alice" });
  });

  it.each(Object.keys(CONTROLS))("what is asked for by name throws: %s", async (control) => {
    const { store, sessions, cookie, stored } = await begin("ephemeral");
    fault(store);
    const session = await sessions.load(cookie);
    store.heal();
    expect(await errorOf((CONTROLS[control] as (typeof CONTROLS)[string])(session))).toMatchObject({ code: "ERR_SESSION_STORE" });
    expect(await stored()).toEqual({ user: "alice" });
  });
});

describe("a session that could not be read", () => {
  const writes: Record<string, (session: Session) => unknown> = {
    "a key": (session) => (session.user = "bob"),
    "a delete": (session) => delete session.user,
    "an increment": (session) => session.$increment("views"),
    "a one-time value": (session) => session.$flash("note", 1),
    "a setting of the cookie": (session) => (session.$cookie.persistent = true),
    $clear: (session) => session.$clear(),
  };

  it.each(Object.keys(writes))("refuses, where it is read-only, %s", async (write) => {
    const { store, sessions, cookie } = await begin("readonly");
    store.fail("get");
    const session = await sessions.load(cookie);
    let thrown: unknown;
    try {
      (writes[write] as (session: Session) => unknown)(session);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "ERR_SESSION_STORE", status: 503, cause: { code: "ERR_SESSION_STORE" } });
  });

  it("shows what is written to it until the request ends, where it is ephemeral", async () => {
    const { store, sessions, cookie } = await begin("ephemeral");
    store.fail("get");
    const session = await sessions.load(cookie);
    session.cart = ["apple"];
    session.$flash("note", "once");
    session.cart.push("pear");
    expect([session.cart, session.$flash("note"), session.$flash("note")]).toEqual([["apple", "pear"], "once", undefined]);
  });

  it("keeps its response from other readers", async () => {
    const { store, sessions, cookie } = await begin("readonly");
    store.fail("get");
    const session = await sessions.load(cookie);
    void session.user;
    const headers = new Headers({ "cache-control": "public" });
    await sessions.commit(session, { status: 200, headers });
    expect([headers.get("vary"), headers.get("cache-control")]).toEqual(["Cookie", "private"]);
  });

  it("is no matter of a request without a cookie", async () => {
    const { store, sessions } = await begin("readonly");
    store.fail("all");
    const session = await sessions.load(undefined);
    expect(session.$isDegraded).toBe(false);
    expect(await sessions.commit(session)).toEqual([]);
  });

  it("tells the `error` hook", async () => {
    const { store, sessions, cookie, errors } = await begin("ephemeral");
    store.fail("get");
    await sessions.load(cookie);
    expect(errors).toMatchObject([{ error: { code: "ERR_SESSION_STORE" } }]);
  });
});

describe.each(Object.entries(SAVE_FAULTS))("where the store %s at save", (_, fault) => {
  it.each(["throw", "readonly"] as const)("%s refuses the response", async (policy) => {
    const { store, sessions, cookie } = await begin(policy);
    const session = await sessions.load(cookie);
    session.user = "bob";
    fault(store);
    expect(await errorOf(sessions.commit(session))).toMatchObject({ code: "ERR_SESSION_STORE", status: 503 });
  });

  it("ephemeral lets the response go out, and tells the `error` hook which session lost its changes", async () => {
    const { store, sessions, cookie, errors, stored } = await begin("ephemeral");
    const session = await sessions.load(cookie);
    session.user = "bob";
    fault(store);
    expect(await sessions.commit(session, new Response())).toEqual([]);
    expect(errors.at(-1)).toMatchObject({ id: session.$id, error: { code: "ERR_SESSION_STORE" } });
    store.heal();
    expect(await stored()).toEqual({ user: "alice" });
  });

  it("ephemeral sends no cookie for a session that was not created", async () => {
    const { store, sessions } = await begin("ephemeral");
    const session = await sessions.load(undefined);
    session.user = "bob";
    fault(store);
    expect(await sessions.commit(session)).toEqual([]);
  });

  it.each(["$save", "$update", "$regenerate", "$destroy"])("ephemeral lets %s throw", async (control) => {
    const { store, sessions, cookie } = await begin("ephemeral");
    const session = await sessions.load(cookie);
    session.user = "bob";
    fault(store);
    expect(await errorOf((CONTROLS[control] as (typeof CONTROLS)[string])(session))).toMatchObject({ code: "ERR_SESSION_STORE" });
  });
});

describe("ephemeral", () => {
  it("still sends the token of a session that was regenerated before the store failed", async () => {
    const { store, sessions, cookie } = await begin("ephemeral");
    const session = await sessions.load(cookie);
    await session.$regenerate();
    session.user = "bob";
    store.fail("all");
    const [setCookie = ""] = await sessions.commit(session);
    store.heal();
    expect(await sessions.find(setCookie.split(/[=;]/)[1] as string)).toEqual({ user: "alice" });
  });

  it("forgives nothing but the store", async () => {
    const { sessions, cookie } = await begin("ephemeral", { maxBytes: 100 });
    const session = await sessions.load(cookie);
    session.user = "x".repeat(100);
    expect(await errorOf(sessions.commit(session))).toMatchObject({ code: "ERR_SESSION_TOO_LARGE" });
  });

  it("does not overwrite a record that was damaged meanwhile", async () => {
    const { store, sessions, cookie } = await begin("ephemeral");
    const session = await sessions.load(cookie);
    session.user = "bob";
    const key = `session:${session.$id}`;
    const entry = (await store.get(key)) as { value: string };
    await store.replace(key, "damaged", entry, undefined);
    await sessions.commit(session);
    expect(await store.get(key)).toMatchObject({ value: "damaged" });
  });
});

describe("the policy of a request", () => {
  it("is chosen by a function of what the adapter gives", async () => {
    const asked: unknown[] = [];
    const { store, sessions, cookie } = await begin((event) => {
      asked.push(event);
      return event === "health" ? "ephemeral" : "throw";
    });
    asked.length = 0;
    store.fail("get");
    expect((await sessions.load(cookie, { event: "health" })).$isDegraded).toBe(true);
    expect(await errorOf(sessions.load(cookie))).toMatchObject({ code: "ERR_SESSION_STORE" });
    expect(asked).toEqual(["health", undefined]);
  });

  it("is one of three, whatever the function gives", async () => {
    const sessions = createSessionManager({ onStoreError: () => "never" as StoreErrorPolicy });
    const error = await errorOf(sessions.load(undefined));
    expect(error).toMatchObject({ code: "ERR_SESSION_OPTIONS" });
    expect(error.message).toContain('Option `onStoreError` is a string. Give it "throw", "readonly", "ephemeral" or a function');
  });
});
