import cookie from "@fastify/cookie";
import session from "@fastify/session";
import { RedisStore } from "connect-redis";
import fastify from "fastify";
import { createClient } from "redis";
import { LIFETIME, SECRET, announce, newDocument, redisUrl } from "../servers/harness.mjs";

const client = createClient({ url: redisUrl });
await client.connect();

const app = fastify();
app.register(cookie);
app.register(session, {
  store: new RedisStore({ client }),
  secret: SECRET,
  saveUninitialized: false,
  cookie: { secure: false, maxAge: LIFETIME * 1000 },
});
app.get("/unused", async () => ({ ok: true }));
app.get("/read", async (request) => ({ name: request.session.user.name }));
app.get("/write", async (request) => {
  request.session.views += 1;
  return { views: request.session.views };
});
app.get("/nested", async (request) => {
  request.session.cart.items[0].count += 1;
  return { count: request.session.cart.items[0].count };
});
app.get("/new", async (request) => {
  Object.assign(request.session, newDocument());
  return { ok: true };
});

await app.listen({ port: 0, host: "127.0.0.1" });
announce(app.server.address().port);
