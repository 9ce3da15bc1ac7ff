/**
 * sanic_session, setup and shape: features.md, table 5a.
 *
 * What waits for a later release, and has no test yet:
 *
 * | row | waits for |
 * | --- | --- |
 * | Extras: the error for a client that is not installed names it | Redis, Memcached and MongoDB stores |
 * | Package exports: Redis, Memcache and MongoDB interfaces | the same |
 */
import { createHash } from "node:crypto";
import { H3 } from "h3";
import { createStorage } from "unstorage";
import { describe, expect, it } from "vitest";
import { createSessionManager } from "unsession";
import memory, { type MemoryStore } from "unsession/drivers/memory";
import { sessionMiddleware, useSession } from "unsession/h3";
import { cookieOf } from "../integration/_setup.ts";
import { ask, index, newStore, readPackage, start, tokenIn } from "./_setup.ts";

describe("5a setup and shape", () => {
  it("5a Install core: one package, whose core serves sessions without any framework", async () => {
    expect((await readPackage())["dependencies"]).toEqual({ superjson: expect.any(String), uncrypto: expect.any(String) });
    const manager = createSessionManager();
    const session = await manager.load(null);
    session.foo = 1;
    const [cookie] = await manager.commit(session);
    expect(await manager.load(cookie?.split(";")[0])).toEqual({ foo: 1 });
  });

  it("5a Extras: back ends are no dependencies, and a storage that cannot be used is refused with what to use", async () => {
    const { peerDependencies } = await readPackage();
    expect(Object.keys(peerDependencies ?? {})).toEqual(expect.arrayContaining(["h3", "unstorage"]));
    const manager = createSessionManager({ storage: { name: "archive", getItem: () => null } });
    const session = await manager.load(null);
    session.foo = 1;
    await expect(manager.commit(session)).rejects.toMatchObject({
      code: "ERR_SESSION_UNSUPPORTED",
      message: expect.stringMatching(
        /"archive" cannot keep sessions\. Use an unstorage driver that can be read and written, or a store of your own/,
      ),
    });
  });

  it("5a Session(app): without any configuration sessions are kept in memory", async () => {
    const app = new H3().use(sessionMiddleware()).get("/", index);
    const first = await ask(app, "/");
    const second = await ask(app, "/", cookieOf(first));
    expect([first.body, second.body]).toEqual(["1", "2"]);
    expect(cookieOf(first)).toMatch(/^session=[\w-]{43}$/);
  });

  it.each([
    ["an unstorage Storage", (driver: ReturnType<typeof memory>) => ({ storage: createStorage({ driver }) })],
    ["an unstorage driver", (driver: ReturnType<typeof memory>) => ({ storage: driver })],
    ["a manager", (driver: ReturnType<typeof memory>) => createSessionManager({ storage: driver })],
  ])("5a Session(app, interface=…): the store is chosen by %s", async (_, choose) => {
    const driver = memory();
    const app = new H3().use(sessionMiddleware(choose(driver))).get("/", index);
    await ask(app, "/");
    const store = driver.getInstance?.() as MemoryStore;
    expect(store.size).toBe(1);
  });

  it("5a Session() then session.init_app(app, interface=…): the storage is made once, when the first session needs it", async () => {
    let made = 0;
    const server: { store?: MemoryStore } = {};
    const manager = createSessionManager({
      storage: async () => {
        made++;
        await Promise.resolve();
        return server.store as MemoryStore;
      },
    });
    const app = new H3().use(sessionMiddleware(manager)).get("/", index);
    expect(made).toBe(0);
    server.store = newStore();
    const answers = await Promise.all([ask(app, "/"), ask(app, "/")]);
    expect(answers.map(({ body }) => body)).toEqual(["1", "1"]);
    expect((await ask(app, "/", cookieOf(answers[0]))).body).toBe("2");
    expect([made, server.store.size]).toEqual([1, 2]);
  });

  it("5a Session.interface: the manager says what its store can do, once it is used", async () => {
    const { manager, visit } = start();
    expect(manager.capabilities).toBeUndefined();
    await visit((session) => (session.foo = 1));
    expect(manager.capabilities).toEqual({ class: "A", ttl: true, list: true, maxBytes: undefined, store: "memory" });
  });

  it("5a Registered extension: a session is found by its name, and the names there are are told for another", async () => {
    const { visit } = start({ name: "alt_session" });
    const answer = await visit(async (session, event) => {
      expect(await useSession(event, "alt_session")).toBe(session);
      await expect(useSession(event, "session")).rejects.toMatchObject({
        code: "ERR_SESSION_NOT_LOADED",
        message: expect.stringContaining('there is "alt_session"'),
      });
      return "checked";
    });
    expect(answer.body).toBe("checked");
  });

  it("5a Middleware order: put first, it has the session ready for other middleware and saves after all of it", async () => {
    const { app, get, manager } = start();
    app.use(async (event, next) => {
      const session = await useSession(event);
      session.order = ["middleware"];
      const value = await next();
      session.order.push("middleware again");
      return value;
    });
    app.get("/", async (event) => {
      (await useSession(event)).order.push("handler");
      return "text";
    });
    const answer = await get("/");
    expect(await manager.find(tokenIn(answer))).toEqual({ order: ["middleware", "handler", "middleware again"] });
  });

  it("5a request.ctx.session: it is event.context.session, with no await where it is preloaded", async () => {
    const { app, get } = start({ preload: true });
    app.get("/", (event) => {
      const session = event.context.session!;
      session.foo ??= 0;
      return (session.foo += 1);
    });
    const first = await get("/");
    expect([first.body, (await get("/", cookieOf(first))).body]).toEqual(["1", "2"]);
  });

  it("5a Dict calls get, [], in, del, +=: those of a plain object", async () => {
    const { visit, manager } = start();
    const first = await visit((session) => {
      expect(session.foo).toBeUndefined();
      expect(session.foo ?? "default").toBe("default");
      session["foo"] = 1;
      session.foo += 1;
      session.bar = "gone";
      expect(["foo" in session, "bar" in session, "baz" in session]).toEqual([true, true, false]);
      delete session.bar;
      expect("bar" in session).toBe(false);
    });
    const cookie = cookieOf(first);
    await visit((session) => {
      expect([session.foo, session["foo"], "foo" in session, "bar" in session]).toEqual([2, 2, true, false]);
      expect(Object.keys(session)).toEqual(["foo"]);
      expect({ ...session }).toEqual({ foo: 2 });
      expect(JSON.stringify(session)).toBe('{"foo":2}');
      session.foo += 1;
      session.bar = true;
      delete session.foo;
    }, cookie);
    expect(await manager.find(tokenIn(first))).toEqual({ bar: true });
  });

  it("5a setdefault: `??=` writes only what is absent", async () => {
    const { visit } = start();
    const cookie = cookieOf(await visit((session) => (session.foo = 1)));
    const answer = await visit((session) => {
      session.foo ??= 2;
      const unchanged = session.$isDirty;
      session.list ??= [];
      session.list.push("a");
      return [unchanged, session.$isDirty, session];
    }, cookie);
    expect(JSON.parse(answer.body)).toEqual([false, true, { foo: 1, list: ["a"] }]);
  });

  it("5a pop: a read and a delete, and no change if there is nothing", async () => {
    const { visit, manager } = start();
    const first = await visit((session) => Object.assign(session, { foo: 1, bar: 2 }));
    await visit((session) => {
      const pop = (key: string): unknown => {
        const value: unknown = session[key];
        delete session[key];
        return value;
      };
      expect([pop("absent") ?? "default", session.$isDirty]).toEqual(["default", false]);
      expect([pop("foo"), session.$isDirty]).toEqual([1, true]);
    }, cookieOf(first));
    expect(await manager.find(tokenIn(first))).toEqual({ bar: 2 });
  });

  it("5a popitem: the last entry comes out, until there is none", async () => {
    const { visit, manager } = start();
    const first = await visit((session) => Object.assign(session, { foo: 1, bar: 2 }));
    await visit((session) => {
      expect(Object.entries(session).at(-1)).toEqual(["bar", 2]);
      delete session[Object.keys(session).at(-1) as string];
      expect(Object.entries(session).at(-1)).toEqual(["foo", 1]);
    }, cookieOf(first));
    expect(await manager.find(tokenIn(first))).toEqual({ foo: 1 });
  });

  it("5a update: Object.assign adds and overwrites, also what `|=` misses in sanic_session", async () => {
    const { visit, manager } = start();
    const first = await visit((session) => Object.assign(session, { foo: 1, bar: 2 }));
    await visit((session) => Object.assign(session, { bar: 3, baz: 4 }), cookieOf(first));
    expect(await manager.find(tokenIn(first))).toEqual({ foo: 1, bar: 3, baz: 4 });
  });

  it("5a clear: $clear() empties the session, which then ends", async () => {
    const { visit, manager } = start();
    const first = await visit((session) => Object.assign(session, { foo: 1, bar: 2 }));
    const cleared = await visit((session) => {
      session.$clear();
      return session;
    }, cookieOf(first));
    expect(cleared.body).toBe("{}");
    expect(await manager.find(tokenIn(first))).toBeUndefined();
  });

  it("5a .sid: $id is the hash of the token, and undefined until something is stored", async () => {
    const { visit } = start();
    const first = await visit((session) => {
      session.foo = 1;
      return { id: session.$id ?? null };
    });
    const second = await visit((session) => session.$id, cookieOf(first));
    expect(JSON.parse(first.body)).toEqual({ id: null });
    expect(second.body).toBe(createHash("sha256").update(tokenIn(first)).digest("base64url"));
  });

  it("5a .modified: $isDirty is told by what changed, also deep inside, and cannot be set", async () => {
    const { visit } = start();
    const first = await visit((session) => (session.user = { roles: ["guest"] }));
    await visit((session) => {
      expect([session.$isDirty, session.$changes]).toEqual([false, []]);
      session.user.roles.push("admin");
      expect([session.$isDirty, session.$changes]).toEqual([
        true,
        [expect.objectContaining({ op: "append", path: ["user", "roles"] })],
      ]);
      session.user.roles.pop();
      expect(session.$isDirty).toBe(false);
      expect(() => Object.assign(session, { $isDirty: true })).toThrow(
        expect.objectContaining({ code: "ERR_SESSION_VALUE", message: expect.stringContaining("cannot be assigned") }),
      );
    }, cookieOf(first));
  });

  it("5a JSON text in the store: plain data is JSON, behind a header", async () => {
    const { visit, store, keys } = start();
    await visit((session) => Object.assign(session, { foo: "bar", list: [1, null] }));
    const record = store.get(keys()[0] as string)?.value;
    expect(record).toMatch(/^us1Ljson /);
    expect(record?.slice(220)).toBe('{"foo":"bar","list":[1,null]}');
  });

  it("5a Package exports: what there is so far is exported, and nothing private", async () => {
    const [core, h3, driver] = await Promise.all([
      import("unsession"),
      import("unsession/h3"),
      import("unsession/drivers/memory"),
    ]);
    expect(Object.keys(core).sort()).toEqual(["SessionError", "createSessionManager", "snapshot"]);
    expect(Object.keys(h3).sort()).toEqual(["defineSessionHandler", "sessionMiddleware", "useSession"]);
    expect(Object.keys(driver)).toEqual(["default"]);
    const paths = Object.keys((await readPackage())["exports"] ?? {});
    expect(paths).toEqual(expect.arrayContaining([".", "./h3", "./drivers/memory"]));
  });
});
