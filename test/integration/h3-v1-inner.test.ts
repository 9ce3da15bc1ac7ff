import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { createApp, createRouter, defineEventHandler, toNodeListener, type H3Event } from "h3-v1";
import { fetchNodeRequestHandler, type NodeRequestHandler } from "node-mock-http";
import { createSessionManager, type SessionManager } from "unsession";
import { defineSessionHandler, useSession } from "unsession/h3-v1";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

/** How Nitro 2 makes a request of its own application: by `event.$fetch`, with the cookie and the context of the event. */
type Inner = (event: H3Event, path: string, headers?: Record<string, string>) => Promise<Response>;
type Handlers = Record<string, (event: H3Event, inner: Inner) => unknown>;

let stop: (() => Promise<void>) | undefined;
// h3 writes errors there.
beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => {}));
afterEach(async () => {
  vi.restoreAllMocks();
  await stop?.();
});

async function start(handlers: Handlers, sessions: SessionManager = createSessionManager()): Promise<{ get: Get }> {
  const app = createApp();
  const inner: Inner = async ({ context, node }, path, headers) =>
    fetchNodeRequestHandler(toNodeListener(app) as NodeRequestHandler, path, {
      context,
      headers: { ...(node.req.headers as Record<string, string>), ...headers },
    });
  const router = createRouter();
  for (const [path, handler] of Object.entries(handlers)) {
    router.get(
      path,
      defineEventHandler((event) => handler(event, inner)),
    );
  }
  app.use(router);
  app.handler = defineSessionHandler(app.handler, sessions);
  const server = createServer(toNodeListener(app) as RequestListener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { get: (path, cookie = "") => fetch(base + path, { headers: cookie === "" ? {} : { cookie } }) };
}

type Get = (path: string, cookie?: string) => Promise<Response>;

const cookieOf = (response: Response): string => response.headers.getSetCookie()[0]?.split(";")[0] ?? "";

const count = async (event: H3Event): Promise<unknown> => {
  const session = await useSession(event);
  session.$increment("count");
  return session.$snapshot();
};

describe("a request that a handler makes of its own application", () => {
  it("has the session of the request that made it, which commits it", async () => {
    const sessions = createSessionManager();
    const { get } = await start(
      {
        "/outer": async (event, inner) => {
          const answers = await Promise.all([inner(event, "/count"), inner(event, "/count")]);
          return answers.flatMap(({ headers }) => headers.getSetCookie());
        },
        "/count": count,
      },
      sessions,
    );
    const outer = await get("/outer");
    expect([await outer.json(), outer.headers.getSetCookie().length, await sessions.count()]).toEqual([[], 1, 1]);
    expect(outer.headers.get("cache-control")).toBe("no-store");
    expect(await (await get("/count", cookieOf(outer))).json()).toEqual({ count: 3 });
  });

  it("sees what the other did, and the other way round, over several steps", async () => {
    const { get } = await start({
      "/outer": async (event, inner) => {
        const session = await useSession(event);
        session["outer"] = true;
        const answer = await (await inner(event, "/middle")).json();
        return [answer, session["inner"], event.context["session"] === session];
      },
      "/middle": (event, inner) => inner(event, "/inner"),
      "/inner": async (event) => {
        const session = await useSession(event);
        session["inner"] = true;
        return [session["outer"], event.context["session"] === session];
      },
    });
    expect(await (await get("/outer")).json()).toEqual([[true, true], true, true]);
  });

  it("is read once from the store, with all of them", async () => {
    const loaded = vi.fn();
    const { get } = await start(
      {
        "/outer": async (event, inner) => (await Promise.all([inner(event, "/count"), inner(event, "/count")])).length,
        "/count": count,
      },
      createSessionManager({ hooks: { loaded } }),
    );
    const cookie = cookieOf(await get("/outer"));
    await get("/outer", cookie);
    expect(loaded).toHaveBeenCalledTimes(1);
  });

  it("keeps apart visitors who come at the same time", async () => {
    const { get } = await start({
      "/outer": (event, inner) => inner(event, "/count"),
      "/count": count,
    });
    const outers = await Promise.all(Array.from({ length: 50 }, () => get("/outer")));
    expect(await Promise.all(outers.map((outer) => outer.json()))).toEqual(outers.map(() => ({ count: 1 })));
    expect(new Set(outers.map(cookieOf)).size).toBe(50);
  });

  it("has a session of its own if it comes with another cookie", async () => {
    const { get } = await start({
      "/outer": async (event, inner) => (await inner(event, "/count", { cookie: String(event.path.split("?")[1]) })).json(),
      "/count": count,
    });
    const [mine, theirs] = [cookieOf(await get("/count")), cookieOf(await get("/count"))];
    expect(await (await get(`/outer?${theirs}`, mine)).json()).toEqual({ count: 2 });
    expect(await (await get("/count", mine)).json()).toEqual({ count: 2 });
    expect(await (await get("/count", theirs)).json()).toEqual({ count: 3 });
  });

  it("has a session of its own, and commits it, once the other's response has left", async () => {
    let late: Promise<Response> | undefined;
    let left!: () => void;
    const { get } = await start({
      "/outer": (event, inner) => {
        late = new Promise<void>((resolve) => (left = resolve)).then(() => inner(event, "/count"));
        return "left";
      },
      "/count": count,
    });
    const cookie = cookieOf(await get("/count"));
    await (await get("/outer", cookie)).text();
    left();
    expect(await (await late)?.json()).toEqual({ count: 2 });
    expect(await (await get("/count", cookie)).json()).toEqual({ count: 3 });
  });

  it("fails aloud where it writes after the other's response has left with the session", async () => {
    let late: Promise<Response> | undefined;
    let left!: () => void;
    const gone = new Promise<void>((resolve) => (left = resolve));
    const { get } = await start({
      "/outer": async (event, inner) => {
        late = inner(event, "/slow");
        return count(event);
      },
      "/slow": async (event) => {
        const session = await useSession(event);
        await gone;
        session["slow"] = true;
      },
    });
    await (await get("/outer")).text();
    left();
    expect((await late)?.status).toBe(500);
  });

  it.each([
    ["in a cached handler", { cache: {} }],
    ["by a rule", { _nitro: { routeRules: { isr: true } } }],
    ["while prerendering", { _nitro: { routeRules: { prerender: true } } }],
  ])("is refused a session where the other's response is kept for all: %s", async (_where, kept) => {
    const { get } = await start({
      "/outer": async (event, inner) => {
        Object.assign(event.context, kept);
        return (await inner(event, "/middle")).status;
      },
      "/middle": async (event, inner) => {
        const { status } = await inner(event, "/count");
        event.node.res.statusCode = status;
        return "";
      },
      "/count": count,
    });
    expect(await (await get("/outer")).json()).toBe(500);
  });
});
