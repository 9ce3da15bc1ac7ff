/**
 * The port between the engine and whatever keeps records.
 *
 * A store keeps opaque text, or bytes where it can, under a key. It never parses a record, with one exception: where the back end cannot compare
 * values itself, an implementation may compare the fixed-width header fields documented in `record.ts`.
 *
 * Contract, held by `describeStoreContract` of `unsession/testing`:
 *
 * - Every verb is atomic per key. An answer means it happened; a rejection means that it may or may not have.
 * - `create`, `replace` and `touch` never bring back a key that is absent, and never overwrite what they did not expect.
 * - What is returned is a copy: changing it changes nothing in the store.
 * - `ttl` is in milliseconds and only a hint for clean-up, rounded up where the back end is coarser; deadlines are in
 *   the record and are checked by the engine.
 * - A verb may answer synchronously or by a promise.
 */
export interface Store {
  /** Shown in `capabilities.store` and in messages. */
  readonly name: string;
  /** `"A"`: all verbs below are atomic across processes. */
  readonly class: "A" | "C";
  /** Whether expired records leave by themselves, without `sweep`. */
  readonly ttl: boolean;
  /** Whether `keys` works. */
  readonly list: boolean;
  /** The largest record the back end takes, in bytes. */
  readonly maxBytes?: number | undefined;
  /**
   * Whether a value that begins with `ub1` is a byte string, one character of U+0000 to U+00FF for each byte: the store may keep it as
   * bytes, and gives it back as it was. Without it all values are text.
   */
  readonly binary?: boolean | undefined;

  /** The record, or `undefined` if there is none. */
  get(key: string): MaybePromise<StoreEntry | undefined>;
  /** Stores only if the key is absent; `false` if it is taken. */
  create(key: string, value: string, ttl: number | undefined): MaybePromise<boolean>;
  /** Stores only if the key still holds what `expected` was read as. */
  replace(key: string, value: string, expected: StoreEntry, ttl: number | undefined): MaybePromise<Replaced>;
  /** Writes the leading `header.length` characters, and the ttl, only if the key still holds `expected`. */
  touch(key: string, header: string, expected: StoreEntry, ttl: number | undefined): MaybePromise<Replaced>;
  /** Removes the key, whatever it holds. */
  remove(key: string): MaybePromise<void>;
  /** All keys that begin with `prefix`, by cursor; each key once, keys written meanwhile perhaps. */
  keys(prefix: string): AsyncIterable<string> | Iterable<string>;
  /**
   * Drops what has expired and says how many; absent where the back end does it. It may stop after {@link SWEPT_AT_ONCE}, and is
   * called again then, so that a store in memory need not hold up everything else.
   */
  sweep?(): MaybePromise<number>;
  /** Releases what the store itself opened. */
  close?(): MaybePromise<void>;
}

/** How many records a sweep drops in one call, at least, unless it drops all that have expired. */
export const SWEPT_AT_ONCE = 100;

/** What a store holds under a key, as it was when read. */
export interface StoreEntry {
  readonly value: string;
  /** The back end's own handle for compare-and-set, where it has one; opaque. Without it a store compares `value`. */
  readonly cas?: unknown;
}

/** How a conditional write ended. */
export type Replaced =
  | { readonly status: "ok"; readonly entry: StoreEntry }
  | { readonly status: "missing" }
  | {
      readonly status: "conflict";
      readonly current: StoreEntry;
      /** The connection closed during the write and the client sent it again, so the conflict may be with our own first try. */
      readonly uncertain?: boolean;
    };

export type MaybePromise<T> = T | Promise<T>;

/** Key under which a back end offers its {@link Store}; how a driver of this package is recognised without importing it. */
export const kStore: unique symbol = Symbol.for("unsession.store") as never;
