import { Buffer } from "node:buffer";
import { unsupportedError } from "../errors.ts";
import { kStore, type Replaced, type Store, type StoreEntry } from "./store.ts";

/** What a store needs of memcached; `ttl` is in milliseconds. Every call rejects unless a server has answered. */
export interface MemcachedItems {
  /** The largest value, in bytes. */
  readonly maxBytes: number;
  get(key: string): Promise<MemcachedItem | undefined>;
  /** Stores only if the key is absent; `false` if it is taken. */
  add(key: string, value: string | Uint8Array, ttl: number | undefined): Promise<boolean>;
  /** Stores only if the item is still the version of this number. */
  swap(key: string, value: string | Uint8Array, cas: Cas, ttl: number | undefined): Promise<Swapped>;
  delete(key: string): Promise<void>;
}

export interface MemcachedItem {
  /** As it was written: text as text, bytes as bytes. */
  readonly value: string | Uint8Array;
  readonly cas: Cas;
}

/** The server's number of one version of an item. */
export type Cas = string | number;

/** How a conditional write ended; `cas` is that of what was stored, where the client tells. */
export type Swapped =
  | { readonly status: "stored"; readonly cas?: Cas | undefined }
  | { readonly status: "changed" }
  | { readonly status: "missing" };

/** A {@link Store} in memcached: class A by its `gets`, `add` and `cas`. It cannot list its keys. */
export interface MemcachedStore extends Store {
  /** The store itself: how a back end that offers one is recognised. */
  readonly [kStore]: Store;

  /** @throws {SessionError} `ERR_SESSION_UNSUPPORTED`, always */
  keys(prefix?: string): never;
}

/** How a record that is a byte string begins. */
const BYTES = "ub1";

/** Creates a {@link MemcachedStore}. */
export function createMemcachedStore(items: MemcachedItems): MemcachedStore {
  return new Memcached(items);
}

class Memcached implements MemcachedStore {
  readonly name = "memcached";
  readonly class = "A";
  readonly ttl = true;
  readonly list = false;
  readonly binary = true;
  readonly maxBytes: number;

  readonly #items: MemcachedItems;

  constructor(items: MemcachedItems) {
    this.#items = items;
    this.maxBytes = items.maxBytes;
  }

  get [kStore](): Store {
    return this;
  }

  async get(key: string): Promise<StoreEntry | undefined> {
    const item = await this.#items.get(key);
    return item === undefined ? undefined : { value: unpack(item.value), cas: item.cas };
  }

  create(key: string, value: string, ttl: number | undefined): Promise<boolean> {
    return this.#items.add(key, pack(value), ttl);
  }

  async replace(key: string, value: string, expected: StoreEntry, ttl: number | undefined): Promise<Replaced> {
    let cas = expected.cas as Cas | undefined;
    if (cas === undefined) {
      // No two versions of a record are equal text: what is equal is the very one.
      const current = await this.get(key);
      if (current?.value !== expected.value) return found(current);
      cas = current.cas as Cas;
    }
    const swapped = await this.#items.swap(key, pack(value), cas, ttl);
    if (swapped.status === "stored") return { status: "ok", entry: { value, cas: swapped.cas } };
    return swapped.status === "missing" ? swapped : found(await this.get(key));
  }

  touch(key: string, header: string, expected: StoreEntry, ttl: number | undefined): Promise<Replaced> {
    return this.replace(key, header + expected.value.slice(header.length), expected, ttl);
  }

  remove(key: string): Promise<void> {
    return this.#items.delete(key);
  }

  keys(): never {
    throw unsupportedError(
      "memcached cannot list what it holds",
      "Use a store that lists, such as Redis, or keep a list of your own",
    );
  }
}

/** What stands in the way of a write. */
function found(current: StoreEntry | undefined): Replaced {
  return current === undefined ? { status: "missing" } : { status: "conflict", current };
}

function pack(value: string): string | Uint8Array {
  return value.startsWith(BYTES) ? Buffer.from(value, "latin1") : value;
}

function unpack(value: string | Uint8Array): string {
  return typeof value === "string" ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("latin1");
}
