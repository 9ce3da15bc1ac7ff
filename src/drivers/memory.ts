import type { Driver, TransactionOptions } from "unstorage";
import { fromByteString, toByteString } from "../byte-string.ts";
import { unsupportedError } from "../errors.ts";
import { createMemoryStore, type MemoryStore, type MemoryStoreOptions } from "../stores/memory.ts";
import { ttlOf } from "./shared/ttl.ts";

export type { MemoryStore, MemoryStoreOptions } from "../stores/memory.ts";

/**
 * An unstorage driver that keeps text and bytes in the memory of this process, bounded and with TTL.
 *
 * Unlike unstorage's own it holds `maxEntries` records at most (100,000 by default), needs no timer per item, and gives a
 * session manager every verb it knows: `getInstance()` is the {@link MemoryStore} itself. `ttl` is in seconds; without one,
 * or with 0, an item does not expire. `setItemRaw` takes a string or a `Uint8Array`, which is copied on the way in and out,
 * and throws `ERR_SESSION_UNSUPPORTED` for anything else.
 *
 * @example
 * const storage = createStorage({ driver: memory({ maxEntries: 10_000 }) });
 */
export default function memory(options: MemoryStoreOptions = {}): Driver<MemoryStoreOptions, MemoryStore> {
  const store = createMemoryStore(options);

  const read = (key: string): string | Uint8Array | null => {
    const entry = store.get(key);
    return entry === undefined ? null : unpack(entry.value);
  };
  const write = (key: string, value: unknown, transaction?: TransactionOptions): void =>
    store.set(key, pack(value), ttlOf(transaction));
  const clear = (base?: string): void => store.clear(base ?? "");

  return {
    name: "unsession-memory",
    options,
    flags: { ttl: true },
    getInstance: () => store,
    hasItem: (key) => store.has(key),
    getItem: read,
    getItemRaw: read,
    setItem: write,
    setItemRaw: write,
    removeItem: (key) => store.remove(key),
    // unstorage passes no base at all for everything, whatever its types say.
    getKeys: (base?: string) => [...store.keys(base ?? "")],
    clear,
    dispose: () => clear(),
  };
}

// The store holds text only. Bytes become text of one character each, which V8 keeps in one byte, behind a mark; text that
// begins like a mark gets one too, so that any text comes back as it was. A session record never begins with NUL.
const BYTES = "\0b";
const TEXT = "\0t";

function pack(value: unknown): string {
  if (typeof value === "string") return value.startsWith("\0") ? TEXT + value : value;
  if (!(value instanceof Uint8Array)) {
    throw unsupportedError(
      "`setItemRaw` of the memory driver was given neither text nor a Uint8Array",
      "Use `setItem`, which keeps a value as JSON",
    );
  }
  return BYTES + toByteString(value);
}

function unpack(text: string): string | Uint8Array {
  if (text.startsWith(TEXT)) return text.slice(TEXT.length);
  if (!text.startsWith(BYTES)) return text;
  return fromByteString(text.slice(BYTES.length));
}
