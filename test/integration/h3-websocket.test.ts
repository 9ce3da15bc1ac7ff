import { createServer, request, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import nodeAdapter from "crossws/adapters/node";
import { plugin } from "crossws/server";
import { defineWebSocketHandler, H3, serve, type H3Event } from "h3";
import { createApp, defineWebSocketHandler as defineWebSocketHandlerV1, toNodeListener } from "h3-v1";
import { expect, it } from "vitest";
import { createSessionManager } from "unsession";
import { sessionMiddleware, useSession } from "unsession/h3";
import * as v1 from "unsession/h3-v1";
import { seedSession } from "unsession/testing";

/** Asks for an upgrade and resolves to the status of the answer: 101 if the handshake is done. */
function handshake(url: string, cookie: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        cookie,
      },
    });
    asked.on("upgrade", (answer, socket) => {
      socket.destroy();
      resolve(answer.statusCode);
    });
    asked.on("response", (answer) => resolve(answer.statusCode));
    asked.on("error", reject);
    asked.end();
  });
}

it("completes the handshake of a WebSocket whose route used and changed its session", async () => {
  const manager = createSessionManager();
  const seen: unknown[] = [];
  const app = new H3({ silent: true }).use(sessionMiddleware(manager)).use(async (event: H3Event, next) => {
    const session = await useSession(event);
    seen.push(session.user);
    session.upgraded = true;
    return next();
  });
  app.get("/ws", defineWebSocketHandler({ open: (peer) => void peer.send("hello") }));
  const resolve = async (req: Request): Promise<never> => ((await app.fetch(req)) as unknown as { crossws: never }).crossws;
  const server = serve(app, {
    port: 0,
    hostname: "127.0.0.1",
    silent: true,
    gracefulShutdown: false,
    plugins: [plugin({ resolve })],
  });
  await server.ready();
  try {
    const cookie = await seedSession(manager, { user: "ada" });
    expect(await handshake(`${server.url}ws`, cookie)).toBe(101);
    expect(seen).toEqual(["ada"]);
    expect(await manager.find(cookie.split("=")[1] as string)).toEqual({ user: "ada", upgraded: true });
  } finally {
    await server.close(true);
  }
});

it.each(["middleware", "wrapper"])("completes the handshake of a WebSocket of h3 v1, with sessions by a %s", async (by) => {
  const manager = createSessionManager();
  const seen: unknown[] = [];
  const app = createApp();
  if (by === "middleware") app.use(v1.sessionMiddleware(manager));
  const upgrade = async ({ headers }: { headers: Headers }): Promise<void> => {
    seen.push((await manager.load(headers.get("cookie"))).user);
  };
  app.use("/ws", defineWebSocketHandlerV1({ upgrade: upgrade as never }));
  if (by === "wrapper") app.handler = v1.defineSessionHandler(app.handler, manager);
  const sockets = nodeAdapter(app.websocket as object);
  const server = createServer(toNodeListener(app) as RequestListener).listen(0, "127.0.0.1");
  server.on("upgrade", (req, socket, head) => void sockets.handleUpgrade(req, socket as never, head));
  await new Promise((resolve) => server.once("listening", resolve));
  try {
    const cookie = await seedSession(manager, { user: "ada" });
    const { port } = server.address() as AddressInfo;
    expect(await handshake(`http://127.0.0.1:${port}/ws`, cookie)).toBe(101);
    expect(seen).toEqual(["ada"]);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
