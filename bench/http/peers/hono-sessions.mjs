import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { sessionMiddleware } from "hono-sessions";
import { Redis } from "ioredis";
import { LIFETIME, SECRET, announce, newDocument, redisUrl } from "../servers/harness.mjs";

const redis = new Redis(redisUrl);
const save = (id, data) => redis.setex(`hono:${id}`, LIFETIME, JSON.stringify(data));

const app = new Hono();
app.use(
  "*",
  sessionMiddleware({
    store: {
      getSessionById: async (id) => JSON.parse(await redis.get(`hono:${id}`)),
      createSession: save,
      persistSessionData: save,
      deleteSession: (id) => redis.del(`hono:${id}`),
    },
    encryptionKey: SECRET,
    expireAfterSeconds: LIFETIME,
    cookieOptions: { sameSite: "Lax", path: "/", httpOnly: true },
  }),
);
app.get("/unused", (context) => context.json({ ok: true }));
app.get("/read", (context) => context.json({ name: context.get("session").get("user").name }));
app.get("/write", (context) => {
  const session = context.get("session");
  session.set("views", session.get("views") + 1);
  return context.json({ views: session.get("views") });
});
app.get("/nested", (context) => {
  const session = context.get("session");
  const cart = session.get("cart");
  cart.items[0].count += 1;
  session.set("cart", cart);
  return context.json({ count: cart.items[0].count });
});
app.get("/new", (context) => {
  const session = context.get("session");
  for (const [key, value] of Object.entries(newDocument())) session.set(key, value);
  return context.json({ ok: true });
});

serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => announce(port));
