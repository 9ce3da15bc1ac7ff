/** sanic_session, the life of a request: features.md, table 5d. */
import { HTTPError } from "h3";
import { describe, expect, it } from "vitest";
import type { Session, SessionOptions } from "unsession";
import { useSession } from "unsession/h3";
import type { Store } from "../../src/stores/store.ts";
import { cookieOf } from "../integration/_setup.ts";
import { cookieIn, newStore, recorded, start, tokenIn } from "./_setup.ts";

const write = (session: Session): unknown => (session.foo = 1);

describe("5d life of a request", () => {
  it("5d No cookie: an empty session, nothing stored, no cookie, and no id until it is needed (ours)", async () => {
    const { visit, manager } = start({ generateToken: () => expect.unreachable() });
    const answer = await visit((session) => ({ data: session, id: session.$id ?? null, isNew: session.$isNew }));
    expect(JSON.parse(answer.body)).toEqual({ data: {}, id: null, isNew: true });
    expect(answer.cookies).toEqual([]);
    expect(manager.capabilities).toBeUndefined();
  });

  it("5d Cookie with stored data: the session is loaded on first use (ours; there before each handler), once", async () => {
    const { app, get, visit, calls } = start();
    const cookie = cookieOf(await visit(write));
    calls.length = 0;
    app.get("/unused", () => "text");
    await get("/unused", cookie);
    expect(calls).toEqual([]);
    app.get("/used", async (event) => [(await useSession(event)).foo, (await useSession(event)).foo]);
    expect(JSON.parse((await get("/used", cookie)).body)).toEqual([1, 1]);
    expect(calls).toEqual([expect.objectContaining({ verb: "get" })]);
  });

  it("5d Cookie with no stored data: its id is not adopted (ours; there it is, which is session fixation)", async () => {
    const rejected: unknown[] = [];
    const { visit, keys, manager } = start({ hashIds: false, hooks: { rejected: ({ reason }) => rejected.push(reason) } });
    const planted = "5235262626";
    const answer = await visit(write, `session=${planted}`);
    expect(tokenIn(answer)).not.toBe(planted);
    expect(keys()).toEqual([`session:${tokenIn(answer)}`]);
    expect([await manager.find(planted), rejected]).toEqual([undefined, ["unknown"]]);
  });

  it.each(["", "a b", "../../etc/passwd", "session:1", '"quoted"', "%00", "a".repeat(257), "é", "x.y"])(
    "5d Cookie of any form: %j becomes no key and no store call (ours)",
    async (value) => {
      const { manager } = start();
      const session = await manager.load(`session=${value}`);
      expect(session).toEqual({});
      expect([await manager.commit(session), manager.capabilities]).toEqual([[], undefined]);
    },
  );

  it("5d Cookie of any form: one of the right form is hashed before it becomes a key (ours)", async () => {
    const { visit, calls } = start();
    await visit((session) => session.foo, "session=5235262626");
    expect(calls).toEqual([{ verb: "get", key: expect.stringMatching(/^session:[\w-]{43}$/) }]);
  });

  it("5d Handler leaves data: stored if it changed, and the cookie sent if it is new or renewed (ours; there each time)", async () => {
    const { visit, calls } = start();
    const first = await visit(write);
    const cookie = cookieOf(first);
    expect(cookieIn(first).name).toBe("session");
    calls.length = 0;
    const read = await visit((session) => session.foo, cookie);
    const same = await visit(write, cookie);
    const reverted = await visit((session) => {
      session.foo = 2;
      session.foo = 1;
    }, cookie);
    expect(calls.map(({ verb }) => verb)).toEqual(["get", "get", "get"]);
    const changed = await visit((session) => (session.foo = 2), cookie);
    expect(calls.map(({ verb }) => verb).slice(3)).toEqual(["get", "replace"]);
    expect([read, same, reverted, changed].flatMap(({ cookies }) => cookies)).toEqual([]);
  });

  it("5d Handler leaves it empty, never had data: nothing at all (ours; there a delete on each request)", async () => {
    const { visit, manager } = start();
    const answer = await visit((session) => {
      session.foo = 1;
      delete session.foo;
      session.$clear();
    });
    expect(answer.cookies).toEqual([]);
    expect(manager.capabilities).toBeUndefined();
  });

  it("5d Handler empties it by $clear(): gone from the store, and the cookie expired with the attributes it was set with", async () => {
    const { visit, manager } = start({ cookie: { domain: ".example.com", sameSite: "strict" } });
    const first = await visit(write);
    const cleared = await visit((session) => session.$clear(), cookieOf(first));
    expect(await manager.count()).toBe(0);
    const { "Max-Age": _, ...attributes } = cookieIn(first).attributes;
    expect(cookieIn(cleared)).toEqual({
      name: "session",
      value: "",
      attributes: { ...attributes, "Max-Age": "0", Expires: "Thu, 01 Jan 1970 00:00:00 GMT" },
    });
  });

  it("5d Handler empties it by deleting the last key: an empty session is kept (ours; there it ends as by clear)", async () => {
    const { visit, manager } = start();
    const first = await visit(write);
    const emptied = await visit((session) => delete session.foo, cookieOf(first));
    expect([emptied.cookies, await manager.find(tokenIn(first))]).toEqual([[], {}]);
  });

  it.each<[string, SessionOptions["commitOn"], () => Error, number, object]>([
    ["an error of its own: nothing is saved", "success", () => new Error("broken"), 500, { foo: 1 }],
    ["a 5xx: nothing is saved", "success", () => new HTTPError({ status: 502 }), 502, { foo: 1 }],
    ["a 4xx, which is an answer: what it left is saved", "success", () => new HTTPError({ status: 404 }), 404, { foo: 2 }],
    ['an error, with commitOn "always": what it left is saved', "always", () => new Error("broken"), 500, { foo: 2 }],
  ])("5d Handler raises %s (ours)", async (_, commitOn, error, status, data) => {
    const { app, get, visit, manager } = start({ commitOn });
    const first = await visit(write);
    app.get("/raise", async (event) => {
      (await useSession(event)).foo = 2;
      throw error();
    });
    expect((await get("/raise", cookieOf(first))).status).toBe(status);
    expect(await manager.find(tokenIn(first))).toEqual(data);
  });

  it("5d Session removed from ctx: changes are saved all the same, and $destroy() is what ends it (ours)", async () => {
    const { visit, manager } = start();
    const first = await visit((session, { context }) => {
      session.foo = 1;
      delete context.session;
    });
    expect(await manager.find(tokenIn(first))).toEqual({ foo: 1 });
    const destroyed = await visit((session) => session.$destroy(), cookieOf(first));
    expect(await manager.find(tokenIn(first))).toBeUndefined();
    expect(cookieIn(destroyed)).toMatchObject({ value: "", attributes: { "Max-Age": "0" } });
  });

  it("5d Save awaited before the response: no answer before the store gave its own", async () => {
    const order: string[] = [];
    const asked = deferred();
    const storing = deferred();
    const store = newStore();
    const slow: Store = {
      ...recorded(store, []),
      async create(key, value, ttl) {
        asked.resolve();
        await storing.promise;
        order.push("stored");
        return store.create(key, value, ttl);
      },
    };
    const { visit } = start({ storage: slow });
    const answering = visit(write).then(() => order.push("answered"));
    await asked.promise;
    order.push("storing");
    storing.resolve();
    await answering;
    expect(order).toEqual(["storing", "stored", "answered"]);
  });

  it("5d Two parallel requests: what each changed is kept (ours; there the last one wins)", async () => {
    const { visit, manager } = start();
    const first = await visit((session) => Object.assign(session, { views: 0, cart: { items: ["a"] } }));
    const [loaded, committed] = [deferred(), deferred()];
    const slow = visit(async (session) => {
      session.cart.items.push("b");
      session.$increment("views");
      session.slow = true;
      loaded.resolve();
      await committed.promise;
    }, cookieOf(first));
    await loaded.promise;
    await visit((session) => {
      session.cart.items.push("c");
      session.$increment("views");
      session.fast = true;
    }, cookieOf(first));
    committed.resolve();
    await slow;
    expect(await manager.find(tokenIn(first))).toEqual({
      views: 2,
      cart: { items: ["a", "c", "b"] },
      slow: true,
      fast: true,
    });
  });

  it("5d Two parallel requests: in the same place the last to commit wins, which is reported (ours)", async () => {
    const conflicts: unknown[] = [];
    const { visit, manager } = start({ hooks: { conflict: ({ path }) => conflicts.push(path) } });
    const first = await visit(write);
    const [loaded, committed] = [deferred(), deferred()];
    const slow = visit(async (session) => {
      session.foo = "slow";
      loaded.resolve();
      await committed.promise;
    }, cookieOf(first));
    await loaded.promise;
    await visit((session) => (session.foo = "fast"), cookieOf(first));
    committed.resolve();
    await slow;
    expect([await manager.find(tokenIn(first)), conflicts]).toEqual([{ foo: "slow" }, [["foo"]]]);
  });

  it("5d Broken JSON in the store: a fresh session takes its place, no error on each request (ours)", async () => {
    const corrupt: unknown[] = [];
    const { visit, store, keys, manager } = start({ hooks: { corrupt: (info) => corrupt.push(info) } });
    const cookie = cookieOf(await visit(write));
    const [key] = keys() as [string];
    const whole = store.get(key)?.value as string;
    for (const broken of ["{foo:1}", "", whole.slice(0, -1), whole.replace('{"foo":1}', "{'foo':1}")]) {
      store.set(key, broken, undefined);
      corrupt.length = 0;
      expect((await visit((session) => session, cookie)).body).toBe("{}");
      expect(corrupt).toEqual([{ id: key.slice("session:".length), reason: "damaged", error: undefined }]);
    }
    const fresh = await visit((session) => (session.foo = "new"), cookie);
    expect(cookieOf(fresh)).not.toBe(cookie);
    expect(await manager.find(tokenIn(fresh))).toEqual({ foo: "new" });
  });

  it("5d Regenerate: a new token with the same data, and the old one is dead (ours; there is no such thing)", async () => {
    const { visit, manager } = start();
    const first = await visit(write);
    const login = await visit(async (session) => {
      await session.$regenerate();
      session.user = 7;
    }, cookieOf(first));
    expect(tokenIn(login)).not.toBe(tokenIn(first));
    expect([await manager.find(tokenIn(first)), await manager.find(tokenIn(login))]).toEqual([undefined, { foo: 1, user: 7 }]);
    expect((await visit((session) => session, cookieOf(first))).body).toBe("{}");
  });

  it("5d Custom id generator: generateToken makes the token, and must keep to its characters (ours)", async () => {
    const { visit, keys } = start({ generateToken: () => "custom_token-1", hashIds: false });
    expect(tokenIn(await visit(write))).toBe("custom_token-1");
    expect(keys()).toEqual(["session:custom_token-1"]);
    const { app, get, store } = start({ generateToken: () => "a b" });
    app.get("/", async (event) => ((await useSession(event)).foo = 1));
    const refused = await get("/");
    expect([refused.status, refused.cookies, store.size]).toEqual([500, [], 0]);
  });
});

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}
