import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Session } from "unsession";
import { encrypted } from "unsession/serializers/encrypted";
import { superjson } from "unsession/serializers/superjson";
import { World, type Answer, type RequestOptions, type Verb } from "./unit/_setup.ts";

/**
 * What each request costs, counted exactly: calls of the store, in their order, and `Set-Cookie` headers.
 *
 * The table of the design, with each row in every form that it takes.
 */

const SECRET = "a secret that is long enough to sign";
const TENTH = 100_000;

/** What differs each time that it is written, and what looks at data each time it is read or written. */
const ENCRYPTED = encrypted(superjson(), { keys: ["a key that is long enough to encrypt"] });
const SCHEMA = z.looseObject({ user: z.string().optional() });

interface Row {
  /** The session's state when the request comes; `none` for no cookie at all. */
  readonly begins?: "none" | "stored";
  /** Instead of the cookie of the stored session. */
  readonly cookie?: string;
  readonly options?: ConstructorParameters<typeof World>[0];
  /** Milliseconds between the last request and this one. */
  readonly after?: number;
  readonly handler?: (session: Session) => unknown;
  readonly request?: RequestOptions;
  readonly calls: readonly Verb[];
  readonly setCookie: "no" | "yes" | "clearing";
}

async function perform({ begins = "stored", options, cookie, after = 0, handler, request }: Row): Promise<Answer> {
  const world = new World({ idleTimeout: 1000, ...options });
  const data = { user: "alice", nested: { list: [1], when: new Date(0) } };
  const stored = await world.visit(undefined, (session) => void Object.assign(session, data));
  world.clock.advance(after);
  return world.visit(cookie ?? (begins === "none" ? undefined : stored.cookie), handler, request);
}

const kindOf = ([setCookie, ...others]: readonly string[]): string =>
  others.length > 0 ? "several" : setCookie === undefined ? "no" : /; Max-Age=0;/.test(setCookie) ? "clearing" : "yes";

const table = (rows: Record<string, Row>): void => {
  const forms = Object.entries(rows).flatMap(([name, row]) => [
    [name, row] as const,
    [`${name}, encrypted`, { ...row, options: { serializer: ENCRYPTED, ...row.options } }] as const,
    [`${name}, with a schema`, { ...row, options: { schema: SCHEMA, version: 1, ...row.options } }] as const,
  ]);
  it.each(forms)("%s", async (_, row) => {
    const { calls, setCookies } = await perform(row);
    expect({ calls, setCookie: kindOf(setCookies) }).toEqual({ calls: row.calls, setCookie: row.setCookie });
  });
};

const NOTHING = { calls: [], setCookie: "no" } as const;
const READ = { calls: ["get"], setCookie: "no" } as const;
const WRITTEN = { calls: ["get", "replace"], setCookie: "no" } as const;
const CREATED = { calls: ["create"], setCookie: "yes" } as const;
const ENDED = { calls: ["get", "replace"], setCookie: "clearing" } as const;

describe("a session that is used without a cookie, and only read, costs nothing", () => {
  table({
    "not used": { begins: "none", ...NOTHING },
    read: { begins: "none", handler: (session) => [session.user, "user" in session, Object.keys(session)], ...NOTHING },
    "flash read": { begins: "none", handler: (session) => session.$flash("note"), ...NOTHING },
    "written and taken back": { begins: "none", handler: (session) => void ((session.a = 1), delete session.a), ...NOTHING },
    cleared: { begins: "none", handler: (session) => session.$clear(), ...NOTHING },
    "cookie settings alone": { begins: "none", handler: (session) => void (session.$cookie.persistent = true), ...NOTHING },
    regenerated: { begins: "none", handler: (session) => session.$regenerate(), ...NOTHING },
    destroyed: { begins: "none", handler: (session) => session.$destroy(), ...NOTHING },
    "saved, without anything": { begins: "none", handler: (session) => session.$save(), ...NOTHING },
    reloaded: { begins: "none", handler: (session) => session.$reload(), ...NOTHING },
    "written before a 500": { begins: "none", handler: (session) => void (session.a = 1), request: { status: 500 }, ...NOTHING },
  });
});

describe("a malformed or badly signed token costs nothing", () => {
  table({
    malformed: { cookie: "session=a b", ...NOTHING },
    empty: { cookie: "session=", ...NOTHING },
    "too long": { cookie: `session=${"x".repeat(257)}`, ...NOTHING },
    unsigned: { cookie: `session=${"x".repeat(43)}`, options: { secret: SECRET }, ...NOTHING },
    "badly signed": { cookie: `session=${"x".repeat(43)}.${"y".repeat(43)}`, options: { secret: SECRET }, ...NOTHING },
    "500 of them": { cookie: "session=a b; ".repeat(500), ...NOTHING },
    "in a header of 20 KB": { cookie: `session=${"x".repeat(43)}; a=${"y".repeat(20_000)}`, ...NOTHING },
  });
});

describe("an unknown token costs one read", () => {
  table({
    read: { cookie: "session=unknown", handler: (session) => session.user, ...READ },
    written: {
      cookie: "session=unknown",
      handler: (session) => void (session.a = 1),
      calls: ["get", "create"],
      setCookie: "yes",
    },
    destroyed: { cookie: "session=unknown", handler: (session) => session.$destroy(), calls: ["get"], setCookie: "clearing" },
    "one of many": {
      cookie: "session=a; session=b; session=c; session=d; session=e",
      calls: ["get", "get", "get", "get"],
      setCookie: "no",
    },
  });
});

describe("reading an existing session costs one read", () => {
  table({
    "not at all": READ,
    "a key": { handler: (session) => session.user, ...READ },
    "what could be mutated unseen": { handler: (session) => session.nested.when.getTime(), ...READ },
    "every control": {
      handler: (session) => [session.$id, session.$isDirty, session.$changes, session.$expiresAt, session.$snapshot()],
      ...READ,
    },
    "a one-time value that there is not": { handler: (session) => session.$flash("note"), ...READ },
    signed: { options: { secret: SECRET }, handler: (session) => session.user, ...READ },
    "with raw tokens as keys": { options: { hashIds: false }, handler: (session) => session.user, ...READ },
    "just before a renewal step": { after: TENTH - 1, handler: (session) => session.user, ...READ },
    "of a session that never expires": { options: { idleTimeout: 0 }, after: TENTH, handler: (session) => session.user, ...READ },
  });
});

describe("reading at a renewal step costs one touch more, and sends the cookie again", () => {
  const renewed = { calls: ["get", "touch"], setCookie: "yes" } as const;
  table({
    read: { after: TENTH, handler: (session) => session.user, ...renewed },
    "not at all": { after: TENTH, ...renewed },
    "written with the value it had": { after: TENTH, handler: (session) => void (session.user = "alice"), ...renewed },
    "of a session that never expires": { options: { idleTimeout: null }, after: 40 * 86_400_000, ...renewed },
  });

  it("once, however many requests follow", async () => {
    const world = new World({ idleTimeout: 1000 });
    const { cookie } = await world.visit(undefined, (session) => void (session.user = "alice"));
    world.clock.advance(TENTH);
    const costs: string[] = [];
    for (let times = 0; times < 3; times++) costs.push((await world.visit(cookie)).calls.join());
    expect(costs).toEqual(["get,touch", "get", "get"]);
  });
});

describe("writing an existing session costs one read and one write", () => {
  table({
    "a key": { handler: (session) => void (session.user = "bob"), ...WRITTEN },
    "many keys": { handler: (session) => void Object.assign(session, { a: 1, b: 2, c: 3 }), ...WRITTEN },
    "a nested key": { handler: (session) => void (session.nested.list[0] = 2), ...WRITTEN },
    "a Date": { handler: (session) => void session.nested.when.setTime(1), ...WRITTEN },
    "an increment": { handler: (session) => session.$increment("views"), ...WRITTEN },
    "a one-time value": { handler: (session) => session.$flash("note", 1), ...WRITTEN },
    "the last key deleted": {
      handler: (session) => {
        delete session.user;
        delete session.nested;
      },
      ...WRITTEN,
    },
    "saved, and nothing after it": {
      handler: async (session) => {
        session.user = "bob";
        await session.$save();
      },
      ...WRITTEN,
    },
    updated: { handler: (session) => session.$update((draft) => void (draft["views"] = 1)), ...WRITTEN },
    "at a renewal step": { after: TENTH, handler: (session) => void (session.user = "bob"), ...WRITTEN, setCookie: "yes" },
    "with a setting of the cookie": { handler: (session) => void (session.$cookie.maxAge = 60), ...WRITTEN, setCookie: "yes" },
  });
});

describe("writing what was there costs one read", () => {
  table({
    "the same value": { handler: (session) => void (session.user = "alice"), ...READ },
    "an equal object": { handler: (session) => void (session.nested = { list: [1], when: new Date(0) }), ...READ },
    "changed and changed back": {
      handler: (session) => {
        session.user = "bob";
        session.nested.list.push(2);
        session.user = "alice";
        session.nested.list.pop();
      },
      ...READ,
    },
    "deleted and set again": {
      handler: (session) => {
        const { nested } = session;
        delete session.nested;
        session.nested = nested;
      },
      ...READ,
    },
    "an absent key deleted": { handler: (session) => delete session["absent"], ...READ },
    "an increment by nothing": { handler: (session) => session.$increment("views", 0), ...READ },
    "a one-time value set and read": { handler: (session) => [session.$flash("note", 1), session.$flash("note")], ...READ },
    "an update that changes nothing": { handler: (session) => session.$update((draft) => draft["user"]), ...READ },
    "a setting of the cookie, and back": {
      handler: (session) => {
        session.$cookie.maxAge = 60;
        session.$cookie.maxAge = undefined;
      },
      ...READ,
    },
    "before a 500": { handler: (session) => void (session.user = "bob"), request: { status: 500 }, ...READ },
  });
});

describe("a new session with data costs one write", () => {
  table({
    "a key": { begins: "none", handler: (session) => void (session.user = "bob"), ...CREATED },
    "a one-time value": { begins: "none", handler: (session) => session.$flash("note", 1), ...CREATED },
    "an increment": { begins: "none", handler: (session) => session.$increment("views"), ...CREATED },
    "an update": { begins: "none", handler: (session) => session.$update((draft) => void (draft["a"] = 1)), ...CREATED },
    "regenerated first": {
      begins: "none",
      handler: async (session) => {
        await session.$regenerate();
        session.user = "bob";
      },
      ...CREATED,
    },
    signed: { begins: "none", options: { secret: SECRET }, handler: (session) => void (session.user = "bob"), ...CREATED },
  });
});

describe("ending a session costs two calls at most after the load", () => {
  table({
    destroyed: { handler: (session) => session.$destroy(), ...ENDED },
    "destroyed after a write": {
      handler: async (session) => {
        session.user = "bob";
        await session.$destroy();
      },
      ...ENDED,
    },
    "destroyed twice": {
      handler: async (session) => {
        await session.$destroy();
        await session.$destroy();
      },
      ...ENDED,
    },
    "destroyed at a renewal step": { after: TENTH, handler: (session) => session.$destroy(), ...ENDED },
    "destroyed before a 500": { handler: (session) => session.$destroy(), request: { status: 500 }, ...ENDED },
    cleared: { handler: (session) => session.$clear(), ...ENDED },
  });
});

describe("a new token for an existing session", () => {
  table({
    "costs one read, one create and one write": {
      handler: (session) => session.$regenerate(),
      calls: ["get", "create", "replace"],
      setCookie: "yes",
    },
    "costs one write more where data is written too": {
      handler: async (session) => {
        await session.$regenerate();
        session.user = "bob";
      },
      calls: ["get", "create", "replace", "replace"],
      setCookie: "yes",
    },
  });
});
