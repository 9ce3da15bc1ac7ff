import { createMemoryStore } from "../stores/memory.ts";
import type { MaybePromise, Replaced, Store, StoreEntry } from "../stores/store.ts";
import { FaultSwitches, type Faults } from "./faults.ts";

export interface FaultyStoreOptions {
  /** Waits, for `lag`; by `setTimeout` by default. The `delay` of a {@link Clock} takes no real time. */
  readonly delay?: ((milliseconds: number) => Promise<void>) | undefined;
}

/** A store whose every verb but `close` can be made to misbehave while it is in use. */
export interface FaultyStore extends Store, Faults {}

/**
 * Makes a store that passes everything on to another, until it is told to fail, lag, hang, or lose requests or answers.
 *
 * Give it to a manager as `storage`; without a store to pass on to it has one in memory. A manager asks a store that fails during a
 * save again before it gives up, so one failure may not show: leave `times` out for a store that is down.
 *
 * @example
 * const store = createFaultyStore();
 * const sessions = createSessionManager({ storage: store, timeouts: { load: 20, save: 20 } });
 * store.hang("get"); // each load now ends as ERR_SESSION_STORE after 20 ms
 * store.heal();
 */
export function createFaultyStore(store: Store = createMemoryStore(), options: FaultyStoreOptions = {}): FaultyStore {
  return new Faulty(store, options.delay ?? ((milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))));
}

class Faulty extends FaultSwitches implements FaultyStore {
  readonly name: string;
  readonly class: Store["class"];
  readonly ttl: boolean;
  readonly list: boolean;
  readonly binary: boolean | undefined;
  readonly maxBytes: number | undefined;
  readonly #store: Store;

  constructor(store: Store, delay: (milliseconds: number) => Promise<void>) {
    super(delay);
    this.#store = store;
    this.name = store.name;
    this.class = store.class;
    this.ttl = store.ttl;
    this.list = store.list;
    this.binary = store.binary;
    this.maxBytes = store.maxBytes;
  }

  get(key: string): MaybePromise<StoreEntry | undefined> {
    return this.ask("get", () => this.#store.get(key));
  }

  create(key: string, value: string, ttl: number | undefined): MaybePromise<boolean> {
    return this.ask("create", () => this.#store.create(key, value, ttl));
  }

  replace(key: string, value: string, expected: StoreEntry, ttl: number | undefined): MaybePromise<Replaced> {
    return this.ask("replace", () => this.#store.replace(key, value, expected, ttl));
  }

  touch(key: string, header: string, expected: StoreEntry, ttl: number | undefined): MaybePromise<Replaced> {
    return this.ask("touch", () => this.#store.touch(key, header, expected, ttl));
  }

  remove(key: string): MaybePromise<void> {
    return this.ask("remove", () => this.#store.remove(key));
  }

  async *keys(prefix: string): AsyncGenerator<string, void, undefined> {
    yield* await this.ask("keys", () => this.#store.keys(prefix));
  }

  sweep(): MaybePromise<number> {
    return this.ask("sweep", () => this.#store.sweep?.() ?? 0);
  }

  close(): MaybePromise<void> {
    return this.#store.close?.();
  }
}
