import { optionError } from "../errors.ts";
import { Deadlines, type Scheduled } from "./deadlines.ts";
import { PartedMap } from "./parted-map.ts";
import { Recency, type Link } from "./recency.ts";
import { Sequence, type Follower } from "./sequence.ts";
import { kStore, SWEPT_AT_ONCE, type Replaced, type Store, type StoreEntry } from "./store.ts";

export interface MemoryStoreOptions {
  /**
   * How many records are kept at most, 1 to 16,000,000; 100,000 by default.
   *
   * Records are counted, not their bytes: 100,000 records of 1 kB take about 130 MB. When it is full, expired records make
   * room first, then the least recently used.
   */
  readonly maxEntries?: number | undefined;
  /** The clock, in milliseconds; `Date.now` by default. */
  readonly now?: (() => number) | undefined;
}

/**
 * A {@link Store} in the memory of this process, which answers at once: for tests, development and a single server.
 *
 * Each call drops a few expired records, so that abandoned ones leave as other traffic goes on; there is no timer.
 */
export interface MemoryStore extends Store {
  /** The store itself: how a back end that offers one is recognised. */
  readonly [kStore]: Store;
  /** How many records are held, the expired ones that have not been dropped yet among them. */
  readonly size: number;

  /** Whether there is a record; does not count as its use. */
  has(key: string): boolean;
  get(key: string): StoreEntry | undefined;
  /** Stores whatever the key held before. */
  set(key: string, value: string, ttl: number | undefined): void;
  create(key: string, value: string, ttl: number | undefined): boolean;
  replace(key: string, value: string, expected: StoreEntry, ttl: number | undefined): Replaced;
  touch(key: string, header: string, expected: StoreEntry, ttl: number | undefined): Replaced;
  remove(key: string): void;
  keys(prefix: string): Iterable<string>;
  sweep(): number;
  /** Removes all keys that begin with `prefix`; `""` for all there are. */
  clear(prefix: string): void;
}

const DEFAULT_MAX_ENTRIES = 100_000;

/** A `Map` throws at 2^24 entries. */
const MOST_ENTRIES = 16_000_000;

/** More than the one record that a call can add, so that any backlog shrinks; few, so that no request pays for it all. */
const DROPPED_PER_CALL = 16;

/** Creates a {@link MemoryStore}; throws `ERR_SESSION_OPTIONS` if `maxEntries` is out of range. */
export function createMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const { maxEntries = DEFAULT_MAX_ENTRIES, now } = options;
  if (!Number.isInteger(maxEntries) || maxEntries < 1 || maxEntries > MOST_ENTRIES) {
    throw optionError("maxEntries", maxEntries, "a whole number from 1 to 16,000,000");
  }
  // Looked up at each call: test tools replace `Date.now`.
  return new Memory(maxEntries, now ?? (() => Date.now()));
}

class Memory implements MemoryStore {
  readonly name = "memory";
  readonly class = "A";
  readonly ttl = true;
  readonly list = true;
  // Text of one character for each byte takes as much.
  readonly binary = true;

  readonly #maxEntries: number;
  readonly #now: () => number;
  readonly #entries = new PartedMap<Entry>();
  /** In the order of their serials: a use moves no entry here, so that a walk meets each once. */
  readonly #made = new Sequence<Entry>();
  readonly #deadlines = new Deadlines<Entry>();
  readonly #recency = new Recency<Entry>();
  #lastSerial = 0;

  constructor(maxEntries: number, now: () => number) {
    this.#maxEntries = maxEntries;
    this.#now = now;
  }

  get [kStore](): Store {
    return this;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(key: string): boolean {
    return this.#find(key, this.#tick()) !== undefined;
  }

  get(key: string): StoreEntry | undefined {
    const entry = this.#find(key, this.#tick());
    if (entry === undefined) return undefined;
    this.#recency.use(entry);
    return { value: entry.value };
  }

  set(key: string, value: string, ttl: number | undefined): void {
    const now = this.#tick();
    this.#write(this.#find(key, now) ?? this.#add(key), value, ttl, now);
  }

  create(key: string, value: string, ttl: number | undefined): boolean {
    const now = this.#tick();
    if (this.#find(key, now) !== undefined) return false;
    this.#write(this.#add(key), value, ttl, now);
    return true;
  }

  replace(key: string, value: string, expected: StoreEntry, ttl: number | undefined): Replaced {
    const now = this.#tick();
    const entry = this.#find(key, now);
    if (entry === undefined) return { status: "missing" };
    // No two versions of a record are equal text, so equal text is the very version that was read.
    if (entry.value !== expected.value) return { status: "conflict", current: { value: entry.value } };
    this.#write(entry, value, ttl, now);
    return { status: "ok", entry: { value } };
  }

  touch(key: string, header: string, expected: StoreEntry, ttl: number | undefined): Replaced {
    return this.replace(key, header + expected.value.slice(header.length), expected, ttl);
  }

  remove(key: string): void {
    const entry = this.#find(key, this.#tick());
    if (entry !== undefined) this.#drop(entry);
  }

  *keys(prefix: string): Generator<string, void, undefined> {
    const last = this.#lastSerial;
    for (const entry of this.#made) {
      // A key that is removed and made again comes up once more, and whoever makes one per step would walk for ever.
      if (entry.serial > last) return;
      if (entry.key.startsWith(prefix) && !this.#isExpired(entry, this.#now())) yield entry.key;
    }
  }

  sweep(): number {
    return this.#dropExpired(this.#now(), SWEPT_AT_ONCE);
  }

  clear(prefix: string): void {
    for (const entry of this.#made) if (entry.key.startsWith(prefix)) this.#drop(entry);
  }

  /** The time; on the way, a few expired records go. */
  #tick(): number {
    const now = this.#now();
    this.#dropExpired(now, DROPPED_PER_CALL);
    return now;
  }

  #dropExpired(now: number, most: number): number {
    let dropped = 0;
    for (; dropped < most; dropped++) {
      const first = this.#deadlines.first;
      if (first === undefined || !this.#isExpired(first, now)) break;
      this.#drop(first);
    }
    return dropped;
  }

  #isExpired(entry: Entry, now: number): boolean {
    return this.#deadlines.of(entry) <= now;
  }

  #find(key: string, now: number): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || !this.#isExpired(entry, now)) return entry;
    this.#drop(entry);
    return undefined;
  }

  /** An entry for a key that is absent, with room made for it. */
  #add(key: string): Entry {
    // Expired ones have made room at the tick: when it is still full, there are none.
    const { oldest } = this.#recency;
    if (this.#entries.size >= this.#maxEntries && oldest !== undefined) this.#drop(oldest);
    const entry = new Entry(key, ++this.#lastSerial);
    this.#entries.set(key, entry);
    this.#made.add(entry);
    return entry;
  }

  #write(entry: Entry, value: string, ttl: number | undefined, now: number): void {
    entry.value = value;
    this.#recency.use(entry);
    if (ttl === undefined) this.#deadlines.delete(entry);
    else this.#deadlines.set(entry, now + ttl);
  }

  #drop(entry: Entry): void {
    this.#entries.delete(entry.key);
    this.#made.delete(entry);
    this.#deadlines.delete(entry);
    this.#recency.delete(entry);
  }
}

class Entry implements Scheduled, Link, Follower {
  readonly key: string;
  /** The place in the order in which the entries of a store were made. */
  readonly serial: number;
  value = "";
  slot = -1;
  older: Link = this;
  newer: Link = this;
  before: Follower = this;
  after: Follower = this;

  constructor(key: string, serial: number) {
    this.key = key;
    this.serial = serial;
  }
}
