import { optionError, unsupportedError } from "../errors.ts";
import { isProduction, notice } from "../notice.ts";
import { isMongoCollection } from "./mongodb/collection.ts";
import { findMount, type DriverLike, type Mount } from "./mount.ts";
import { isRedisClient } from "./redis/client.ts";
import { isStorage, storeOf } from "./source.ts";
import type { MaybePromise, Store } from "./store.ts";
import type { StorageLike } from "./text-items.ts";

type Source = object | (() => MaybePromise<object>) | undefined;

/**
 * Finds the store behind what the `storage` option was given. Only that one is imported.
 *
 * @throws {SessionError} `ERR_SESSION_UNSUPPORTED` if no store knows it
 */
export async function openStore(source: Source, prefix: string, now: () => number): Promise<Store> {
  if (source === undefined) return openMemory(now);
  const given: unknown = typeof source === "function" ? await (source as () => MaybePromise<object>)() : source;
  if (typeof given !== "object" || given === null) {
    throw optionError("storage", given, "a function that returns an unstorage Storage or driver, an ioredis client, or a store");
  }
  const own = storeOf(given) ?? (await openClient(given));
  if (own !== undefined) return own;
  const mount = isStorage(given) ? findMount(given, prefix) : { driver: given as DriverLike, namespace: "", base: "" };
  const { driver } = mount;
  const instance = await driver.getInstance?.();
  const store = storeOf(instance);
  if (store !== undefined) return renamed(store, mount, "");
  const client = await openClient(instance);
  if (client !== undefined) return renamed(client, mount, baseOf(driver));
  if (isWritable(driver)) return openGeneric(given as StorageLike, driver, prefix, now);
  throw unsupportedError(
    `The storage ${JSON.stringify(driver.name ?? "without a name")} cannot keep sessions`,
    "Use an unstorage driver that can be read and written, or a store of your own",
  );
}

async function openMemory(now: () => number): Promise<Store> {
  if (isProduction()) {
    notice("memory", "Sessions are kept in memory: they end with the process and are not shared. Set `storage` for production.");
  }
  const { createMemoryStore } = await import("./memory.ts");
  return createMemoryStore({ now });
}

/** The store over a client of a back end; `undefined` for a client that is not known. */
async function openClient(client: unknown): Promise<Store | undefined> {
  if (isRedisClient(client)) return (await import("./redis.ts")).createRedisStore(client);
  if (isMongoCollection(client)) return (await import("./mongodb.ts")).createMongodbStore(client);
  return undefined;
}

async function openGeneric(storage: StorageLike, driver: DriverLike, prefix: string, now: () => number): Promise<Store> {
  const { name = "unstorage driver", flags } = driver;
  if (isProduction()) {
    notice(
      `class C ${name}`,
      `The store ${JSON.stringify(name)} has no conditional writes: concurrent changes of a session are all kept within one process only.`,
    );
  }
  const { createGenericStore } = await import("./generic.ts");
  // By the driver, since `prefixStorage` and Nitro's `useStorage(base)` make a new Storage each time.
  return createGenericStore(storage, { name, prefix, now, ttl: flags?.ttl, backEnd: driver });
}

/** Read-only drivers do nothing when they are written to, and a Storage does not tell. */
function isWritable({ getItem, setItem, setItemRaw, removeItem, options }: DriverLike): boolean {
  const writes = typeof setItem === "function" || typeof setItemRaw === "function";
  return typeof getItem === "function" && writes && typeof removeItem === "function" && options?.readOnly !== true;
}

/** What a driver's `base` option puts before its keys. */
function baseOf({ options }: DriverLike): string {
  const base = (options?.base ?? "").replaceAll(/[/\\]/g, ":").replaceAll(/^:+|:+$/g, "");
  return base === "" ? "" : `${base}:`;
}

/** A back end that knows keys by other names: a driver by those below its mount, what is behind a driver by those with its base. */
function renamed(store: Store, { namespace, base: mounted }: Mount, base: string): Store {
  if (namespace === mounted && base === "") return store;
  const inner = (key: string): string => base + (namespace + key).slice(mounted.length);
  const outer = (key: string): string => (mounted + key.slice(base.length)).slice(namespace.length);
  const { name, ttl, list, maxBytes, binary } = store;
  return {
    name,
    class: store.class,
    ttl,
    list,
    maxBytes,
    binary,
    get: (key) => store.get(inner(key)),
    create: (key, value, ttlMs) => store.create(inner(key), value, ttlMs),
    replace: (key, value, expected, ttlMs) => store.replace(inner(key), value, expected, ttlMs),
    touch: (key, header, expected, ttlMs) => store.touch(inner(key), header, expected, ttlMs),
    remove: (key) => store.remove(inner(key)),
    async *keys(prefix) {
      for await (const key of store.keys(inner(prefix))) yield outer(key);
    },
    sweep: () => store.sweep?.() ?? 0,
    close: () => store.close?.(),
  };
}
