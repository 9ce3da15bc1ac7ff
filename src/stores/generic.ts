import { isExpired } from "../lifecycle.ts";
import { parseRecord } from "../record.ts";
import type { Replaced, Store, StoreEntry } from "./store.ts";
import { TextItems, type StorageLike } from "./text-items.ts";
import { isEnd, isTombstoneKey, mainKey, tombstoneKey, tombstoneTtl } from "./tombstones.ts";
import { turnsOf, type Turns } from "./turns.ts";

export interface GenericStoreOptions {
  /** What to call the back end; the driver's name. */
  readonly name: string;
  /** Begins every key; tombstones are kept at `prefix + "t:" + id`. */
  readonly prefix: string;
  /** The clock, in milliseconds. */
  readonly now: () => number;
  /** Whether the driver is known to drop what has expired; false by default. */
  readonly ttl?: boolean | undefined;
  /** What all stores over the same items share, and take turns at; the storage itself by default. */
  readonly backEnd?: object | undefined;
}

/** What is found for a key: a record, and the tombstone that says it must not be there. */
interface Found {
  readonly main: string | undefined;
  readonly tombstone: string | undefined;
}

/**
 * Creates a store over any unstorage `Storage` or driver, exact within this process.
 *
 * Such a back end cannot compare and set, so each write takes a turn, reads, compares and writes. An ended session moves to
 * a tombstone, which is a key that no slow writer of another process writes: whatever that writer leaves at the main key is
 * not answered while there is a tombstone, past its deadline or not, and `sweep` drops both together.
 */
export function createGenericStore(storage: StorageLike, options: GenericStoreOptions): Store {
  return new GenericStore(storage, options);
}

class GenericStore implements Store {
  readonly name: string;
  readonly class = "C";
  readonly ttl: boolean;
  readonly list: boolean;
  readonly binary = true;

  readonly #prefix: string;
  readonly #now: () => number;
  readonly #items: TextItems;
  readonly #turns: Turns;

  constructor(storage: StorageLike, { name, prefix, now, ttl = false, backEnd = storage }: GenericStoreOptions) {
    this.#items = new TextItems(storage, name);
    this.#turns = turnsOf(backEnd);
    this.#prefix = prefix;
    this.#now = now;
    this.name = name;
    this.ttl = ttl;
    this.list = this.#items.list;
  }

  async get(key: string): Promise<StoreEntry | undefined> {
    const { main, tombstone = main } = await this.#turns.read(key, () => this.#find(key));
    return tombstone === undefined ? undefined : { value: tombstone };
  }

  create(key: string, value: string, ttl: number | undefined): Promise<boolean> {
    return this.#turns.write(key, async () => {
      const { main, tombstone } = await this.#find(key);
      if (main !== undefined || tombstone !== undefined) return false;
      await this.#items.set(key, value, ttl);
      return true;
    });
  }

  replace(key: string, value: string, expected: StoreEntry, ttl: number | undefined): Promise<Replaced> {
    return this.#turns.write(key, async () => {
      const { main, tombstone } = await this.#find(key);
      if (tombstone !== undefined) return conflict(tombstone);
      if (main === undefined) return { status: "missing" };
      // No two versions of a record are equal text, so equal text is the very version that was read.
      if (main !== expected.value) return conflict(main);
      if (isEnd(value)) await this.#end(key, value, main, ttl);
      else {
        await this.#items.set(key, value, ttl);
        // Another process may have ended it since, and removed the record before this write made it anew.
        const late = await this.#items.get(this.#tombstoneOf(key));
        if (late !== undefined) {
          await this.#items.remove(key);
          return conflict(late);
        }
      }
      return { status: "ok", entry: { value } };
    });
  }

  touch(key: string, header: string, expected: StoreEntry, ttl: number | undefined): Promise<Replaced> {
    return this.replace(key, header + expected.value.slice(header.length), expected, ttl);
  }

  remove(key: string): Promise<void> {
    return this.#turns.write(key, async () => {
      const { tombstone } = await this.#find(key);
      await this.#items.remove(key);
      if (tombstone !== undefined) await this.#items.remove(this.#tombstoneOf(key));
    });
  }

  async *keys(prefix: string): AsyncGenerator<string, void, undefined> {
    for (const key of await this.#items.keys(prefix)) {
      if (!isTombstoneKey(this.#prefix, key)) yield key;
    }
  }

  async sweep(): Promise<number> {
    let dropped = 0;
    for (const at of await this.#items.keys(this.#prefix)) {
      const key = mainKey(this.#prefix, at);
      // A look costs the traffic nothing; a turn is taken only to drop.
      if (key === undefined || !(await this.#isOver(at))) continue;
      dropped += await this.#turns.write(key, () => this.#drop(key, at));
    }
    return dropped;
  }

  async #find(key: string): Promise<Found> {
    const [main, tombstone] = await Promise.all([this.#items.get(key), this.#items.get(this.#tombstoneOf(key))]);
    return { main, tombstone };
  }

  /** In this order: a process that dies in between leaves an ended session, never a live one. */
  async #end(key: string, value: string, expected: string, ttl: number | undefined): Promise<void> {
    await this.#items.set(this.#tombstoneOf(key), value, tombstoneTtl(expected, ttl, this.#now()));
    await this.#items.remove(key);
  }

  /** Drops what is at an item of a key, if it is still over. */
  async #drop(key: string, at: string): Promise<number> {
    if (!(await this.#isOver(at))) return 0;
    // With its tombstone goes what a late writer left, or it would come back to life.
    if (at !== key) await this.#items.remove(key);
    await this.#items.remove(at);
    return 1;
  }

  async #isOver(at: string): Promise<boolean> {
    const text = await this.#items.get(at);
    const record = text === undefined ? undefined : parseRecord(text);
    return record !== undefined && isExpired(record, this.#now());
  }

  #tombstoneOf(key: string): string {
    return tombstoneKey(this.#prefix, key);
  }
}

function conflict(value: string): Replaced {
  return { status: "conflict", current: { value } };
}
