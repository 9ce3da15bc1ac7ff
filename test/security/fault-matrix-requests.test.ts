import { H3, HTTPError, serve } from "h3";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createSessionManager, SessionError, type Session } from "unsession";
import { sessionMiddleware, useSession } from "unsession/h3";
import memoryDriver from "unsession/drivers/memory";
import { until } from "../services/redis.ts";
import { visit } from "../stores/_sessions.ts";
import { World } from "../unit/_setup.ts";
import { ask, openSite, serveSite, write } from "./_setup.ts";

/** What `docs/faults.md` says of requests and responses, row by row. */

const SECRET = "a secret that is long enough to sign";

describe("row 9: a process that dies when the response has left", () => {
  it("takes nothing with it: all was stored before the first byte", async () => {
    const { world, store, manager } = await openSite();
    const app = serveSite(manager, {
      "/": async (event) => {
        (await useSession(event)).user = "bob";
        return new Blob(["streamed"]).stream();
      },
    });
    const response = await app.request("/");
    store.hang("all");
    const [cookie = ""] = response.headers.getSetCookie();
    expect(await world.dataOf(cookie.split(";")[0])).toEqual({ user: "bob" });
    expect(await response.text()).toBe("streamed");
  });
});

describe("row 12: a Cookie header that is too long", () => {
  it("is not looked through: a fresh session, and no call of the store", async () => {
    const { store, manager, cookie } = await openSite();
    store.resetCalls();
    const session = await manager.load(`${"x".repeat(17_000)}=1; ${cookie}`);
    expect([{ ...session }, store.calls.get]).toEqual([{}, 0]);
  });

  it.each([{}, { secret: SECRET }])(
    "is never our doing: a cookie is of one size, whatever the session holds, with %o",
    async (options) => {
      const sizes = new Set<number>();
      for (const length of [1, 1000, 60_000]) {
        const { setCookies } = await new World(options).visit(undefined, write({ user: "x".repeat(length) }));
        sizes.add((setCookies[0] as string).split(";")[0]!.length);
      }
      expect([...sizes]).toEqual(["secret" in options ? "session=".length + 87 : "session=".length + 43]);
    },
  );
});

describe("row 13: forged tokens", () => {
  it("cost no call of the store, and nothing is kept of them: 10,000", async () => {
    const { world, cookie } = await openSite({ secret: SECRET });
    world.store.calls.length = 0;
    const signature = cookie.split(".")[1];
    for (let times = 0; times < 5000; times++) {
      const token = String(times).padStart(43, "x");
      await world.manager.load(`session=${token}.${signature}`);
      await world.manager.load(`session=${token}`);
    }
    expect(world.store.calls).toEqual([]);
    expect(Object.keys(world.store.dump)).toHaveLength(1);
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
  });
});

describe("row 14: tokens that are well signed, and dead", () => {
  it("cost one read each, and nothing is kept of them", async () => {
    const { world, cookie } = await openSite({ secret: SECRET });
    await world.visit(cookie, (session) => session.$destroy());
    const { record } = world.store;
    for (let times = 0; times < 100; times++) expect((await world.visit(cookie)).calls).toEqual(["get"]);
    expect(world.store.record).toBe(record);
  });
});

describe("row 15: several cookies of our name", () => {
  it("that lead to several sessions lead to none, whatever their order", async () => {
    const { world, cookie } = await openSite();
    const { cookie: evil } = await world.visit(undefined, write({ user: "mallory" }));
    for (const header of [`${cookie}; ${evil}`, `${evil}; ${cookie}`]) expect(await world.dataOf(header)).toEqual({});
    expect(world.infos("rejected").map(({ reason }) => reason)).toEqual(["ambiguous", "ambiguous"]);
  });

  it.each(["session=", "session=x", 'session="x"', "session=a b", "session", "session=\t"])(
    "lock nobody out: %j beside the good one",
    async (evil) => {
      const { world, cookie } = await openSite();
      expect(await world.dataOf(`${evil}; ${cookie}`)).toEqual({ user: "alice" });
      expect(await world.dataOf(`${cookie}; ${evil}`)).toEqual({ user: "alice" });
    },
  );

  it.each(["\u00A0", "\u000B", "\u000C", "\uFEFF", "=", "%73"])("are of the exact name only: not behind %j", async (prefix) => {
    const { world, cookie } = await openSite();
    expect(await world.dataOf(`${prefix}${cookie}`)).toEqual({});
  });

  it("make the store work four times at most, however many they are", async () => {
    const world = new World();
    await world.manager.load(
      Array.from({ length: 500 }, (_, n) => `session=${String(n).padStart(43, "x")}`)
        .join("; ")
        .slice(0, 16_000),
    );
    expect(world.store.calls).toEqual(Array(4).fill("get"));
  });
});

describe("row 24: what is written when the headers have left", () => {
  it("is refused, and $update is the way", async () => {
    const { world, manager, cookie } = await openSite();
    let refused: unknown;
    const app = serveSite(manager, {
      "/": async (event) => {
        const session = await useSession(event);
        return new ReadableStream({
          async start(controller) {
            await new Promise((resolve) => setTimeout(resolve, 20));
            try {
              session.late = true;
            } catch (error) {
              refused = error;
            }
            await session.$update((draft) => void (draft["streamed"] = true));
            controller.close();
          },
        });
      },
    });
    await ask(app, "/", cookie);
    expect(refused).toMatchObject({ code: "ERR_SESSION_COMMITTED" });
    expect(await world.dataOf(cookie)).toEqual({ user: "alice", streamed: true });
  });
});

describe("row 25: a client that goes away", () => {
  it("interrupts no save, and leaves no rejection behind", async () => {
    const { world, manager, cookie } = await openSite();
    let leave = (): void => {};
    let goOn = (): void => {};
    const left = new Promise<void>((resolve) => (goOn = resolve));
    const app = serveSite(manager, {
      "/": async (event) => {
        const session = await useSession(event);
        session.paid = true;
        leave();
        await left;
        return "thank you";
      },
    });
    const server = serve(app, { port: 0, hostname: "127.0.0.1", silent: true, gracefulShutdown: false });
    onTestFinished(() => server.close(true));
    await server.ready();
    const client = new AbortController();
    leave = () => client.abort();
    await expect(fetch(server.url as string, { headers: { cookie }, signal: client.signal })).rejects.toThrow("aborted");
    goOn();
    await until("the payment is stored", async () => world.store.calls.includes("replace"));
    expect(await world.dataOf(cookie)).toEqual({ user: "alice", paid: true });
  });
});

describe("row 26, D4: a handler that fails", () => {
  const failures = { "an Error": () => new Error("bug"), "a 503": () => new HTTPError({ status: 503 }) };
  const appThat = (manager: Parameters<typeof serveSite>[0], act: (session: Session) => unknown, error: () => Error): H3 =>
    serveSite(manager, {
      "/": async (event) => {
        await act(await useSession(event));
        throw error();
      },
    });

  it.each(Object.entries(failures))("with %s saves no data, and sends no cookie", async (_name, error) => {
    const { world, manager, cookie } = await openSite();
    const { status, cookies } = await ask(appThat(manager, write({ user: "bob" }), error), "/", cookie);
    expect([status >= 500, cookies, await world.dataOf(cookie)]).toEqual([true, [], { user: "alice" }]);
  });

  it.each(Object.entries(failures))("with %s has logged out whoever it logged out", async (_name, error) => {
    const { world, manager, cookie } = await openSite();
    const { cookies } = await ask(
      appThat(manager, (session) => session.$destroy(), error),
      "/",
      cookie,
    );
    expect([cookies[0]?.startsWith("session=; "), await world.dataOf(cookie)]).toEqual([true, {}]);
  });

  it.each(Object.entries(failures))("with %s sends the new token of whoever got one", async (_name, error) => {
    const { world, manager, cookie } = await openSite();
    const { cookies } = await ask(
      appThat(manager, (session) => session.$regenerate(), error),
      "/",
      cookie,
    );
    expect(await world.dataOf(cookies[0]?.split(";")[0])).toEqual({ user: "alice" });
  });

  it("with a 404 or another answer of its own saves as if all were well, and the cookie arrives", async () => {
    const { world, manager } = await openSite();
    const app = appThat(manager, write({ seen: true }), () => new HTTPError({ status: 404 }));
    const { status, cookies } = await ask(app, "/");
    expect([status, await world.dataOf(cookies[0]?.split(";")[0])]).toEqual([404, { seen: true }]);
  });
});

describe("row 32: visitors without a session", () => {
  it("leave no record and get no cookie, however many come and read", async () => {
    const { store, manager } = await openSite();
    const app = serveSite(manager, { "/": async (event) => (await useSession(event)).user ?? "hello" });
    store.resetCalls();
    for (let times = 0; times < 1000; times++) expect((await ask(app, "/")).cookies).toEqual([]);
    expect(Object.values(store.calls).every((count) => count === 0)).toBe(true);
  });
});

describe("row 33: memory", () => {
  it("has no timer for a session, and no more sessions than were allowed", async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    const storage = memoryDriver({ maxEntries: 100 });
    const manager = createSessionManager({ storage, idleTimeout: 60 });
    const before = timers();
    let cookie: string | undefined;
    for (let user = 0; user < 2000; user++) cookie = await visit(manager, undefined, write({ user }));
    expect(timers()).toBeLessThanOrEqual(before);
    expect(await manager.count()).toBe(100);
    expect({ ...(await manager.load(cookie)) }).toEqual({ user: 1999 });
  });
});

describe("row 34: two of everything on one event", () => {
  it.each([
    ["name", { cookie: { name: "other" } }],
    ["cookie.name", { name: "other" }],
  ])("is refused where they clash: the same `%s`", async (option, options) => {
    const { manager } = await openSite();
    const app = serveSite(manager, { "/": () => "served" });
    const errors: unknown[] = [];
    const outer = new H3({ silent: true, onError: (error) => void errors.push(error.cause) });
    outer.use(sessionMiddleware(options)).mount("/", app);
    expect((await outer.request("/")).status).toBe(500);
    expect(errors[0]).toMatchObject({ code: "ERR_SESSION_OPTIONS", message: expect.stringContaining(`\`${option}\``) });
  });

  it("share the session and tell each other's errors, where they are two copies of the package", async () => {
    const { store, manager, cookie } = await openSite();
    vi.resetModules();
    const other = { ...(await import("unsession")), ...(await import("unsession/h3")) };
    expect(other.SessionError).not.toBe(SessionError);
    const app = serveSite(manager, {
      "/": async (event) => (await useSession(event)) === (await other.useSession(event)),
      "/nowhere": (event) => other.useSession(event, "nowhere").catch(SessionError.is),
    });
    store.resetCalls();
    expect([(await ask(app, "/", cookie)).body, store.calls.get]).toEqual(["true", 1]);
    expect((await ask(app, "/nowhere")).body).toBe("true");
  });
});
