import { optionError, unsupportedError } from "../errors.ts";
import { notice } from "../notice.ts";
import { createMemoryStore } from "./memory.ts";
import { kStore, type MaybePromise, type Store } from "./store.ts";

type Source = object | (() => MaybePromise<object>) | undefined;

/** What of an unstorage `Storage` is used; structural, so that any version fits. */
interface StorageLike {
  getMount(key: string): { base: string; driver: DriverLike };
}

interface DriverLike {
  readonly name?: string;
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
  const mount = isStorage(given) ? given.getMount(prefix) : { base: "", driver: given as DriverLike };
  const store = storeOf(await mount.driver.getInstance?.());
  if (store !== undefined) return mount.base === "" ? store : withoutBase(store, mount.base);
  throw unsupportedError(
    `The storage ${JSON.stringify(mount.driver.name ?? "without a name")} cannot keep sessions`,
    "Use `unsession/drivers/memory`, or a store of your own",
  );
}

function openMemory(now: () => number): Store {
  if (globalThis.process?.env?.["NODE_ENV"] === "production") {
    notice("memory", "Sessions are kept in memory: they end with the process and are not shared. Set `storage` for production.");
  }
  return createMemoryStore({ now });
}

function storeOf(value: unknown): Store | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const offered = (value as { [kStore]?: Store })[kStore];
  if (offered !== undefined) return offered;
  return "replace" in value && "create" in value && "touch" in value && "class" in value ? (value as Store) : undefined;
}

function isStorage(value: object): value is StorageLike {
  return "getMount" in value && typeof value.getMount === "function";
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
