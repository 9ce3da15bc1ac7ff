import type { MaybePromise } from "./store.ts";
import type { StorageLike } from "./text-items.ts";

/** What of an unstorage driver is used. */
export interface DriverLike extends StorageLike {
  readonly name?: string;
  readonly flags?: { readonly ttl?: boolean };
  readonly options?: { readonly readOnly?: boolean; readonly base?: string };
  getInstance?(): MaybePromise<unknown>;
}

/** An unstorage `Storage`, which knows the driver of a key. */
export interface StorageWithMounts extends StorageLike {
  getMount(key: string): { readonly base: string; readonly driver: DriverLike };
  getMounts?(base: string): readonly { readonly base: string; readonly driver: object }[];
  mount?(base: string, driver: object): unknown;
  unmount?(base: string, dispose: boolean): unknown;
}

/** Where the keys of a `Storage` are: its key `key` is the driver's `(namespace + key).slice(base.length)`. */
export interface Mount {
  readonly driver: DriverLike;
  /** What `prefixStorage` puts before a key; `""` for a storage that it did not make. */
  readonly namespace: string;
  /** Where the driver is mounted. */
  readonly base: string;
}

/** Finds the driver for the keys that begin with a prefix. */
export function findMount(storage: StorageWithMounts, prefix: string): Mount {
  const namespace = namespaceOf(storage);
  // By a whole key: a prefix need not end where a segment does.
  const { base, driver } = storage.getMount(`${namespace}${prefix}id`);
  return { driver, namespace, base };
}

const PROBE = "unsession-probe";

/**
 * `prefixStorage`, and Nitro's `useStorage(base)`, tell nobody their base, and the `getMount` of what they make takes keys that have it
 * already. But where something that is mounted goes shows it. All of this is done before anybody else can look.
 */
function namespaceOf(storage: StorageWithMounts): string {
  if (storage.mount === undefined || storage.unmount === undefined || storage.getMounts === undefined) return "";
  const probe = { getItem: () => null, hasItem: () => false, getKeys: () => [] };
  storage.mount(PROBE, probe);
  const at = storage.getMounts("").find(({ driver }) => driver === probe)?.base ?? "";
  void storage.unmount(PROBE, false);
  return at.slice(0, -`${PROBE}:`.length);
}
