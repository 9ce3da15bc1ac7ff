import { HEADER_LENGTH } from "../record.ts";
import { notice } from "../notice.ts";
import type { MongoCollection } from "./mongodb/collection.ts";
import type { Replaced, Store, StoreEntry } from "./store.ts";

export interface MongodbStoreOptions {
  /** The clock, in milliseconds; `Date.now` by default, since the server compares with its own. */
  readonly now?: (() => number) | undefined;
}

/**
 * A record as a document, in two parts, so that a touch writes the header alone.
 *
 * Its key is the `_id`, which is unique without an index of ours, and `key` once more, which unstorage's own driver looks for.
 */
interface RecordDocument extends RecordParts {
  readonly _id: string;
}

interface RecordParts {
  readonly header: string;
  /** Text, or the bytes of a record that is a byte string. */
  readonly payload: string | Uint8Array;
  /** Absent for a record that never expires. */
  readonly expireAt?: Date;
}

/** A document may hold 16 MiB, its field names and keys included. */
const MAX_BYTES = 16 * 1024 * 1024 - 16 * 1024;

const DUPLICATE_KEY = 11000;

/** Begins a record that is a byte string. */
const BYTES = "ub1";

/**
 * A promise to have been heard by the primary alone would be forgotten when it fails over, and an ended session would come back.
 * Reads that compare-and-set depends on go to the primary too, whatever the application reads by.
 */
const READ = { readPreference: "primary", promoteBuffers: true } as const;
const WRITE = { writeConcern: { w: "majority" } } as const;

/**
 * Creates a {@link Store} over a collection of MongoDB 4.4 or newer, or of what speaks its protocol and updates atomically.
 *
 * Compares by the header of a record, which differs in each version. An index on `expireAt` makes the server drop expired records, up
 * to a minute late: until then they are not answered. Where the application may not make indexes, they stay until `sweep`.
 */
export function createMongodbStore(collection: MongoCollection, options: MongodbStoreOptions = {}): Store {
  return new MongodbStore(collection, options.now ?? (() => Date.now()));
}

class MongodbStore implements Store {
  readonly name = "mongodb";
  readonly class = "A";
  readonly ttl = true;
  readonly list = true;
  readonly binary = true;
  readonly maxBytes: number = MAX_BYTES;
  readonly #collection: MongoCollection;
  readonly #now: () => number;
  #isIndexing = false;

  constructor(collection: MongoCollection, now: () => number) {
    this.#collection = collection;
    this.#now = now;
  }

  async get(key: string): Promise<StoreEntry | undefined> {
    const document = await this.#collection.findOne(this.#live(key), READ);
    return document === null ? undefined : { value: valueOf(document as RecordDocument) };
  }

  async create(key: string, value: string, ttl: number | undefined): Promise<boolean> {
    const { $set, ...rest } = this.#update(value, ttl);
    try {
      // Takes the place of what has expired, or makes a new document, or clashes with the one that lives.
      await this.#collection.updateOne(
        { _id: key, ...this.#expired() },
        { $set: { ...$set, key }, ...rest },
        { ...WRITE, upsert: true },
      );
      this.#indexOnce();
      return true;
    } catch (error) {
      if (codeOf(error) === DUPLICATE_KEY) return false;
      throw error;
    }
  }

  replace(key: string, value: string, expected: StoreEntry, ttl: number | undefined): Promise<Replaced> {
    return this.#swap(key, expected, value, this.#update(value, ttl));
  }

  touch(key: string, header: string, expected: StoreEntry, ttl: number | undefined): Promise<Replaced> {
    const value = header + expected.value.slice(header.length);
    const { $set, ...rest } = this.#update(value, ttl);
    const { payload, ...others } = $set;
    return this.#swap(key, expected, value, { $set: header.length === HEADER_LENGTH ? others : { ...others, payload }, ...rest });
  }

  async remove(key: string): Promise<void> {
    await this.#collection.deleteOne({ _id: key }, WRITE);
  }

  async *keys(prefix: string): AsyncGenerator<string, void, undefined> {
    const filter = { _id: { $gte: prefix, $lt: `${prefix}\u{10FFFF}` }, ...this.#unexpired() };
    for await (const { _id } of this.#collection.find(filter, {
      ...READ,
      projection: { _id: 1 },
    }) as AsyncIterable<RecordDocument>)
      yield _id;
  }

  async sweep(): Promise<number> {
    return (await this.#collection.deleteMany(this.#expired(), WRITE)).deletedCount;
  }

  async #swap(key: string, { value: expected }: StoreEntry, value: string, update: object): Promise<Replaced> {
    const { header } = partsOf(expected);
    const { matchedCount } = await this.#collection.updateOne({ ...this.#live(key), header }, update, WRITE);
    if (matchedCount === 1) return { status: "ok", entry: { value } };
    const current = await this.get(key);
    return current === undefined ? { status: "missing" } : { status: "conflict", current };
  }

  #live(key: string): object {
    return { _id: key, ...this.#unexpired() };
  }

  /** Begun when the server is known to be there. No request waits for it, and none fails with it: sessions are correct without. */
  #indexOnce(): void {
    if (this.#isIndexing) return;
    this.#isIndexing = true;
    this.#collection.createIndex({ expireAt: 1 }, { expireAfterSeconds: 0 }).catch((error: unknown) => {
      // The connection went: the next session tries again.
      if (codeOf(error) === undefined) return void (this.#isIndexing = false);
      notice(
        `mongodb ${this.#collection.collectionName}`,
        "MongoDB refused an index on `expireAt`, so expired sessions stay. Make one with `expireAfterSeconds: 0`, or call `sweep()`.",
      );
    });
  }

  #expired(): object {
    return { expireAt: { $lte: new Date(this.#now()) } };
  }

  /** Also what never expires, and so has no such field. */
  #unexpired(): object {
    return { expireAt: { $not: { $lte: new Date(this.#now()) } } };
  }

  #update(value: string, ttl: number | undefined): { readonly $set: RecordParts; readonly $unset?: object } {
    const parts = partsOf(value);
    if (ttl === undefined) return { $set: parts, $unset: { expireAt: "" } };
    return { $set: { ...parts, expireAt: new Date(this.#now() + ttl) } };
  }
}

/** The code with which the server refused something; none if it was never asked. */
function codeOf(error: unknown): number | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === "number" ? code : undefined;
}

function partsOf(value: string): RecordParts {
  const payload = value.slice(HEADER_LENGTH);
  return { header: value.slice(0, HEADER_LENGTH), payload: value.startsWith(BYTES) ? toBytes(payload) : payload };
}

function valueOf({ header, payload }: RecordParts): string {
  return header + (typeof payload === "string" ? payload : fromBytes(payload));
}

function toBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function fromBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}
