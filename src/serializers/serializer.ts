import type { createSeals } from "../seals.ts";
import type { MaybePromise } from "../stores/store.ts";
import type { ValueKind } from "./value-kinds.ts";

/** What every {@link Serializer} says of itself. */
interface Described {
  /** Written into each record, so that records of another serializer are recognised: 1 to 16 of `a-z`, `0-9`, `-`. */
  readonly id: string;
  /**
   * What it keeps beyond JSON. The rest is refused before it is asked, with the path (`ERR_SESSION_VALUE`), and is no session if it
   * gives it back; so are instances of classes. If undefined, all values are left to it, but functions and symbols.
   */
  readonly keeps?: ReadonlySet<ValueKind> | undefined;
  /** Set by `encrypted`: what another serializer writes is sealed before it is stored. */
  readonly sealing?: Sealing | undefined;
}

/** Makes what a serializer writes unreadable for a store, and tells whether it was left as it was. */
export interface Sealing {
  /** What writes and reads the data. */
  readonly inner: Serializer;
  /** @param place where it is stored: it opens nowhere else */
  seal(bytes: Uint8Array, place: string): Promise<Uint8Array>;
  /** What was sealed; rejects for anything else. */
  open(sealed: Uint8Array, place: string): Promise<Uint8Array>;
  /** What brings it to records: here, so that who does not encrypt does not load it. */
  readonly createSeals: typeof createSeals;
}

/** A {@link Serializer} that writes text. */
export interface TextSerializer extends Described {
  readonly binary?: false | undefined;
  serialize(data: unknown): MaybePromise<string>;
  deserialize(text: string): MaybePromise<unknown>;
}

/** A {@link Serializer} that writes bytes. They stay bytes where the store can keep them, and become base64 elsewhere. */
export interface BinarySerializer extends Described {
  readonly binary: true;
  serialize(data: unknown): MaybePromise<Uint8Array>;
  /** `bytes` is an array of its own, that may be kept or changed. */
  deserialize(bytes: Uint8Array): MaybePromise<unknown>;
}

/**
 * Turns session data into text or bytes, and back.
 *
 * `deserialize(serialize(data))` gives data that is deeply equal, and `serialize` of that gives the same again: how the written form
 * compares decides whether a session changed. What `deserialize` throws makes the record corrupt, but for a {@link SessionError},
 * which the request ends with.
 *
 * @example
 * const yaml: Serializer = { id: "yaml", serialize: (data) => YAML.stringify(data), deserialize: (text) => YAML.parse(text) };
 */
export type Serializer = TextSerializer | BinarySerializer;

/** So that one fits the header of a record. */
const SERIALIZER_ID = /^[a-z0-9-]{1,16}$/;

/** Whether a value has all that a serializer has, each of its type. */
export function isSerializer(value: unknown): value is Serializer {
  if (typeof value !== "object" || value === null) return false;
  const { id, binary, keeps, serialize, deserialize } = value as Record<keyof Serializer, unknown>;
  const isNamed = typeof id === "string" && SERIALIZER_ID.test(id);
  const isDescribed = (binary === undefined || typeof binary === "boolean") && (keeps === undefined || keeps instanceof Set);
  return isNamed && isDescribed && typeof serialize === "function" && typeof deserialize === "function";
}
