import { PartedMap } from "../parted-map.ts";
import type { RedisClient } from "./client.ts";

/** Keys that a server looks at for each page: few enough to answer others within a millisecond. */
const PAGE = 500;

/** The keys that begin with a prefix, of a single server or of every master of a Cluster. */
export async function* scanKeys(client: RedisClient, prefix: string): AsyncGenerator<string, void, undefined> {
  // ioredis puts its `keyPrefix` before the keys of commands, but neither into patterns nor off answers.
  const keyPrefix = String(client.options.keyPrefix ?? "");
  const pattern = `${escapeGlob(keyPrefix + prefix)}*`;
  // A server that resizes its table gives keys twice, and so do two that a slot moves between.
  const seen = new PartedMap<true>();
  for (const server of await serversOf(client)) {
    let cursor = "0";
    do {
      const [next, keys] = await server.scan(cursor, "MATCH", pattern, "COUNT", PAGE);
      for (const key of keys) {
        if (seen.has(key)) continue;
        seen.set(key, true);
        yield key.slice(keyPrefix.length);
      }
      cursor = next;
    } while (cursor !== "0");
  }
}

/** @throws {Error} if a node cannot be reached: a part of the keys would pass for all */
async function serversOf(client: RedisClient): Promise<readonly RedisClient[]> {
  if (client.nodes === undefined) return [client];
  // A Cluster knows its nodes once it has been asked anything.
  await client.ping();
  const nodes = client.nodes("master");
  const connected = new Set(nodes.map(({ options }) => `${options.host}:${options.port}`));
  for (const [master] of new Set(client.slots?.filter((owners) => owners !== undefined))) {
    // ioredis forgets a node whose connection was lost until it next hears of it.
    if (master !== undefined && !connected.has(master)) throw new Error(`The node ${master} of the Cluster cannot be reached.`);
  }
  return nodes;
}

function escapeGlob(text: string): string {
  return text.replaceAll(/[*?[\]\\]/g, String.raw`\$&`);
}
