import { createSessionManager, type SessionManager } from "unsession";
import { h3OnNode, h3OnWeb } from "./_h3.ts";
import { h3V1OnNode, h3V1OnWeb, h3V1WrappedOnNode } from "./_h3-v1.ts";
import {
  answerOf,
  cookieOf,
  describeAdapters,
  expect,
  it,
  shared,
  stored,
  throwing,
  writing,
  type Adapter,
  type Handler,
  type SharedKind,
} from "./_setup.ts";

const everywhere = [h3OnWeb, h3OnNode, h3V1OnNode, h3V1WrappedOnNode, h3V1OnWeb];
const kinds = Object.keys(h3OnWeb.answers) as SharedKind[];

describeAdapters("what a handler answers", everywhere, (start, adapter) => {
  const on = (answer: Handler): { routes: Record<string, Handler> } => ({ routes: { "/": writing(adapter, answer) } });

  it.each(kinds)("stores the session and sends its cookie once with %s", async (kind) => {
    const [status, answer] = adapter.answers[kind];
    const client = await start(on(answer));
    const got = await client.get("/");
    expect(got.status).toBe(status);
    expect(await stored(client, got)).toEqual({ seen: true });
    expect(got.headers.get("cache-control")).toBe("no-store");
  });

  it("sends the body, and the headers of the handler", async () => {
    const client = await start({
      routes: {
        "/stream": writing(adapter, adapter.answers["a node stream"][1]),
        "/response": writing(
          adapter,
          () => new Response("text", { headers: { "x-own": "1", vary: "Accept", "set-cookie": "a=1" } }),
        ),
      },
    });
    expect((await client.get("/stream")).body).toBe("streamed");
    const got = await client.get("/response");
    expect([got.body, got.headers.get("x-own"), got.headers.get("vary")]).toEqual(["text", "1", "Accept"]);
    expect(got.cookies.map((cookie) => cookie.split("=")[0]).sort()).toEqual(["a", "session"]);
  });

  it.each(["private, max-age=5", "public, max-age=5"])(
    "makes of the Cache-Control of a Response what a session allows: %s",
    async (own) => {
      const client = await start(on(() => new Response("text", { headers: { "cache-control": own } })));
      expect((await client.get("/")).headers.get("cache-control")).toBe(own.startsWith("private") ? own : "no-store");
    },
  );

  it.each(["a thrown Error", "a thrown string", "a 500 Response", "a thrown 503"])(
    "stores nothing and sends no cookie with %s",
    async (name) => {
      const answers: Record<string, Handler> = {
        "a thrown Error": throwing(new Error("secret")),
        "a thrown string": throwing("text"),
        "a 500 Response": () => new Response("down", { status: 500 }),
        "a thrown 503": throwing(adapter.httpError(503)),
      };
      const client = await start(on(answers[name] as Handler));
      const got = await client.get("/");
      expect(got.status).toBe(name === "a thrown 503" ? 503 : 500);
      expect(got.cookies).toEqual([]);
      expect(got.headers.has("retry-after")).toBe(false);
      expect(await client.manager.count()).toBe(0);
    },
  );

  it("stores after a thrown Error with commitOn: always", async () => {
    const client = await start(on(throwing(new Error("secret"))), { commitOn: "always" });
    const got = await client.get("/");
    expect(got.status).toBe(500);
    expect(await stored(client, got)).toEqual({ seen: true });
  });

  it("keeps the cookie of one visitor out of the shared Response of the next", async () => {
    const client = await start({ routes: { "/in": writing(adapter, () => shared), "/out": () => shared } });
    await client.get("/in");
    expect((await client.get("/out")).cookies).toEqual([]);
    expect(shared.headers.getSetCookie()).toEqual([]);
  });

  it("sends the new token with the redirect after a login", async () => {
    const [, redirect] = adapter.answers["a redirect"];
    const client = await start({
      routes: {
        "/": writing(adapter, () => "text"),
        "/login": async (event) => {
          const session = await adapter.useSession(event);
          await session.$regenerate();
          session.user = 7;
          return redirect(event);
        },
      },
    });
    const before = cookieOf(await client.get("/"));
    const got = await client.get("/login", { headers: { cookie: before } });
    expect([got.status, got.headers.get("location")]).toEqual([302, "/"]);
    expect(await stored(client, got)).toEqual({ seen: true, user: 7 });
    expect(await client.manager.find(before.split("=")[1] as string)).toBeUndefined();
  });

  it("sends the cookie with the 404 of a route that does not exist", async () => {
    const client = await start({ before: writing(adapter, () => undefined) });
    const got = await client.get("/nowhere");
    expect(got.status).toBe(404);
    expect(await stored(client, got)).toEqual({ seen: true });
  });

  it("sends the cookie when onError answers, and calls it once", async () => {
    let calls = 0;
    const onError = { status: 400, body: "handled", heard: () => void calls++ };
    const client = await start({ ...on(throwing(adapter.httpError(401))), onError });
    const got = await client.get("/");
    expect([got.status, got.body, calls]).toEqual([400, "handled", 1]);
    expect(await stored(client, got)).toEqual({ seen: true });
  });

  it("answers HEAD with the cookie and no body", async () => {
    const client = await start(on(() => "text"));
    const got = await client.get("/", { method: "HEAD" });
    expect(got.body).toBe("");
    expect(await stored(client, got)).toEqual({ seen: true });
  });

  it("stores before the first byte of a stream leaves, and does not wait for its end", async () => {
    const order: string[] = [];
    const { end, stream } = openStream();
    const client = await start(on(stream), { hooks: { created: () => void order.push("stored") } });
    const response = await client.ask("/");
    order.push("answered");
    expect(await client.manager.count()).toBe(1);
    end();
    expect(await response.text()).toBe("first, last");
    expect(order).toEqual(["stored", "answered"]);
  });

  it("sends events as they come", async () => {
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => (end = resolve));
    const answer: Handler = (event) =>
      adapter.sendEvents(event, async (push) => {
        await push("first");
        await ended;
        await push("last");
      });
    const client = await start(on(answer));
    const response = await client.ask("/");
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("data: first\n\n");
    end();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("data: last\n\n");
    expect((await reader.read()).done).toBe(true);
    expect(await stored(client, await answerOf(new Response(null, response)))).toEqual({ seen: true });
  });

  it("refuses a write from inside a stream, and lets $update through", async () => {
    let refused: unknown;
    const { end, stream } = openStream(async (event) => {
      const session = await adapter.useSession(event);
      try {
        session.late = true;
      } catch (error) {
        refused = error;
      }
      await session.$update((draft) => void (draft["streamed"] = true));
    });
    const client = await start(on(stream));
    const response = await client.ask("/");
    end();
    const got = await answerOf(response);
    expect(refused).toMatchObject({ code: "ERR_SESSION_COMMITTED" });
    expect(await stored(client, got)).toEqual({ seen: true, streamed: true });
  });

  it("serves a mounted application, also where it throws", async () => {
    const inner = {
      "/ok": writing(adapter, () => "ok"),
      "/no": writing(adapter, throwing(adapter.httpError(403))),
    };
    const client = await start({ mounted: { "/sub": { routes: inner } } });
    for (const [path, status] of [
      ["/sub/ok", 200],
      ["/sub/no", 403],
    ] as const) {
      const got = await client.get(path);
      expect(got.status).toBe(status);
      expect(await stored(client, got)).toEqual({ seen: true });
    }
  });

  it("loads and commits once where a mounted application has the same sessions", async () => {
    const routes = { "/ok": writing(adapter, () => "ok") };
    const client = await start((manager) => ({ mounted: { "/sub": { sessions: [manager], routes } } }));
    expect(await stored(client, await client.get("/sub/ok"))).toEqual({ seen: true });
    expect(await client.manager.count()).toBe(1);
  });
});

/** With h3 v1 only a wrapper hears what was thrown; a middleware sees the response alone. */
const hearing: readonly Adapter[] = [h3OnWeb, h3OnNode, h3V1WrappedOnNode, h3V1OnWeb];

describeAdapters("what onError makes of a failure", hearing, (start, adapter) => {
  it.each(["a plain Error", "a 503"])("stores nothing after %s that onError answers as if all were well", async (name) => {
    const outer: SessionManager = createSessionManager({ name: "outer", cookie: { name: "outer" } });
    const fail = writing(adapter, throwing(name === "a 503" ? adapter.httpError(503) : new Error("secret")));
    const client = await start((manager) => ({
      sessions: [outer, manager],
      onError: { status: 200, body: "sorry", heard: () => {} },
      routes: {
        "/": async (event) => {
          (await adapter.useSession(event, outer)).seen = true;
          return fail(event);
        },
      },
    }));
    const got = await client.get("/");
    expect([got.status, got.body, got.cookies]).toEqual([200, "sorry", []]);
  });

  it("has it answer a commit that failed", async () => {
    const client = await start(
      { routes: { "/": writing(adapter, () => "text") }, onError: { status: 400, body: "handled", heard: () => {} } },
      { storage: throwing(new Error("down")) },
    );
    const got = await client.get("/");
    expect([got.status, got.body, got.cookies]).toEqual([400, "handled", []]);
  });
});

/** A handler whose stream stays open until it is told to end; does something before the last chunk. */
function openStream(late: Handler = () => {}): { end(): void; stream: Handler } {
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  const stream: Handler = (event) =>
    new ReadableStream({
      async start(controller) {
        controller.enqueue(new TextEncoder().encode("first, "));
        await ended;
        await late(event);
        controller.enqueue(new TextEncoder().encode("last"));
        controller.close();
      },
    });
  return { end, stream };
}
