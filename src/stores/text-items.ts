import { fromByteString, toByteString, utf8Of } from "../byte-string.ts";
import { isByteRecord } from "../record.ts";

/** What of an unstorage `Storage` or driver is used; structural, so that any version fits. */
export interface StorageLike {
  getItem(key: string, options?: object): unknown;
  getItemRaw?(key: string, options?: object): unknown;
  hasItem?(key: string, options?: object): unknown;
  setItem?(key: string, value: string, options?: object): unknown;
  setItemRaw?(key: string, value: string | Uint8Array, options?: object): unknown;
  removeItem?(key: string, options?: object): unknown;
  getKeys?(base?: string, options?: object): unknown;
}

/** How unstorage marks bytes in a driver that keeps text only. */
const BASE64 = "base64:";

/** What stands for an item that somebody else put there: a damaged session, not a store that fails. */
const NO_RECORD = "";

/**
 * The items of an unstorage `Storage` or driver as text, whatever the driver keeps them as.
 *
 * A byte string is handed in as bytes where there are raw calls, and as base64 where there are none; it comes back as it was. Only
 * the raw calls are used where there are any, since `getItem` guesses types. What is handed in is a string, or bytes that nobody
 * else has: some drivers keep what they are given, so that changing it later would change the store.
 */
export class TextItems {
  readonly #source: StorageLike;
  readonly #driver: string;

  /** @param driver the name of the driver, also of one behind a Storage */
  constructor(source: StorageLike, driver: string) {
    this.#source = source;
    this.#driver = driver;
  }

  /** Whether `keys` works. */
  get list(): boolean {
    return typeof this.#source.getKeys === "function";
  }

  async get(key: string): Promise<string | undefined> {
    return toText(await this.#read(key));
  }

  /** Stores a text; `ttl` is in milliseconds and a hint, which most drivers ignore. */
  async set(key: string, text: string, ttl: number | undefined): Promise<void> {
    const source = this.#source;
    const isBytes = isByteRecord(text);
    const options = ttl === undefined ? {} : { ttl: Math.ceil(ttl / 1000) };
    refuseError(
      await (source.setItemRaw === undefined
        ? source.setItem?.(key, isBytes ? BASE64 + btoa(text) : text, options)
        : source.setItemRaw(key, isBytes ? fromByteString(text) : text, options)),
    );
  }

  async remove(key: string): Promise<void> {
    refuseError(await this.#source.removeItem?.(key, {}));
  }

  /** All keys that begin with `prefix`. */
  async keys(prefix: string): Promise<string[]> {
    // Bases end at a colon: there is none for half a segment. Drivers are free to give more than the base.
    const base = prefix.slice(0, prefix.lastIndexOf(":") + 1);
    const keys = (await this.#source.getKeys?.(base === "" ? undefined : base, {})) as readonly string[] | undefined;
    return (keys ?? []).map((key) => key.replaceAll(/[/\\]/g, ":")).filter((key) => key.startsWith(prefix));
  }

  async #read(key: string): Promise<unknown> {
    const source = this.#source;
    try {
      return await (source.getItemRaw === undefined ? source.getItem(key, {}) : source.getItemRaw(key, {}));
    } catch (error) {
      // Unstorage 1 throws for an item that is absent. Other drivers cannot be asked: some say "absent" when they are down.
      if (this.#driver === "http" && (await source.hasItem?.(key, {})) === false) return undefined;
      throw error;
    }
  }
}

function toText(value: unknown): string | undefined {
  refuseError(value);
  if (value === null || value === undefined) return undefined;
  if (typeof value === "string") return value.startsWith(BASE64) ? fromBase64(value) : value;
  if (value instanceof ArrayBuffer) return fromBytes(new Uint8Array(value));
  if (ArrayBuffer.isView(value)) return fromBytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  return NO_RECORD;
}

/** The fs drivers resolve with what `readFile` and `unlink` fail with. */
function refuseError(answer: unknown): void {
  if (answer instanceof Error) throw answer;
}

function fromBytes(bytes: Uint8Array): string {
  const start = toByteString(bytes.subarray(0, 3));
  return isByteRecord(start) ? toByteString(bytes) : utf8Of(bytes);
}

function fromBase64(text: string): string {
  try {
    return fromBytes(fromByteString(atob(text.slice(BASE64.length))));
  } catch {
    return NO_RECORD;
  }
}
