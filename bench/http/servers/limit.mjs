// What is written by hand where every microsecond counts: no hash, no check, no protection against lost updates.
import { randomBytes } from "node:crypto";
import { H3, serve } from "h3";
import { Redis } from "ioredis";
import { LIFETIME, announce, newDocument, redisUrl } from "./harness.mjs";

const sessions = process.env.STORE === "redis" ? inRedis(new Redis(redisUrl)) : inMemory();

function inRedis(redis) {
  const keyOf = (token) => `limit:${token}`;
  return {
    read: async (token) => parse(await redis.getex(keyOf(token), "EX", LIFETIME)),
    load: async (token) => parse(await redis.get(keyOf(token))),
    save: (token, session) => redis.setex(keyOf(token), LIFETIME, JSON.stringify(session)),
  };
}

/** Live objects: what one request changes, another sees at once. */
function inMemory() {
  const entries = new Map();
  const live = (token) => {
    const entry = entries.get(token);
    if (entry === undefined || entry.ends < Date.now()) return undefined;
    entry.ends = Date.now() + LIFETIME * 1000;
    return entry.session;
  };
  return {
    read: live,
    load: live,
    save: (token, session) => void entries.set(token, { session, ends: Date.now() + LIFETIME * 1000 }),
  };
}

function parse(text) {
  return text === null ? undefined : JSON.parse(text);
}

function tokenOf(event) {
  return /(?:^|; )session=([\w-]+)/.exec(event.req.headers.get("cookie") ?? "")?.[1];
}

const app = new H3();
app.get("/unused", () => ({ ok: true }));
app.get("/read", async (event) => {
  const session = await sessions.read(tokenOf(event));
  return { name: session.user.name };
});
app.get("/write", async (event) => {
  const token = tokenOf(event);
  const session = await sessions.load(token);
  session.views += 1;
  await sessions.save(token, session);
  return { views: session.views };
});
app.get("/nested", async (event) => {
  const token = tokenOf(event);
  const session = await sessions.load(token);
  session.cart.items[0].count += 1;
  await sessions.save(token, session);
  return { count: session.cart.items[0].count };
});
app.get("/new", async (event) => {
  const token = randomBytes(32).toString("base64url");
  await sessions.save(token, newDocument());
  event.res.headers.set("set-cookie", `session=${token}; Max-Age=${LIFETIME}; Path=/; HttpOnly; SameSite=Lax`);
  return { ok: true };
});

const server = serve(app, { port: 0, hostname: "127.0.0.1", silent: true });
await server.ready();
announce(Number(new URL(server.url).port));
