import { notice } from "../../notice.ts";
import type { RedisClient } from "./client.ts";
import { Cork } from "./cork.ts";

/** What is known of a client's connection. There is one for all stores over a client, so that listeners do not pile up. */
export class Connection {
  /** How often a connection has closed so far. A client sends what was not answered once more, on the next one. */
  closes = 0;
  readonly cork: Cork;

  constructor(client: RedisClient) {
    this.cork = new Cork(client);
    client.on("error", (error: Error) => {
      // With no listener but ours, ioredis would have printed it.
      if (client.listenerCount("error") === 1) notice("redis error", `The connection to Redis failed: ${error.message}`);
    });
    if (client.nodes === undefined) this.#watch(client);
    else {
      // A Cluster does not tell which of its connections closed.
      for (const node of client.nodes("all")) this.#watch(node);
      client.on("+node", (node: RedisClient) => this.#watch(node));
    }
    const warn = (): void => void warnOfEviction(client);
    if (client.status === "ready") warn();
    else client.once("ready", warn);
  }

  #watch(client: RedisClient): void {
    client.on("close", () => void this.closes++);
  }
}

const connections = new WeakMap<RedisClient, Connection>();

export function connectionOf(client: RedisClient): Connection {
  let found = connections.get(client);
  if (found === undefined) connections.set(client, (found = new Connection(client)));
  return found;
}

/** `noeviction` drops nothing, and `volatile-ttl` first what would end next; any other drops sessions that are in use. */
const KIND_POLICIES = new Set(["noeviction", "volatile-ttl"]);

/** Nobody waits for it, and nobody is told if it fails: a server may not let everyone ask. */
async function warnOfEviction(client: RedisClient): Promise<void> {
  try {
    const [, policy] = /^maxmemory_policy:([\w-]+)/m.exec(await client.info("memory")) ?? [];
    if (policy === undefined || KIND_POLICIES.has(policy)) return;
    notice(
      "redis eviction",
      `Redis drops sessions that are still in use when its memory is full: its maxmemory-policy is ${policy}. Set it to noeviction.`,
    );
  } catch {
    // Not knowing is not worth a word.
  }
}
