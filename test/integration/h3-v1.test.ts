import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import {
  appendResponseHeader,
  createApp,
  createError,
  createRouter,
  defineEventHandler,
  defineWebSocketHandler,
  fromWebHandler,
  handleCacheHeaders,
  handleCors,
  proxyRequest,
  sendError,
  sendIterable,
  sendStream,
  sendWebResponse,
  toNodeListener,
  toPlainHandler,
  toWebHandler,
  type H3Event,
} from "h3-v1";
import { createSessionManager, type SessionManager } from "unsession";
import { defineSessionHandler, sessionMiddleware, useSession } from "unsession/h3-v1";
import { describe, vi } from "vitest";
import { build, h3V1OnNode, h3V1OnWeb, h3V1WrappedOnNode, runOnNode } from "./_h3-v1.ts";
import { describeAdapters, expect, it, stored, throwing, writing, type Answers, type Handler } from "./_setup.ts";

const own = <Outcome>(answer: (event: H3Event) => Outcome): Handler => answer as never;

/** A server elsewhere, whose answers are passed on. */
const origin = async (): Promise<Response> =>
  new Response("proxied", { status: 203, headers: { "set-cookie": "theirs=1", "cache-control": "public" } });

/** What only h3 v1 can answer with. */
const OUTCOMES: Answers = {
  "sendError()": [418, own((event) => sendError(event, createError({ status: 418 })))],
  "sendStream()": [200, own((event) => sendStream(event, new Blob(["streamed"]).stream()))],
  "sendIterable()": [200, own((event) => sendIterable(event, [Buffer.from("one"), Buffer.from("two")]))],
  "sendWebResponse()": [201, own((event) => sendWebResponse(event, new Response("made", { status: 201 })))],
  "event.respondWith()": [201, own((event) => event.respondWith(new Response("made", { status: 201 })))],
  "event.respondWith() without a body": [201, own((event) => event.respondWith(new Response(null, { status: 201 })))],
  "handleCacheHeaders()": [304, own((event) => void handleCacheHeaders(event, { etag: "one", maxAge: 5 }))],
  "a CORS preflight": [204, own((event) => void handleCors(event, { origin: "*", methods: "*" }))],
  "proxyRequest()": [203, own((event) => proxyRequest(event, "http://origin/", { fetch: origin as typeof fetch }))],
  "proxyRequest() without a stream": [
    203,
    own((event) => proxyRequest(event, "http://origin/", { fetch: origin as typeof fetch, sendStream: false })),
  ],
  "a Blob": [200, () => new Blob(["text"])],
  "a Buffer": [200, () => Buffer.from("text")],
  "a bigint": [200, () => 1n],
  "the node response": [200, own((event) => void event.node.res.end("text"))],
  "a cookie of its own": [200, own((event) => (appendResponseHeader(event, "set-cookie", "theirs=1"), "text"))],
  "no answer at all": [404, () => undefined],
};

describeAdapters("its own kinds of response", [h3V1OnNode, h3V1WrappedOnNode, h3V1OnWeb], (start, adapter) => {
  it.each(Object.keys(OUTCOMES))("stores the session and sends its cookie once with %s", async (kind) => {
    const [status, answer] = OUTCOMES[kind] as [number, Handler];
    const isPreflight = kind === "a CORS preflight";
    const client = await start({
      [isPreflight ? "before" : "none"]: writing(adapter, answer),
      routes: { "/": writing(adapter, answer) },
    });
    const got = await client.get("/", {
      method: isPreflight ? "OPTIONS" : "GET",
      headers: { "if-none-match": "one", origin: "http://other", "access-control-request-method": "GET" },
    });
    expect(got.status).toBe(status);
    const ours = got.cookies.filter((cookie) => !cookie.startsWith("theirs="));
    expect(got.cookies.length - ours.length).toBe(/proxy|own/.test(kind) ? 1 : 0);
    expect(await stored(client, { ...got, cookies: ours })).toEqual({ seen: true });
    expect(got.headers.get("cache-control")).toBe("no-store");
  });
});

describeAdapters("a handler that writes by itself", [h3V1OnNode, h3V1WrappedOnNode], (start, adapter) => {
  it("may go on with a response that was refused", async () => {
    let writes = 0;
    const answer = own(({ node: { res } }) => {
      const goOn = (): void => void (writes++, res.write("text"));
      res.on("drain", goOn);
      goOn();
      return new Promise((resolve) => res.once("close", () => resolve(undefined)));
    });
    const client = await start({ routes: { "/": writing(adapter, answer) } }, { storage: throwing(new Error("down")) });
    const got = await client.get("/");
    expect([got.status, writes]).toEqual([503, 2]);
    expect(got.body).not.toContain("text");
  });
});

const write = defineEventHandler(async (event) => {
  (await useSession(event)).seen = true;
  return "text";
});

describe("h3 v1, a middleware", () => {
  it("is done at once with a route that does not use its session", () => {
    const event = { context: {}, node: { res: {} } } as H3Event;
    expect(sessionMiddleware()(event)).toBeUndefined();
  });

  it("says to wrap the application on a host where it cannot keep the response back", async () => {
    let thrown: unknown;
    const app = createApp().use(sessionMiddleware());
    app.use(defineEventHandler(async (event) => (thrown = await useSession(event).catch((error: unknown) => error)) && "text"));
    await toWebHandler(app)(new Request("http://localhost/"));
    expect(thrown).toMatchObject({
      code: "ERR_SESSION_UNSUPPORTED",
      message: expect.stringContaining("app.handler = defineSessionHandler(app.handler)"),
    });
  });

  it("tells the console of a failure that it answers by itself", async () => {
    const app = await runOnNode(
      build({ sessions: [{}], routes: { "/": writing(h3V1OnNode, () => "text") }, before: unstorable }, "middleware"),
    );
    const told = vi.mocked(console.error);
    expect((await app.ask(new Request("http://localhost/"))).status).toBe(500);
    expect(told.mock.calls.flat()).toEqual([expect.objectContaining({ code: "ERR_SESSION_VALUE" })]);
    await app.close();
  });
});

const unstorable: Handler = async (event) => {
  (await h3V1OnNode.useSession(event)).odd = new (class Odd {})();
};

describeAdapters("two sessions on one response", [h3V1OnNode, h3V1WrappedOnNode, h3V1OnWeb], (start, { useSession }) => {
  it("sends the cookie of the one that was stored before the other failed", async () => {
    const storage = throwing(new Error("down"));
    const client = await start((manager) => ({
      sessions: [manager, { name: "admin", cookie: { name: "admin" }, storage }],
      routes: {
        "/": async (event) => {
          (await useSession(event)).seen = true;
          (await useSession(event, "admin")).seen = true;
          return "text";
        },
      },
    }));
    const got = await client.get("/");
    expect(got.status).toBe(503);
    expect(await stored(client, got)).toEqual({ seen: true });
  });
});

describe("h3 v1, a wrapper", () => {
  it("leaves to h3 what it knows of a handler", async () => {
    const hooks = { open: () => {} };
    const inner = createApp().use("/ws", defineWebSocketHandler(hooks));
    const app = createApp().use("/sub", defineSessionHandler(inner.handler));
    app.handler = defineSessionHandler(app.handler);
    expect(await app.websocket.resolve?.(new Request("http://localhost/sub/ws") as never)).toBe(hooks);
  });

  it("serves an application within another by its Request alone", async () => {
    const inner = createApp().use(write);
    const app = createApp().use(fromWebHandler(toWebHandler(inner)));
    const manager = wrap(app);
    const response = await toWebHandler(app)(new Request("http://localhost/"));
    expect(await response.text()).toBe("text");
    expect(await manager.count()).toBe(1);
    expect(response.headers.getSetCookie()).toHaveLength(1);
  });

  it("serves a handler behind a middleware for other hosts", async () => {
    const manager = createSessionManager();
    const app = createApp().use(sessionMiddleware(manager)).use(defineSessionHandler(write, manager));
    const response = await toWebHandler(app)(new Request("http://localhost/"));
    expect(response.headers.getSetCookie()).toHaveLength(1);
  });

  it("secures the cookie where it is not known how the request came", async () => {
    const app = createApp().use(createRouter().get("/", write));
    wrap(app);
    const { headers } = await toPlainHandler(app)({ method: "GET", path: "/", headers: {} });
    expect(headers.find(([name]) => name === "set-cookie")?.[1]).toContain("; Secure");
  });
});

describe("h3 v1, a server of TLS", () => {
  it("secures the cookie", async () => {
    // Without a certificate: both sides agree on a cipher that needs none.
    const tls = { ciphers: "ADH-AES128-SHA256@SECLEVEL=0", maxVersion: "TLSv1.2", dhparam: "auto" } as const;
    const app = createApp().use(sessionMiddleware()).use(write);
    const server = createServer(tls, toNodeListener(app)).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    const cookies = await new Promise<string[] | undefined>((resolve, reject) => {
      const asked = request({ port, host: "127.0.0.1", rejectUnauthorized: false, ...tls });
      asked.on("response", (answer) => (answer.resume(), resolve(answer.headers["set-cookie"])));
      asked.on("error", reject).end();
    });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(cookies).toEqual([expect.stringContaining("; Secure")]);
  });
});

function wrap(app: ReturnType<typeof createApp>): SessionManager {
  const manager = createSessionManager();
  app.handler = defineSessionHandler(app.handler, manager);
  return manager;
}
