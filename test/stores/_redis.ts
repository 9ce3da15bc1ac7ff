import { Redis, Cluster } from "ioredis";
import { Cluster as Cluster6, Redis as Redis6 } from "ioredis-6";
import * as ioredis6 from "ioredis-6";
import { createStorage as createStorage2, prefixStorage as prefixStorage2 } from "unstorage";
import redisDriver2 from "unstorage/drivers/redis";
import { createStorage as createStorage1 } from "unstorage-v1";
import redisDriver1 from "unstorage-v1/drivers/redis";
import type { RedisServer } from "../services/redis.ts";

/** What the `storage` option is given, and how its connections end. */
export interface Opened {
  readonly storage: object;
  /** The key that Redis has for a key of the store. */
  readonly keyOf: (key: string) => string;
  readonly close: () => unknown;
}

export type Open = (servers: readonly RedisServer[]) => Opened;

const asItIs = (key: string): string => key;

const overClient =
  (make: (server: RedisServer) => { disconnect(): void }, keyOf = asItIs): Open =>
  ([server]) => {
    const client = make(server as RedisServer);
    return { storage: client, keyOf, close: () => client.disconnect() };
  };

const overStorage =
  (make: (server: RedisServer) => { dispose(): unknown }, keyOf = asItIs): Open =>
  ([server]) => {
    const storage = make(server as RedisServer);
    return { storage, keyOf, close: () => storage.dispose() };
  };

const ODD_PREFIX = "a*[b]?\\c:";

/** Every way to give a single server. */
export const overServer: Readonly<Record<string, Open>> = {
  "ioredis 5": overClient(({ url }) => new Redis(url)),
  "ioredis 6": overClient(({ url }) => new Redis6(url)),
  "ioredis 5 with a keyPrefix": overClient(
    ({ url }) => new Redis(url, { keyPrefix: ODD_PREFIX }),
    (key) => ODD_PREFIX + key,
  ),
  "ioredis 6 with maps and automatic pipelines": overClient(
    ({ url }) => new Redis6(url, { replyMapping: "resp3", enableAutoPipelining: true }),
  ),
  "ioredis 5 with numbers as strings": overClient(({ url }) => new Redis(url, { stringNumbers: true, lazyConnect: true })),
  "unstorage 1.17.6": overStorage(({ url }) => createStorage1({ driver: redisDriver1({ url }) })),
  "unstorage 1.17.6 with a base": overStorage(
    ({ url }) => createStorage1({ driver: redisDriver1({ url, base: "app:v1:" }) }),
    (key) => `app:v1:${key}`,
  ),
  "unstorage 2.0.0-beta.0 with ioredis 5": overStorage(
    ({ url }) => createStorage2({ driver: redisDriver2({ url, base: "app" }) }),
    (key) => `app:${key}`,
  ),
  "unstorage 2.0.0-beta.0 mounted, below a prefixStorage": overStorage(
    ({ url }) => {
      const storage = createStorage2().mount("cache", redisDriver2({ url, base: "app" }));
      return prefixStorage2(storage, "cache:tenant");
    },
    (key) => `app:tenant:${key}`,
  ),
  "unstorage 2.0.0-beta.0 with ioredis 6": overStorage(({ url }) =>
    createStorage2({ driver: redisDriver2({ url, lib: ioredis6 as never }) }),
  ),
};

const addresses = (servers: readonly RedisServer[]): { host: string; port: number }[] =>
  servers.map(({ host, port }) => ({ host, port }));

/** Every way to give a Cluster. */
export const overCluster: Readonly<Record<string, Open>> = {
  "a Cluster of ioredis 5": (servers) => {
    const client = new Cluster(addresses(servers), { keyPrefix: ODD_PREFIX });
    return { storage: client, keyOf: (key) => ODD_PREFIX + key, close: () => client.disconnect() };
  },
  "a Cluster of ioredis 6": (servers) => {
    const client = new Cluster6(addresses(servers), { lazyConnect: true, enableAutoPipelining: true });
    return { storage: client, keyOf: asItIs, close: () => client.disconnect() };
  },
  "a Cluster of unstorage 1.17.6": (servers) => {
    const storage = createStorage1({ driver: redisDriver1({ cluster: addresses(servers), base: "app" }) });
    return { storage, keyOf: (key) => `app:${key}`, close: () => storage.dispose() };
  },
};

/** Lets the time of servers pass: every deadline comes nearer. */
export async function elapse(admins: readonly Redis[], milliseconds: number): Promise<void> {
  const script = `
    for _, key in ipairs(redis.call('KEYS', '*')) do
      local left = redis.call('PTTL', key)
      if left >= 0 then redis.call('PEXPIRE', key, left - ARGV[1]) end
    end`;
  await Promise.all(admins.map((admin) => admin.eval(script, 0, milliseconds)));
}

/** A header as those of records: the store compares headers. */
export function header(version: number): string {
  return `us1L${"json".padEnd(16)}${String(version).padStart(12, "0")}`.padEnd(220, ".");
}

/** How often servers ran each command, since they were told to count anew. What scripts run is counted as well. */
export async function commandsOf(admin: Redis): Promise<Record<string, number>> {
  const stats = await admin.info("commandstats");
  const counts = [...stats.matchAll(/^cmdstat_([\w|]+):calls=(\d+)/gm)].map(([, name, calls]) => [name, Number(calls)] as const);
  return Object.fromEntries(counts.filter(([name]) => !/^(config|info|client|hello|command)/.test(name as string)));
}
