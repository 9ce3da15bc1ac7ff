import { H3, serve } from "h3";
import { Redis } from "ioredis";
import { createSessionManager } from "unsession";
import { sessionMiddleware, useSession } from "unsession/h3";
import { LIFETIME, SECRET, announce, newDocument, redisUrl } from "./harness.mjs";

const sessions = createSessionManager({
  storage: process.env.STORE === "redis" ? new Redis(redisUrl) : undefined,
  secret: process.env.SIGNED === "1" ? SECRET : undefined,
  idleTimeout: LIFETIME,
});

const app = new H3();
app.use(sessionMiddleware(sessions));
app.get("/unused", () => ({ ok: true }));
app.get("/read", async (event) => {
  const session = await useSession(event);
  return { name: session.user.name };
});
app.get("/write", async (event) => {
  const session = await useSession(event);
  session.views += 1;
  return { views: session.views };
});
app.get("/nested", async (event) => {
  const session = await useSession(event);
  session.cart.items[0].count += 1;
  return { count: session.cart.items[0].count };
});
app.get("/new", async (event) => {
  Object.assign(await useSession(event), newDocument());
  return { ok: true };
});

const server = serve(app, { port: 0, hostname: "127.0.0.1", silent: true });
await server.ready();
announce(Number(new URL(server.url).port));
