import { MAX_BIGINT_DIGITS } from "./inspect.ts";
import { MAX_DEPTH } from "./plain-tree.ts";

/** A Set is an extension around an array, and an id may stand before it. */
const MAX_NESTING = 4 * MAX_DEPTH;

/** They are written by eight, with room for a sign. */
const MAX_BIGINT_BYTES = 8 * (Math.ceil((MAX_BIGINT_DIGITS * Math.log2(10)) / 64) + 1);

/** Extension types of msgpackr; `Undefined` is notepack's, `Timestamp` of MessagePack itself. */
const Type = {
  Undefined: 0x00,
  Bigint: 0x42,
  Error: 0x65,
  Id: 0x69,
  Pointer: 0x70,
  Record: 0x72,
  Set: 0x73,
  TypedArray: 0x74,
  RegExp: 0x78,
  Timestamp: 0xff,
} as const;

/**
 * Refuses all bytes but those of one value, whole, made of what our msgpackr writes, and nested little enough.
 *
 * Without it 300 bytes stop a process: where something follows the value, msgpackr writes that value as JSON into its error, and
 * aliases multiply. It also keeps out extensions of the application's, which msgpackr registers for the whole process, and
 * pointers into the bytes.
 *
 * @throws {TypeError}
 * @see https://github.com/msgpack/msgpack/blob/master/spec.md
 */
export function checkMessagePack(bytes: Uint8Array): void {
  const check = new Check(bytes);
  check.value(0);
  if (!check.isDone) throw new TypeError("bytes behind a value");
}

class Check {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** How many keys the records have, by their id. */
  readonly #records = new Map<number, number>();
  /** How long the lists of keys are that other records may point to. */
  readonly #lists = new Map<number, number>();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isDone(): boolean {
    return this.#at === this.#bytes.length;
  }

  value(depth: number): void {
    if (depth > MAX_NESTING) throw new TypeError("values that are nested too deep");
    const token = this.#uint(1);
    if (token < 0x40 || token >= 0xe0) return;
    if (token < 0x80) return this.#values(known(this.#records.get(token)), depth);
    if (token < 0x90) return this.#values(2 * (token & 0x0f), depth);
    if (token < 0xa0) return this.#values(token & 0x0f, depth);
    if (token < 0xc0) return this.#skip(token & 0x1f);
    switch (token) {
      case 0xc0: // nil, false, true
      case 0xc2:
      case 0xc3:
        return;
      case 0xc4: // bin and str
      case 0xd9:
        return this.#skip(this.#uint(1));
      case 0xc5:
      case 0xda:
        return this.#skip(this.#uint(2));
      case 0xc6:
      case 0xdb:
        return this.#skip(this.#uint(4));
      case 0xc7: // ext
        return this.#extension(this.#uint(1), depth);
      case 0xc8:
        return this.#extension(this.#uint(2), depth);
      case 0xc9:
        return this.#extension(this.#uint(4), depth);
      case 0xcc: // uint and int
      case 0xd0:
        return this.#skip(1);
      case 0xcd:
      case 0xd1:
        return this.#skip(2);
      case 0xca: // and float
      case 0xce:
      case 0xd2:
        return this.#skip(4);
      case 0xcb:
      case 0xcf:
      case 0xd3:
        return this.#skip(8);
      case 0xd4: // fixext
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(2 ** (token - 0xd4), depth);
      case 0xdc: // array
        return this.#values(this.#uint(2), depth);
      case 0xdd:
        return this.#values(this.#uint(4), depth);
      case 0xde: // map
        return this.#values(2 * this.#uint(2), depth);
      case 0xdf:
        return this.#values(2 * this.#uint(4), depth);
      default:
        throw new TypeError("a token of no meaning");
    }
  }

  /** Each takes a byte at least, so that too many end at the end. */
  #values(count: number, depth: number): void {
    for (let index = 0; index < count; index++) this.value(depth + 1);
  }

  #extension(size: number, depth: number): void {
    const type = this.#uint(1);
    if (type === Type.Record) return this.#record(size, depth);
    if (type === Type.Bigint && size > MAX_BIGINT_BYTES) throw new TypeError("a bigint that is too long");
    if (LEAVES.has(type)) return this.#skip(size);
    if (SIZES.get(type) !== size) throw new TypeError("an extension of an unknown type");
    this.#skip(size);
    if (type !== Type.Undefined && type !== Type.Pointer) this.value(depth + 1);
  }

  /** The id, the keys, and then the values of the first record of a shape. */
  #record(size: number, depth: number): void {
    if (size !== 1) throw new TypeError("a record that is shared");
    const id = this.#uint(1);
    const count = this.#keys();
    this.#records.set(0x40 | (id & 0x3f), count);
    this.#values(count, depth);
  }

  #keys(): number {
    const token = this.#uint(1);
    if (token !== 0xd6) return this.#list(token);
    // A shape that comes again after many others: the keys are an alias of what they were.
    const type = this.#uint(1);
    const id = this.#uint(4);
    if (type === Type.Pointer) return known(this.#lists.get(id));
    if (type !== Type.Id) throw new TypeError("keys that are no list");
    const count = this.#list(this.#uint(1));
    this.#lists.set(id, count);
    return count;
  }

  #list(token: number): number {
    const isShort = token >= 0x90 && token < 0xa0;
    if (!isShort && token !== 0xdc) throw new TypeError("keys that are no list");
    const count = isShort ? token & 0x0f : this.#uint(2);
    for (let index = 0; index < count; index++) {
      const key = this.#uint(1);
      if (key >= 0xa0 && key < 0xc0) this.#skip(key & 0x1f);
      else if (key >= 0xd9 && key <= 0xdb) this.#skip(this.#uint(2 ** (key - 0xd9)));
      else throw new TypeError("a key that is no text");
    }
    return count;
  }

  #uint(size: number): number {
    const start = this.#at;
    this.#skip(size);
    let value = 0;
    for (let index = start; index < this.#at; index++) value = value * 256 + (this.#bytes[index] as number);
    return value;
  }

  #skip(size: number): void {
    this.#at += size;
    if (this.#at > this.#bytes.length) throw new TypeError("bytes that end too soon");
  }
}

/** Extensions with nothing behind their own bytes. */
const LEAVES = new Set<number>([Type.Bigint, Type.TypedArray, Type.Timestamp]);

/** The size of the others. */
const SIZES = new Map<number, number>([
  [Type.Undefined, 1],
  [Type.Error, 1],
  [Type.Set, 1],
  [Type.RegExp, 1],
  [Type.Id, 4],
  [Type.Pointer, 4],
]);

function known(count: number | undefined): number {
  if (count === undefined) throw new TypeError("a record of an unknown shape");
  return count;
}
