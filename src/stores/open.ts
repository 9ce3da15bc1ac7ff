import { optionError, unsupportedError } from "../errors.ts";
import { isProduction, notice } from "../notice.ts";
import { createGenericStore } from "./generic.ts";
import { createMemoryStore } from "./memory.ts";
import { kStore, type MaybePromise, type Store } from "./store.ts";
import type { StorageLike } from "./text-items.ts";

type Source = object | (() => MaybePromise<object>) | undefined;

/** An unstorage `Storage`, which knows the driver of a key. */
interface Mounts extends StorageLike {
  getMount(key: string): { base: string; driver: DriverLike };
}

/** What of an unstorage driver is used. */
interface DriverLike extends StorageLike {
  readonly name?: string;
  readonly flags?: { readonly ttl?: boolean };
  readonly options?: { readonly readOnly?: boolean };
  getInstance?(): MaybePromise<unknown>;
}

/**
 * Finds the store behind what the `storage` option was given.
 *
 * @throws {SessionError} `ERR_SESSION_UNSUPPORTED` if no store knows it
 */
export async function openStore(source: Source, prefix: string, now: () => number): Promise<Store> {
  if (source === undefined) return openMemory(now);
  const given: unknown = typeof source === "function" ? await (source as () => MaybePromise<object>)() : source;
  if (typeof given !== "object" || given === null) {
    throw optionError("storage", given, "a function that returns an unstorage Storage or driver, or a store");
  }
  const own = storeOf(given);
  if (own !== undefined) return own;
  // A mount is found by a whole key: a prefix need not end where a segment does.
  const mount = isStorage(given) ? given.getMount(`${prefix}id`) : { base: "", driver: given as DriverLike };
  const store = storeOf(await mount.driver.getInstance?.());
  if (store !== undefined) return mount.base === "" ? store : withoutBase(store, mount.base);
  if (isWritable(mount.driver)) return openGeneric(given as StorageLike, mount.driver, prefix, now);
  throw unsupportedError(
    `The storage ${JSON.stringify(mount.driver.name ?? "without a name")} cannot keep sessions`,
    "Use an unstorage driver that can be read and written, or a store of your own",
  );
}

/** Tells what could be a storage from what cannot: whether it can keep sessions shows when it is opened. */
export function isStorageSource(value: unknown): boolean {
  if (typeof value === "function") return true;
  if (typeof value !== "object" || value === null) return false;
  return storeOf(value) !== undefined || isStorage(value) || "getItem" in value || "getInstance" in value;
}

function openMemory(now: () => number): Store {
  if (isProduction()) {
    notice("memory", "Sessions are kept in memory: they end with the process and are not shared. Set `storage` for production.");
  }
  return createMemoryStore({ now });
}

function openGeneric(storage: StorageLike, driver: DriverLike, prefix: string, now: () => number): Store {
  const { name = "unstorage driver", flags } = driver;
  if (isProduction()) {
    notice(
      `class C ${name}`,
      `The store ${JSON.stringify(name)} has no conditional writes: concurrent changes of a session are all kept within one process only.`,
    );
  }
  // By the driver, since `prefixStorage` and Nitro's `useStorage(base)` make a new Storage each time.
  return createGenericStore(storage, { name, prefix, now, ttl: flags?.ttl, backEnd: driver });
}

function storeOf(value: unknown): Store | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const offered = (value as { [kStore]?: Store })[kStore];
  if (offered !== undefined) return offered;
  return "replace" in value && "create" in value && "touch" in value && "class" in value ? (value as Store) : undefined;
}

function isStorage(value: object): value is Mounts {
  return "getMount" in value && typeof value.getMount === "function";
}

/** Read-only drivers do nothing when they are written to, and a Storage does not tell. */
function isWritable({ getItem, setItem, setItemRaw, removeItem, options }: DriverLike): boolean {
  const writes = typeof setItem === "function" || typeof setItemRaw === "function";
  return typeof getItem === "function" && writes && typeof removeItem === "function" && options?.readOnly !== true;
}

/** A driver that is mounted below a base gets keys without it. */
function withoutBase(store: Store, base: string): Store {
  const at = (key: string): string => (key.startsWith(base) ? key.slice(base.length) : key);
  const { name, ttl, list, maxBytes } = store;
  return {
    name,
    class: store.class,
    ttl,
    list,
    maxBytes,
    get: (key) => store.get(at(key)),
    create: (key, value, ttlMs) => store.create(at(key), value, ttlMs),
    replace: (key, value, expected, ttlMs) => store.replace(at(key), value, expected, ttlMs),
    touch: (key, header, expected, ttlMs) => store.touch(at(key), header, expected, ttlMs),
    remove: (key) => store.remove(at(key)),
    async *keys(prefix) {
      for await (const key of store.keys(at(prefix))) yield base + key;
    },
    sweep: () => store.sweep?.() ?? 0,
    close: () => store.close?.(),
  };
}
