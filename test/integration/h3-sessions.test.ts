import { HTTPError, type H3Event } from "h3";
import { defineSessionHandler, sessionMiddleware, useSession } from "unsession/h3";
import { cookieOf, describeMatrix, expect, it, stored, writing } from "./_setup.ts";

describeMatrix("h3 v2, the session of a request", (start) => {
  it("lets a route that does not use its session pass through a synchronous step", async () => {
    const client = await start();
    const middleware = sessionMiddleware(client.manager);
    let result: unknown;
    client.app.use((event, next) => (result = middleware(event, next))).get("/", () => "text");
    await client.get("/", { headers: { cookie: "session=anything" } });
    expect(result).toBe("text");
    expect(client.manager.capabilities).toBeUndefined();
  });

  it("gives the same session to each call, and loads it once", async () => {
    let loads = 0;
    const client = await start({ hooks: { loaded: () => void loads++ } });
    client.app.use(sessionMiddleware(client.manager)).get(
      "/first",
      writing(() => "text"),
    );
    client.app.get("/", async (event) => {
      const [one, other] = await Promise.all([useSession(event), useSession(event, client.manager)]);
      return {
        same: one === other,
        onContext: event.context.session === one,
        named: (await useSession(event, "session")) === one,
      };
    });
    const cookie = cookieOf(await client.get("/first"));
    const got = await client.get("/", { headers: { cookie } });
    expect(JSON.parse(got.body)).toEqual({ same: true, onContext: true, named: true });
    expect(loads).toBe(1);
  });

  it("has the session on the context without await when it is preloaded", async () => {
    const client = await start({ preload: true });
    client.app.use(sessionMiddleware(client.manager)).get("/", (event) => {
      const session = event.context.session!;
      session.foo ??= 0;
      session.foo += 1;
      return session.foo;
    });
    const first = await client.get("/");
    const second = await client.get("/", { headers: { cookie: cookieOf(first) } });
    expect([first.body, second.body]).toEqual(["1", "2"]);
  });

  it("preloads where a function of the event says so", async () => {
    const client = await start({ preload: (event) => (event as H3Event).url.pathname === "/yes" });
    client.app.use(sessionMiddleware(client.manager)).get("/**", (event) => event.context.session !== undefined);
    expect([(await client.get("/yes")).body, (await client.get("/no")).body]).toEqual(["true", "false"]);
  });

  it("answers 503 without the cause when the store is down at load", async () => {
    const client = await start({
      storage: () => {
        throw new Error("redis://user:password@host");
      },
    });
    client.app.use(sessionMiddleware(client.manager)).get(
      "/",
      writing(() => "text"),
    );
    const got = await client.get("/", { headers: { cookie: `session=${"a".repeat(43)}` } });
    expect(got.status).toBe(503);
    expect(got.headers.get("retry-after")).toBe("1");
    expect(got.body).not.toContain("password");
    expect(got.cookies).toEqual([]);
  });

  it("answers 503 without a cookie when the store is down at save", async () => {
    const client = await start({
      storage: () => {
        throw new Error("password");
      },
    });
    client.app.use(sessionMiddleware(client.manager)).get(
      "/",
      writing(() => "text"),
    );
    const got = await client.get("/");
    expect([got.status, got.cookies]).toEqual([503, []]);
    expect(got.body).not.toContain("password");
  });

  it("answers 409 when the session was ended by another request, and leaves the cookie alone", async () => {
    const client = await start();
    client.app.use(sessionMiddleware(client.manager)).get(
      "/",
      writing(() => "text"),
    );
    client.app.get("/late", async (event) => {
      const session = await useSession(event);
      await client.manager.destroy(session.$id as string);
      session.late = true;
      return "text";
    });
    const got = await client.get("/late", { headers: { cookie: cookieOf(await client.get("/")) } });
    expect([got.status, got.cookies]).toEqual([409, []]);
  });

  it("sends the new token although the handler fails after it regenerated", async () => {
    const client = await start();
    client.app.use(sessionMiddleware(client.manager)).get(
      "/",
      writing(() => "text"),
    );
    client.app.get("/login", async (event) => {
      const session = await useSession(event);
      await session.$regenerate();
      session.user = 7;
      throw new Error("after");
    });
    const got = await client.get("/login", { headers: { cookie: cookieOf(await client.get("/")) } });
    expect(got.status).toBe(500);
    expect(await stored(client, got)).toEqual({ seen: true });
  });

  it("clears the cookie although the handler fails after it destroyed", async () => {
    const client = await start();
    client.app.use(sessionMiddleware(client.manager)).get(
      "/",
      writing(() => "text"),
    );
    client.app.get("/logout", async (event) => {
      await (await useSession(event)).$destroy();
      throw new Error("after");
    });
    const got = await client.get("/logout", { headers: { cookie: cookieOf(await client.get("/")) } });
    expect(got.cookies).toEqual([expect.stringMatching(/^session=; Max-Age=0; /)]);
  });

  it("says what to add where no middleware is on the route", async () => {
    const client = await start();
    let thrown: unknown;
    client.app.get("/", async (event) => {
      try {
        await useSession(event);
      } catch (error) {
        thrown = error;
      }
      return "text";
    });
    await client.get("/");
    expect(thrown).toMatchObject({ code: "ERR_SESSION_NOT_LOADED", message: expect.stringContaining("sessionMiddleware()") });
  });

  it("names the sessions there are when another is asked for", async () => {
    const client = await start();
    client.app.use(sessionMiddleware(client.manager)).get("/", async (event) => {
      await expect(useSession(event, "admin")).rejects.toMatchObject({ message: expect.stringContaining('"session"') });
      return "text";
    });
    expect((await client.get("/")).status).toBe(200);
  });

  it.each([{ cookie: { name: "other" } }, { name: "other" }])("refuses two managers that clash: %o", async (options) => {
    const client = await start();
    client.app
      .use(sessionMiddleware(client.manager))
      .use(sessionMiddleware(options))
      .get("/", () => "text");
    expect((await client.get("/")).status).toBe(500);
  });

  it("keeps two sessions side by side", async () => {
    const client = await start();
    client.app
      .use(sessionMiddleware(client.manager))
      .use(sessionMiddleware({ name: "admin", cookie: { name: "admin" } }))
      .get("/", async (event) => {
        (await useSession(event)).a = 1;
        (await useSession(event, "admin")).b = 2;
        return "text";
      });
    const got = await client.get("/");
    expect(got.cookies.map((cookie) => cookie.split("=")[0]).sort()).toEqual(["admin", "session"]);
  });

  it("puts sessions on a single handler by defineSessionHandler", async () => {
    const client = await start();
    client.app.get(
      "/",
      defineSessionHandler(
        writing(() => {
          throw new HTTPError({ status: 401 });
        }),
        client.manager,
      ),
    );
    const got = await client.get("/");
    expect(got.status).toBe(401);
    expect(await stored(client, got)).toEqual({ seen: true });
  });

  it("marks a response that read its session, and only that, as varying by cookie", async () => {
    const client = await start();
    client.app.use(sessionMiddleware(client.manager));
    client.app.get("/read", async (event) => ({ user: (await useSession(event)).user ?? null }));
    client.app.get("/load", async (event) => {
      await useSession(event);
      return "text";
    });
    expect((await client.get("/read")).headers.get("vary")).toBe("Cookie");
    expect((await client.get("/load")).headers.get("vary")).toBeNull();
  });

  it("secures the cookie on https only, unless told otherwise", async () => {
    const client = await start();
    client.app.use(sessionMiddleware(client.manager)).get(
      "/",
      writing(() => "text"),
    );
    expect((await client.get("/")).cookies[0]).not.toContain("Secure");
    const secure = await client.app.fetch(new Request("https://localhost/"));
    expect(secure.headers.getSetCookie()[0]).toContain("; Secure");
  });
});
