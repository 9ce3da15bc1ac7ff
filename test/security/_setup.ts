import { H3, type EventHandler } from "h3";
import { Redis } from "ioredis";
import { onTestFinished } from "vitest";
import { createSessionManager, type Session, type SessionManager, type SessionOptions } from "unsession";
import { sessionMiddleware } from "unsession/h3";
import { createFaultyStore, type FaultyStore } from "unsession/testing";
import { startRedis, type RedisServer } from "../services/redis.ts";
import { World } from "../unit/_setup.ts";

/** Short, so that tests are. */
export const hurried = { load: 50, save: 100 };
/** For what has to succeed on a machine that is busy. */
export const patient = { load: 30_000, save: 30_000 };

export const write =
  (data: Record<string, unknown>) =>
  (session: Session): void =>
    void Object.assign(session, data);

/** A site with one session in its store, which misbehaves as it is told. */
export interface Site {
  /** The clock, the hooks, and what is really in the store. */
  readonly world: World;
  readonly store: FaultyStore;
  readonly manager: SessionManager;
  /** Of a session with `{ user: "alice" }`. */
  readonly cookie: string;
}

export async function openSite(options: SessionOptions = {}): Promise<Site> {
  const world = new World(options);
  const store = createFaultyStore(world.store);
  const manager = world.another({ storage: store, timeouts: hurried, ...options });
  const { cookie } = await world.visit(undefined, write({ user: "alice" }));
  return { world, store, manager, cookie: cookie as string };
}

/** A real Redis, with a session in it; both end with the test. */
export interface RedisSite {
  readonly server: RedisServer;
  readonly client: Redis;
  readonly manager: SessionManager;
  readonly cookie: string;
}

export async function openRedisSite(options: SessionOptions = {}): Promise<RedisSite> {
  const server = await startRedis();
  const client = new Redis(server.url);
  onTestFinished(async () => {
    client.disconnect();
    await server.stop();
  });
  const begun = createSessionManager({ storage: client, timeouts: patient });
  const session = await begun.load();
  session.user = "alice";
  const [cookie = ""] = await begun.commit(session);
  const manager = createSessionManager({ storage: client, timeouts: patient, ...options });
  return { server, client, manager, cookie: cookie.split(";")[0] as string };
}

/** An application with sessions on its routes. */
export function serveSite(manager: SessionManager, routes: Readonly<Record<string, EventHandler>>): H3 {
  const app = new H3({ silent: true }).use(sessionMiddleware(manager));
  for (const [path, handler] of Object.entries(routes)) app.get(path, handler);
  return app;
}

/** What the browser got: status, `Set-Cookie` headers, body. */
export async function ask(
  app: H3,
  path: string,
  cookie?: string,
): Promise<{ status: number; cookies: string[]; body: string; headers: Headers }> {
  const response = await app.request(path, cookie === undefined ? {} : { headers: { cookie } });
  const { status, headers } = response;
  return { status, headers, cookies: headers.getSetCookie(), body: await response.text() };
}
