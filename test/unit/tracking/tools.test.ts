import { deepStrictEqual, notDeepStrictEqual } from "node:assert/strict";
import { Console } from "node:console";
import { PassThrough } from "node:stream";
import { format, inspect } from "node:util";
import { createSessionManager, snapshot, type Session } from "unsession";
import { beforeEach, describe, expect, it } from "vitest";

const DATA = { user: { name: "ada", tags: ["x"] }, at: new Date(5), map: new Map([["k", { n: 1 }]]), set: new Set([1]) };

let session: Session;
let token: string;

beforeEach(async () => {
  const manager = createSessionManager();
  const first = await manager.load();
  Object.assign(first, structuredClone(DATA));
  const [cookie] = await manager.commit(first);
  token = /=([^;]+)/.exec(cookie as string)?.[1] as string;
  session = await manager.load(`session=${token}`);
});

/** What lodash, is-plain-obj and the like ask. */
function isPlainObject(value: any): boolean {
  if (typeof value !== "object" || value === null || Object.prototype.toString.call(value) !== "[object Object]") return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || (Object.hasOwn(prototype, "constructor") && prototype.constructor === value.constructor);
}

describe("await", () => {
  it("gives the session itself, and anything in it", async () => {
    expect(await session).toBe(session);
    expect(await session.user).toBe(session.user);
    expect(await session.map).toBe(session.map);
    expect(await Promise.all([session, session.user.tags])).toEqual([session, ["x"]]);
  });

  it("is not misled by a key named then, which cannot hold a function", async () => {
    // eslint-disable-next-line unicorn/no-thenable -- a session takes any key
    const key = "then";
    session[key] = 5;
    expect((await session)[key]).toBe(5);
    expect(() => (session[key] = () => 1)).toThrow("session.then is a function");
  });
});

describe("console.log", () => {
  const printed = (value: unknown): string => {
    const stream = new PassThrough();
    new Console(stream).log(value);
    return String(stream.read());
  };

  it("shows the data, and no token", () => {
    expect(printed(session)).toBe(printed(DATA));
    expect(printed(session.user)).toBe(printed(DATA.user));
    expect(printed(session.map)).toBe(printed(DATA.map));
    expect(format("%o %O %j %s", session, session, session, session)).not.toContain(token);
  });

  it("shows no token however closely it looks", () => {
    for (const options of [{ showHidden: true }, { showProxy: true }, { showHidden: true, showProxy: true, getters: true }]) {
      expect(inspect(session, { ...options, depth: Infinity })).not.toContain(token);
      expect(inspect(session.user, { ...options, depth: Infinity })).not.toContain(token);
    }
  });

  it("shows frozen data", () => {
    session.user = Object.freeze({ list: [1] });
    expect(inspect(session.user)).toBe("{ list: [ 1 ] }");
  });
});

describe("vitest", () => {
  it("finds a session, and what is in it, equal to plain data", () => {
    expect(session).toEqual(DATA);
    expect({ ...session }).toStrictEqual(DATA);
    expect(session.user).toStrictEqual(DATA.user);
    expect(session.user.tags).toStrictEqual(["x"]);
    expect(session.map).toStrictEqual(DATA.map);
    expect(session.set).toStrictEqual(DATA.set);
    expect(DATA).toEqual(session);
    expect(session).toMatchObject({ user: { tags: ["x"] } });
    expect(session).toHaveProperty("user.name", "ada");
    expect(session.user.tags).toContain("x");
    expect([session.user]).toContainEqual(DATA.user);
  });

  it("finds it unequal to other data", () => {
    expect(session).not.toEqual({ ...DATA, more: 1 });
    expect(session.map).not.toEqual(new Map([["k", { n: 2 }]]));
    expect(session.set).not.toEqual(new Set([2]));
    expect(session.user).not.toStrictEqual({ ...DATA.user, tags: ["y"] });
  });

  it("agrees with node's assert on objects and arrays", () => {
    deepStrictEqual(session.user, DATA.user);
    notDeepStrictEqual(session.user, { ...DATA.user, name: "grace" });
    deepStrictEqual(session.$snapshot(), DATA);
  });
});

describe("copies", () => {
  it("by spread hold the data only", () => {
    expect(Object.keys({ ...session })).toEqual(["user", "at", "map", "set"]);
    expect([...session.user.tags, ...session.set, ...session.map.keys()]).toEqual(["x", 1, "k"]);
    const { user, ...rest } = session;
    expect([user, Object.keys(rest)]).toEqual([session.user, ["at", "map", "set"]]);
  });

  it("by Object.assign work in both directions", () => {
    expect(Object.assign({}, session)).toEqual(DATA);
    expect(Object.assign(session, { views: 1 }, { user: null })).toBe(session);
    expect(session.$changes.map(({ op, path }) => [op, ...path])).toEqual([
      ["set", "user"],
      ["set", "views"],
    ]);
  });

  it("by structuredClone are made of a snapshot", () => {
    expect(structuredClone(session.$snapshot())).toEqual(DATA);
    expect(structuredClone(snapshot(session.map))).toEqual(DATA.map);
    expect(() => structuredClone(session.user)).toThrow("could not be cloned");
  });

  it("by JSON are those of the data", () => {
    expect(JSON.stringify(session)).toBe(JSON.stringify(DATA));
    expect(JSON.stringify([session.user], null, 1)).toBe(JSON.stringify([DATA.user], null, 1));
  });

  it("by snapshot share nothing with the session", () => {
    const copy = snapshot(session.user);
    copy.tags.push("y");
    copy.name = "grace";
    expect(session.user).toEqual(DATA.user);
  });

  it("by snapshot keep rings and aliases, and the class of errors", () => {
    session.ring = { error: new RangeError("x", { cause: session.user }) };
    session.ring.self = session.ring;
    session.ring.list = [session.user, session.user];
    const { ring } = session.$snapshot();
    expect(ring.self).toBe(ring);
    expect(ring.list[0]).toBe(ring.list[1]);
    expect([ring.error instanceof RangeError, ring.error.message, ring.error.cause]).toEqual([true, "x", DATA.user]);
    expect(structuredClone(ring).error).toBeInstanceOf(RangeError);
  });

  it("by snapshot hold of typed arrays what these show, not all of their buffer", () => {
    const view = new Uint8Array(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2);
    expect(snapshot(view)).toEqual(new Uint8Array([2, 3]));
    expect(snapshot(view).buffer.byteLength).toBe(2);
    expect(snapshot(Buffer.from("ab"))).toEqual(Buffer.from("ab"));
  });
});

describe("whoever asks for keys", () => {
  it("sees data only", () => {
    const keys: string[] = [];
    for (const key in session) keys.push(key);
    const all = ["user", "at", "map", "set"];
    const ways = [keys, Object.keys(session), Reflect.ownKeys(session), Object.entries(session).map(([key]) => key)];
    for (const way of ways) expect(way).toEqual(all);
    expect(["$id" in session, "user" in session, Object.hasOwn(session, "$save")]).toEqual([false, true, false]);
    expect(Object.values(session.user)).toEqual(["ada", ["x"]]);
  });
});

describe("whoever asks what something is", () => {
  it("is told of plain data", () => {
    expect([session, session.user].map(isPlainObject)).toEqual([true, true]);
    expect([session.user.tags, session.map, session.at].some(isPlainObject)).toBe(false);
    expect(Array.isArray(session.user.tags)).toBe(true);
    expect([session.map instanceof Map, session.set instanceof Set, session.at instanceof Date]).toEqual([true, true, true]);
    const tags = [session, session.user.tags, session.map].map((value) => Object.prototype.toString.call(value));
    expect(tags).toEqual(["[object Object]", "[object Array]", "[object Map]"]);
    const prototypes = [session, session.user, session.user.tags].map((value) => Object.getPrototypeOf(value));
    expect(prototypes).toEqual([Object.prototype, Object.prototype, Array.prototype]);
  });
});

describe("template strings", () => {
  it("print a session as an object, and what is in it as what it is", () => {
    expect(`${session} ${session.user.name} ${session.user.tags} ${session.map}`).toBe("[object Object] ada x [object Map]");
    expect(`${session.at.toISOString()} ${Number(session.at)}`).toBe("1970-01-01T00:00:00.005Z 5");
    expect(session + "").toBe("[object Object]");
  });
});
