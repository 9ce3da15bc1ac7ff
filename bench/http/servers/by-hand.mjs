// What is written by hand where every microsecond counts: no hash, no check, no protection against lost updates.
import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { LIFETIME, newDocument, redisUrl } from "./harness.mjs";

const sessions =
  process.env.STORE === "redis"
    ? inRedis(new Redis(redisUrl, { enableAutoPipelining: process.env.PIPELINED === "1" }))
    : inMemory();

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

function tokenOf(header) {
  return /(?:^|; )session=([\w-]+)/.exec(header ?? "")?.[1];
}

/** What each route does, given the `Cookie` header. */
export async function read(header) {
  const session = await sessions.read(tokenOf(header));
  return { name: session.user.name };
}

export async function write(header) {
  const token = tokenOf(header);
  const session = await sessions.load(token);
  session.views += 1;
  await sessions.save(token, session);
  return { views: session.views };
}

export async function nested(header) {
  const token = tokenOf(header);
  const session = await sessions.load(token);
  session.cart.items[0].count += 1;
  await sessions.save(token, session);
  return { count: session.cart.items[0].count };
}

/** Gives the `Set-Cookie` header. */
export async function create() {
  const token = randomBytes(32).toString("base64url");
  await sessions.save(token, newDocument());
  return `session=${token}; Max-Age=${LIFETIME}; Path=/; HttpOnly; SameSite=Lax`;
}
