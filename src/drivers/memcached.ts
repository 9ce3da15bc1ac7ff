import type { Driver, TransactionOptions } from "unstorage";
import { optionError, unsupportedError } from "../errors.ts";
import { createMemcachedStore, type MemcachedStore } from "../stores/memcached.ts";
import { createClient, type Client } from "./memcached/client.ts";
import { adaptClient, type MemcachedClient } from "./memcached/foreign-client.ts";
import { Items } from "./memcached/items.ts";
import { parseServers } from "./memcached/servers.ts";
import { ttlOf } from "./shared/ttl.ts";

export type { MemcachedStore } from "../stores/memcached.ts";
export type { MemcachedClient } from "./memcached/foreign-client.ts";

export interface MemcachedOptions {
  /**
   * `"host:port"`, or a list; port 11211 by default.
   *
   * Each key is kept by one of them, by consistent hashing over the names as they are written here: give every process the same.
   * While a server is down its keys fail and move nowhere.
   */
  readonly servers?: string | readonly string[] | undefined;
  /**
   * A client of yours for one server, instead of `servers`: a `MemcacheClient` of the package memcache-client, say. It stays yours to
   * shut down.
   */
  readonly client?: MemcachedClient | undefined;
  /** How long a server may take to connect and answer, in milliseconds; 1000 by default. The call then rejects. */
  readonly timeout?: number | undefined;
  /** The servers' `-I`, in bytes: the largest item with its key and some 60 bytes; 1,048,576 by default, as theirs. */
  readonly maxItemBytes?: number | undefined;
}

const TIMEOUT = 1000;
const MAX_ITEM_BYTES = 1024 * 1024;

/**
 * An unstorage driver that keeps text and bytes in memcached 1.6.13 or later.
 *
 * A session manager gets every verb it knows: `getInstance()` is a {@link MemcachedStore}. `ttl` is in seconds, of any length; without
 * one, or with 0, an item stays until memcached needs the room. `setItemRaw` takes a string or a `Uint8Array` and gives it back as it
 * was. `getKeys` and `clear` throw `ERR_SESSION_UNSUPPORTED`, since memcached cannot list; an item over the limit throws
 * `ERR_SESSION_TOO_LARGE` and leaves the old one alone.
 *
 * @throws {SessionError} `ERR_SESSION_OPTIONS` if an option is wrong
 * @example
 * const storage = createStorage({ driver: memcached({ servers: ["10.0.0.1:11211", "10.0.0.2:11211"] }) });
 */
export default function memcached(options: MemcachedOptions): Driver<MemcachedOptions, MemcachedStore> {
  const { maxItemBytes = MAX_ITEM_BYTES } = options;
  checkRange("maxItemBytes", maxItemBytes, 1024, 1024 ** 3);
  const items = new Items(clientsOf(options), maxItemBytes);
  const store = createMemcachedStore(items);

  const read = async (key: string): Promise<string | Uint8Array | null> => (await items.get(key))?.value ?? null;
  const write = (key: string, value: unknown, transaction?: TransactionOptions): Promise<void> =>
    items.set(key, checkValue(value), ttlOf(transaction));

  return {
    name: "unsession-memcached",
    options,
    flags: { ttl: true },
    getInstance: () => store,
    hasItem: async (key) => (await items.get(key)) !== undefined,
    getItem: read,
    getItemRaw: read,
    setItem: write,
    setItemRaw: write,
    removeItem: (key) => items.delete(key),
    // Never an empty list: who removes what is listed would believe that it is gone.
    getKeys: () => store.keys(),
    clear: () => store.keys(),
    dispose: () => items.close(),
  };
}

/** The client of each server, by its name. */
function clientsOf({ servers, client, timeout = TIMEOUT }: MemcachedOptions): Map<string, Client> {
  checkRange("timeout", timeout, 1, 600_000);
  if (client === undefined) {
    return new Map(parseServers(servers).map((server) => [server, createClient(server, timeout)]));
  }
  if (servers !== undefined) throw optionError("servers", servers, "nothing beside a `client`, which has its server");
  return new Map([["of the given client", adaptClient(client, timeout)]]);
}

function checkRange(option: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw optionError(option, value, `a whole number from ${least} to ${most}`);
}

function checkValue(value: unknown): string | Uint8Array {
  if (typeof value === "string" || value instanceof Uint8Array) return value;
  throw unsupportedError(
    "`setItemRaw` of the memcached driver was given neither text nor a Uint8Array",
    "Use `setItem`, which keeps a value as JSON",
  );
}
