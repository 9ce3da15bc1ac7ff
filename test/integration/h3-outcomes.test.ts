import { Readable } from "node:stream";
import { createError, H3, HTTPError, HTTPResponse, noContent, redirect, type H3Event } from "h3";
import { createSessionManager } from "unsession";
import { sessionMiddleware, useSession } from "unsession/h3";
import { describeMatrix, expect, it, stored, writing } from "./_setup.ts";

/** One response that several requests share. */
const shared = new Response(null, { status: 200 });

/** Each way a handler can answer, with the status that reaches the client. */
const OUTCOMES: Record<string, readonly [status: number, answer: (event: H3Event) => unknown]> = {
  "an object": [200, () => ({ a: 1 })],
  "a string": [200, () => "text"],
  "an empty string": [200, () => ""],
  null: [200, () => null],
  "noContent()": [204, () => noContent()],
  "a 304": [304, (event) => ((event.res.status = 304), null)],
  "redirect()": [302, () => redirect("/")],
  "Response.redirect()": [302, () => Response.redirect("http://localhost/")],
  "a Response": [200, () => new Response("text")],
  "a shared Response": [200, () => shared],
  "a 404 Response": [404, () => new Response("no", { status: 404 })],
  "an HTTPResponse": [201, () => new HTTPResponse("made", { status: 201 })],
  "a web stream": [200, () => new Blob(["streamed"]).stream()],
  "a node stream": [200, () => Readable.from(["streamed"])],
  "a returned HTTPError": [418, () => new HTTPError({ status: 418 })],
  "a thrown HTTPError": [
    401,
    () => {
      throw new HTTPError({ status: 401 });
    },
  ],
  "a thrown createError": [
    403,
    () => {
      throw createError({ status: 403 });
    },
  ],
  "a thrown number": [
    402,
    () => {
      throw 402;
    },
  ],
  "a status set on the event": [202, (event) => ((event.res.status = 202), "accepted")],
  "headers set on the event": [200, (event) => (event.res.headers.set("x-own", "1"), "text")],
};

describeMatrix("h3 v2, what a handler answers", (start) => {
  it.each(Object.keys(OUTCOMES))("stores the session and sends its cookie once with %s", async (name) => {
    const [status, answer] = OUTCOMES[name] as (typeof OUTCOMES)[string];
    const client = await start();
    client.app.use(sessionMiddleware(client.manager)).get("/", writing(answer));
    const got = await client.get("/");
    expect(got.status).toBe(status);
    expect(await stored(client, got)).toEqual({ seen: true });
    expect(got.headers.get("cache-control")).toBe("no-store");
  });

  it.each(["a thrown Error", "a thrown string", "a 500 Response", "a thrown 503"])(
    "stores nothing and sends no cookie with %s",
    async (name) => {
      const client = await start();
      client.app.use(sessionMiddleware(client.manager)).get(
        "/",
        writing(() => {
          if (name === "a 500 Response") return new Response("down", { status: 500 });
          throw name === "a thrown string"
            ? "text"
            : name === "a thrown 503"
              ? new HTTPError({ status: 503 })
              : new Error("secret");
        }),
      );
      const got = await client.get("/");
      expect(got.status).toBe(name === "a thrown 503" ? 503 : 500);
      expect(got.cookies).toEqual([]);
      expect(await client.manager.count()).toBe(0);
    },
  );

  it("stores after a thrown Error with commitOn: always", async () => {
    const client = await start({ commitOn: "always" });
    client.app.use(sessionMiddleware(client.manager)).get(
      "/",
      writing(() => {
        throw new Error("secret");
      }),
    );
    const got = await client.get("/");
    expect(got.status).toBe(500);
    expect(await stored(client, got)).toEqual({ seen: true });
  });

  it("keeps the cookie of one visitor out of the shared Response of the next", async () => {
    const client = await start();
    client.app.use(sessionMiddleware(client.manager));
    client.app
      .get(
        "/in",
        writing(() => shared),
      )
      .get("/out", () => shared);
    await client.get("/in");
    expect((await client.get("/out")).cookies).toEqual([]);
    expect(shared.headers.getSetCookie()).toEqual([]);
  });

  it("sends the cookie with the 404 of a route that does not exist", async () => {
    const client = await start();
    client.app.use(sessionMiddleware(client.manager)).use(async (event, next) => {
      (await useSession(event)).seen = true;
      return next();
    });
    const got = await client.get("/nowhere");
    expect(got.status).toBe(404);
    expect(await stored(client, got)).toEqual({ seen: true });
  });

  it("sends the cookie when onError answers with a Response, and calls it once", async () => {
    let calls = 0;
    const client = await start({}, { onError: () => (calls++, new Response("handled", { status: 400 })) });
    client.app.use(sessionMiddleware(client.manager)).get(
      "/",
      writing(() => {
        throw new HTTPError({ status: 401 });
      }),
    );
    const got = await client.get("/");
    expect([got.status, got.body, calls]).toEqual([400, "handled", 1]);
    expect(await stored(client, got)).toEqual({ seen: true });
  });

  it.each<[string, () => never]>([
    [
      "a plain Error",
      () => {
        throw new Error("secret");
      },
    ],
    [
      "a 503",
      () => {
        throw new HTTPError({ status: 503 });
      },
    ],
  ])("stores nothing after %s that onError answers as if all were well", async (_, fail) => {
    const client = await start({}, { onError: () => new Response("sorry") });
    const outer = createSessionManager({ name: "outer", cookie: { name: "outer" } });
    client.app.use(sessionMiddleware(outer)).use(sessionMiddleware(client.manager));
    client.app.get("/", async (event) => {
      (await useSession(event, outer)).seen = true;
      return writing(fail)(event);
    });
    const got = await client.get("/");
    expect([got.status, got.body, got.cookies]).toEqual([200, "sorry", []]);
  });

  it("sends the cookie with an immutable Response that onError answers a missing route with", async () => {
    const client = await start({}, { onError: () => Response.redirect("http://localhost/") });
    client.app.use(sessionMiddleware(client.manager)).use(async (event, next) => {
      (await useSession(event)).seen = true;
      return next();
    });
    const got = await client.get("/nowhere");
    expect(got.status).toBe(302);
    expect(await stored(client, got)).toEqual({ seen: true });
  });

  it("calls onResponse once, with the cookie in place", async () => {
    const seen: string[][] = [];
    const client = await start({}, { onResponse: (response) => void seen.push(response.headers.getSetCookie()) });
    client.app.use(sessionMiddleware(client.manager)).get(
      "/",
      writing(() => "text"),
    );
    await client.get("/");
    expect(seen).toEqual([[expect.stringMatching(/^session=/)]]);
  });

  it("answers HEAD with the cookie and no body", async () => {
    const client = await start();
    client.app.use(sessionMiddleware(client.manager)).get(
      "/",
      writing(() => "text"),
    );
    const got = await client.get("/", { method: "HEAD" });
    expect(got.body).toBe("");
    expect(await stored(client, got)).toEqual({ seen: true });
  });

  it("stores before the first byte of a stream leaves", async () => {
    const client = await start();
    let countAtFirstByte = -1;
    const answer = (): ReadableStream =>
      new ReadableStream(
        {
          async pull(controller) {
            countAtFirstByte = await client.manager.count();
            controller.enqueue(new TextEncoder().encode("byte"));
            controller.close();
          },
        },
        { highWaterMark: 0 },
      );
    client.app.use(sessionMiddleware(client.manager)).get("/", writing(answer));
    expect((await client.get("/")).body).toBe("byte");
    expect(countAtFirstByte).toBe(1);
  });

  it("refuses a write from inside a stream, and lets $update through", async () => {
    const client = await start();
    let refused: unknown;
    client.app.use(sessionMiddleware(client.manager)).get("/", async (event) => {
      const session = await useSession(event);
      session.seen = true;
      return new ReadableStream(
        {
          async pull(controller) {
            try {
              session.late = true;
            } catch (error) {
              refused = error;
            }
            await session.$update((draft) => void (draft["streamed"] = true));
            controller.enqueue(new TextEncoder().encode("byte"));
            controller.close();
          },
        },
        { highWaterMark: 0 },
      );
    });
    const got = await client.get("/");
    expect(refused).toMatchObject({ code: "ERR_SESSION_COMMITTED" });
    expect(await stored(client, got)).toEqual({ seen: true, streamed: true });
  });

  it("serves a mounted application, also where it throws", async () => {
    const client = await start();
    const inner = new H3({ silent: true })
      .get(
        "/ok",
        writing(() => "ok"),
      )
      .get(
        "/no",
        writing(() => {
          throw new HTTPError({ status: 403 });
        }),
      );
    client.app.use(sessionMiddleware(client.manager)).mount("/sub", inner);
    for (const [path, status] of [
      ["/sub/ok", 200],
      ["/sub/no", 403],
    ] as const) {
      const got = await client.get(path);
      expect(got.status).toBe(status);
      expect(await stored(client, got)).toEqual({ seen: true });
    }
  });

  it("loads and commits once where a mounted application has the same middleware", async () => {
    const client = await start();
    const inner = new H3({ silent: true }).use(sessionMiddleware(client.manager)).get(
      "/ok",
      writing(() => "ok"),
    );
    client.app.use(sessionMiddleware(client.manager)).mount("/sub", inner);
    expect(await stored(client, await client.get("/sub/ok"))).toEqual({ seen: true });
    expect(await client.manager.count()).toBe(1);
  });

  it("leaves a WebSocket upgrade response as it is", async () => {
    const client = await start();
    const upgrade = Object.assign(new Response("Upgrade", { status: 426 }), { crossws: { hooks: true } });
    let returned: unknown;
    const middleware = sessionMiddleware(client.manager);
    client.app
      .use(async (event, next) => (returned = await middleware(event, next)))
      .get(
        "/ws",
        writing(() => upgrade),
      );
    await client.get("/ws");
    expect(returned).toBe(upgrade);
    expect(upgrade.headers.getSetCookie()).toEqual([]);
  });
});
