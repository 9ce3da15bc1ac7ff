import type { Redis } from "ioredis";
import type { Client, Server } from "./processes.ts";
import type { Route } from "./targets.ts";

/** Sessions per server: more than connections, so that no two requests at a time are for one. */
const SESSIONS = 200;

const CONNECTIONS = 32;

/** What one run of one server on one route took. */
export interface Run {
  readonly requests: number;
  /** Milliseconds of the server's processor time for 1,000 requests. */
  readonly cpu: number;
  readonly perSecond: number;
  readonly p50: number;
  /** How much of one core the server had: below 0.9 something else was in its way. */
  readonly load: number;
}

/** Makes the sessions that requests will come with, and checks that what a request writes, the next one sees. */
export async function prepare(client: Client, server: Server, size: number): Promise<string[]> {
  await server.resize(size);
  const { port } = server;
  const made = await client.run({ port, path: "/new", cookies: [""], connections: 1, count: SESSIONS });
  let cookies = [...made.setCookies];
  const [first = ""] = cookies;
  for (const [path, field, expected] of [
    ["/write", "views", 1],
    ["/nested", "count", 2],
  ] as const) {
    const { body, setCookies } = await client.run({ port, path, cookies: [cookies[0] ?? first], connections: 1, count: 1 });
    if (!body.includes(`"${field}":${expected}`)) throw new Error(`${server.target.name} did not write: ${path} gave ${body}`);
    // Where the session is in the cookie, it is in the new one.
    if (setCookies[0] !== "") cookies = [setCookies[0] as string, ...cookies.slice(1)];
  }
  const { body } = await client.run({ port, path: "/write", cookies: cookies.slice(0, 1), connections: 1, count: 1 });
  if (!body.includes('"views":2')) throw new Error(`${server.target.name} did not keep what was written: ${body}`);
  return cookies;
}

/** One run: `seconds` of requests. */
export async function measure(
  client: Client,
  server: Server,
  route: Route,
  cookies: readonly string[],
  seconds: number,
): Promise<Run> {
  const load = { port: server.port, path: `/${route}`, cookies: route === "new" ? [""] : cookies, connections: CONNECTIONS };
  const before = await server.cpu();
  const { requests, p50, seconds: took } = await client.run({ ...load, seconds });
  const cpu = (await server.cpu()) - before;
  return { requests, cpu: cpu / (requests / 1000), perSecond: requests / took, p50, load: cpu / 1000 / took };
}

/** The commands that one request sends to Redis, and what a script does there in brackets. */
export async function commandsOf(
  client: Client,
  redis: Redis,
  server: Server,
  route: Route,
  cookies: readonly string[],
): Promise<string> {
  const count = 100;
  await redis.config("RESETSTAT");
  await client.run({ port: server.port, path: `/${route}`, cookies: route === "new" ? [""] : cookies, connections: 1, count });
  const stats = await redis.info("commandstats");
  const calls = [...stats.matchAll(/^cmdstat_([\w|]+):calls=(\d+)/gm)].map(([, name = "", times]) => ({
    name,
    each: Math.round(Number(times) / count),
  }));
  const listed = (wanted: (name: string) => boolean): string =>
    calls
      .filter(({ name, each }) => each > 0 && wanted(name))
      .map(({ name, each }) => (each === 1 ? name : `${each} ${name}`))
      .sort()
      .join(" + ");
  const isScript = calls.some(({ name, each }) => each > 0 && name === "evalsha");
  const shown = listed((name) => !isScript || !(name === "getrange" || name === "set"));
  return shown === "" ? "none" : shown;
}
