import { request } from "node:http";
import { defineWebSocketHandler, H3, serve, type H3Event } from "h3";
import { plugin } from "crossws/server";
import { expect, it } from "vitest";
import { createSessionManager } from "unsession";
import { sessionMiddleware, useSession } from "unsession/h3";

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
    const session = await manager.load();
    session.user = "ada";
    const cookie = ((await manager.commit(session))[0] as string).split(";")[0] as string;
    expect(await handshake(`${server.url}ws`, cookie)).toBe(101);
    expect(seen).toEqual(["ada"]);
    expect(await manager.find(cookie.split("=")[1] as string)).toEqual({ user: "ada", upgraded: true });
  } finally {
    await server.close(true);
  }
});
