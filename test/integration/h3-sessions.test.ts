import { createSessionManager, type SessionOptions } from "unsession";
import { h3OnNode, h3OnWeb } from "./_h3.ts";
import { h3V1OnNode, h3V1OnWeb, h3V1WrappedOnNode } from "./_h3-v1.ts";
import { cookieOf, describeAdapters, expect, it, stored, throwing, writing, type AnyEvent } from "./_setup.ts";

const everywhere = [h3OnWeb, h3OnNode, h3V1OnNode, h3V1WrappedOnNode, h3V1OnWeb];

describeAdapters("the session of a request", everywhere, (start, adapter) => {
  const { useSession, httpError } = adapter;
  const write = writing(adapter, () => "text");

  it("reads nothing for a route that does not use its session", async () => {
    const client = await start({ routes: { "/": () => "text" } });
    expect((await client.get("/", { headers: { cookie: "session=anything" } })).body).toBe("text");
    expect(client.manager.capabilities).toBeUndefined();
  });

  it("gives the same session to each call, and loads it once", async () => {
    let loads = 0;
    const client = await start(
      (manager) => ({
        routes: {
          "/first": write,
          "/": async (event) => {
            const [one, other] = await Promise.all([useSession(event), useSession(event, manager)]);
            return {
              same: one === other,
              onContext: event.context.session === one,
              named: (await useSession(event, "session")) === one,
            };
          },
        },
      }),
      { hooks: { loaded: () => void loads++ } },
    );
    const cookie = cookieOf(await client.get("/first"));
    const got = await client.get("/", { headers: { cookie } });
    expect(JSON.parse(got.body)).toEqual({ same: true, onContext: true, named: true });
    expect(loads).toBe(1);
  });

  it("has the session on the context without await when it is preloaded", async () => {
    const count = ({ context }: AnyEvent): unknown => {
      const session = context.session!;
      session.foo ??= 0;
      session.foo += 1;
      return session.foo;
    };
    const client = await start({ routes: { "/": count } }, { preload: true });
    const first = await client.get("/");
    const second = await client.get("/", { headers: { cookie: cookieOf(first) } });
    expect([first.body, second.body]).toEqual(["1", "2"]);
  });

  it("preloads where a function of the event says so", async () => {
    const isPreloaded = ({ context }: AnyEvent): boolean => context.session !== undefined;
    const preload: SessionOptions["preload"] = (event) => adapter.pathOf(event as AnyEvent) === "/yes";
    const client = await start({ routes: { "/yes": isPreloaded, "/no": isPreloaded } }, { preload });
    expect([(await client.get("/yes")).body, (await client.get("/no")).body]).toEqual(["true", "false"]);
  });

  it("keeps no session alive by a request of which `touch` says so", async () => {
    let now = 1_700_000_000_000;
    const touch: SessionOptions["touch"] = (event) => adapter.pathOf(event as AnyEvent) !== "/poll";
    const client = await start({ routes: { "/poll": write, "/page": write } }, { now: () => now, idleTimeout: 1000, touch });
    const cookie = cookieOf(await client.get("/page"));
    now += 500_000;
    expect((await client.get("/poll", { headers: { cookie } })).cookies).toEqual([]);
    expect((await client.get("/page", { headers: { cookie } })).cookies).toHaveLength(1);
    now += 500_000;
    await client.get("/poll", { headers: { cookie } });
    now += 500_000;
    expect(await client.manager.find(cookie.split("=")[1] as string)).toBeUndefined();
  });

  it.each([true, false])("answers 503 without the cause when the store is down at load, preloaded: %s", async (preload) => {
    const client = await start(
      { routes: { "/": write } },
      { storage: throwing(new Error("redis://user:password@host")), preload },
    );
    const got = await client.get("/", { headers: { cookie: `session=${"a".repeat(43)}` } });
    expect(got.status).toBe(503);
    expect(got.headers.get("retry-after")).toBe("1");
    expect(got.body).not.toContain("password");
    expect(got.cookies).toEqual([]);
  });

  it("answers 503 without a cookie when the store is down at save", async () => {
    const client = await start({ routes: { "/": write } }, { storage: throwing(new Error("password")) });
    const got = await client.get("/");
    expect([got.status, got.cookies]).toEqual([503, []]);
    expect(got.headers.get("retry-after")).toBe("1");
    expect(got.body).not.toContain("password");
    expect(got.body).not.toContain("text");
  });

  it.each(["a Response", "a web stream", "a redirect"] as const)(
    "answers 503 in place of %s when the store is down at save",
    async (kind) => {
      const [, answer] = adapter.answers[kind];
      const client = await start({ routes: { "/": writing(adapter, answer) } }, { storage: throwing(new Error("down")) });
      const got = await client.get("/");
      expect([got.status, got.cookies, got.headers.get("location")]).toEqual([503, [], null]);
      expect(got.body).not.toMatch(/text|streamed/);
    },
  );

  it("answers 500 when the session holds what cannot be stored", async () => {
    const client = await start({
      routes: {
        "/": async (event) => {
          (await useSession(event)).when = new (class Odd {})();
          return "text";
        },
      },
    });
    const got = await client.get("/");
    expect([got.status, got.cookies]).toEqual([500, []]);
    expect(got.body).not.toContain("text");
  });

  it("answers 409 when the session was ended by another request, and leaves the cookie alone", async () => {
    const client = await start((manager) => ({
      routes: {
        "/": write,
        "/late": async (event) => {
          const session = await useSession(event);
          await manager.destroy(session.$id as string);
          session.late = true;
          return "text";
        },
      },
    }));
    const got = await client.get("/late", { headers: { cookie: cookieOf(await client.get("/")) } });
    expect([got.status, got.cookies]).toEqual([409, []]);
  });

  it.each(["handler", "commit"])("sends the new token although the %s fails after it regenerated", async (what) => {
    const client = await start({
      routes: {
        "/": write,
        "/login": async (event) => {
          const session = await useSession(event);
          await session.$regenerate();
          session.user = 7;
          if (what === "handler") throw new Error("after");
          session.odd = new (class Odd {})();
          return "text";
        },
      },
    });
    const got = await client.get("/login", { headers: { cookie: cookieOf(await client.get("/")) } });
    expect(got.status).toBe(500);
    expect(await stored(client, got)).toEqual({ seen: true });
  });

  it("clears the cookie although the handler fails after it destroyed", async () => {
    const client = await start({
      routes: {
        "/": write,
        "/logout": async (event) => {
          await (await useSession(event)).$destroy();
          throw new Error("after");
        },
      },
    });
    const got = await client.get("/logout", { headers: { cookie: cookieOf(await client.get("/")) } });
    expect(got.cookies).toEqual([expect.stringMatching(/^session=; Max-Age=0; /)]);
  });

  it("says what to add where no middleware is on the route", async () => {
    let thrown: unknown;
    const fail = async (event: AnyEvent): Promise<string> => {
      thrown = await useSession(event).catch((error: unknown) => error);
      return "text";
    };
    const client = await start({ sessions: [], routes: { "/": fail } });
    await client.get("/");
    expect(thrown).toMatchObject({ code: "ERR_SESSION_NOT_LOADED", message: expect.stringContaining("sessionMiddleware()") });
  });

  it("names the sessions there are when another is asked for", async () => {
    const client = await start({
      routes: {
        "/": async (event) => {
          await expect(useSession(event, "admin")).rejects.toMatchObject({ message: expect.stringContaining('"session"') });
          return "text";
        },
      },
    });
    expect((await client.get("/")).status).toBe(200);
  });

  it.each([{ cookie: { name: "other" } }, { name: "other" }])("refuses two managers that clash: %o", async (options) => {
    const client = await start((manager) => ({ sessions: [manager, options], routes: { "/": () => "text" } }));
    expect((await client.get("/")).status).toBe(500);
  });

  it("keeps two sessions side by side", async () => {
    const client = await start((manager) => ({
      sessions: [manager, { name: "admin", cookie: { name: "admin" } }],
      routes: {
        "/": async (event) => {
          (await useSession(event)).a = 1;
          (await useSession(event, "admin")).b = 2;
          return "text";
        },
      },
    }));
    const got = await client.get("/");
    expect(got.cookies.map((cookie) => cookie.split("=")[0]).sort()).toEqual(["admin", "session"]);
  });

  it("puts sessions on a single handler by defineSessionHandler", async () => {
    const manager = createSessionManager();
    const handler = writing(adapter, throwing(httpError(401)));
    const client = await start({ sessions: [], routes: { "/": adapter.defineSessionHandler(handler, manager) } });
    const got = await client.get("/");
    expect(got.status).toBe(401);
    expect(await stored({ ...client, manager }, got)).toEqual({ seen: true });
  });

  it("adds to what a Response says of caches, by defineSessionHandler too", async () => {
    const read = async (event: AnyEvent): Promise<Response> => {
      void (await useSession(event)).user;
      return new Response("text", { headers: { vary: "Accept", "cache-control": "max-age=5, public" } });
    };
    const routes = { "/": adapter.defineSessionHandler(read, createSessionManager()) };
    const client = await start({ sessions: [], routes });
    const { headers } = await client.get("/");
    expect([headers.get("vary"), headers.get("cache-control")]).toEqual(["Accept, Cookie", "private, max-age=5"]);
  });

  it("marks a response that read its session, and only that, as varying by cookie", async () => {
    const client = await start({
      routes: {
        "/read": async (event) => ({ user: (await useSession(event)).user ?? null }),
        "/load": async (event) => {
          await useSession(event);
          return "text";
        },
      },
    });
    expect((await client.get("/read")).headers.get("vary")).toBe("Cookie");
    expect((await client.get("/load")).headers.get("vary")).toBeNull();
  });

  it("leaves Secure out on http", async () => {
    const client = await start({ routes: { "/": write } });
    expect((await client.get("/", { headers: { "x-forwarded-proto": "https" } })).cookies[0]).not.toContain("Secure");
  });
});

describeAdapters("a request over https", [h3OnWeb, h3V1OnWeb], (start, adapter) => {
  it("gets a Secure cookie", async () => {
    const client = await start({ routes: { "/": writing(adapter, () => "text") } });
    expect((await client.get("https://localhost/")).cookies[0]).toContain("; Secure");
  });
});
