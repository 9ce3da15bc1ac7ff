import { decodeUtf8, fromByteString, toByteString } from "./byte-string.ts";
import { SessionError, serializeError } from "./errors.ts";
import { isPromise } from "./is-promise.ts";
import type { Encoded } from "./record.ts";
import { isChecked } from "./serializers/checks-itself.ts";
import { inspect } from "./serializers/inspect.ts";
import { json } from "./serializers/json.ts";
import { isReady } from "./serializers/lazy.ts";
import type { Serializer } from "./serializers/serializer.ts";
import { isStorable } from "./serializers/storable.ts";
import { superjson } from "./serializers/superjson.ts";
import type { MaybePromise } from "./stores/store.ts";
import { isForbiddenKey } from "./tracking/kinds.ts";
import type { Path } from "./tracking/path.ts";
import { snapshot } from "./tracking/snapshot.ts";

type Fields = Record<string, unknown>;

/** Encodes data by the serializer in use, and decodes what any known one wrote. */
export interface Codec {
  /**
   * Checks that data, which stands at a path of the session, can be encoded.
   *
   * @throws {SessionError} `ERR_SESSION_VALUE`
   */
  check(data: Fields, path: Path): void;
  /**
   * What the serializer makes of data.
   *
   * @param held false if nobody else can hold a part of it, and have put anything in it that only a longer look would find
   * @throws {SessionError} `ERR_SESSION_VALUE`, `ERR_SESSION_SERIALIZE`, `ERR_SESSION_UNSUPPORTED`
   */
  encode(data: Fields, held?: boolean): MaybePromise<Encoded>;
  /**
   * The data, or `undefined` if what was written is damaged, hostile or of an unknown serializer.
   *
   * @throws {SessionError} `ERR_SESSION_UNSUPPORTED` if the library of the serializer is not installed
   */
  decode(encoded: Encoded): MaybePromise<Fields | undefined>;
  /** True for what is encoded as this codec would by now. */
  writes(encoded: Encoded): boolean;
  /** True if `decode` will surely answer without a promise. */
  decodesAtOnce(encoded: Encoded): boolean;
}

/**
 * The codec of a manager.
 *
 * The first of the user's serializers writes. Without any, plain data is written as JSON and anything richer by superjson. What any
 * of these wrote can be read, so that an application may switch.
 */
export function createCodec(serializers: readonly Serializer[], maxBytes: number): Codec {
  const plain = json();
  const rich = superjson();
  const [own] = serializers;
  const { keeps } = own ?? rich;
  const known = new Map([plain, rich, ...serializers].map((one) => [one.id, one]));
  /** How the user's serializers have answered so far: one may write at once, and read by a promise. */
  const answered = new Map<Serializer, "at once" | "later">();
  return {
    check: (data, path) => void inspect(data, maxBytes, keeps, path),
    encode(data, held = true) {
      const richness = inspect(data, maxBytes, keeps, [], held);
      const serializer = own ?? (richness === "plain" ? plain : rich);
      try {
        const written = serializer.serialize(richness === "foreign" ? snapshot(data) : data);
        return isPromise<unknown>(written) ? encodedLater(serializer, written) : encodedBy(serializer, written);
      } catch (error) {
        throw failureOf(serializer, error);
      }
    },
    decode(encoded) {
      const by = known.get(encoded.serializer);
      if (by === undefined || encoded.text.length > maxBytes) return undefined;
      try {
        const data = deserialize(by, encoded);
        if (isPromise<unknown>(data)) {
          answered.set(by, "later");
          return decodedLater(by, data);
        }
        if (!answered.has(by)) answered.set(by, "at once");
        return checkDecoded(data, by);
      } catch (error) {
        return corrupt(error);
      }
    },
    writes: ({ serializer: id }) => (own === undefined ? id === plain.id || id === rich.id : id === own.id),
    decodesAtOnce({ serializer: id }) {
      const by = known.get(id);
      // The built-in ones answer by a promise only until they are loaded, which they are once they have written.
      if (by === undefined || !serializers.includes(by)) return true;
      return isReady(by.deserialize) || answered.get(by) === "at once";
    },
  };
}

async function encodedLater(serializer: Serializer, written: PromiseLike<unknown>): Promise<Encoded> {
  try {
    return encodedBy(serializer, await written);
  } catch (error) {
    throw failureOf(serializer, error);
  }
}

async function decodedLater(by: Serializer, data: PromiseLike<unknown>): Promise<Fields | undefined> {
  try {
    return checkDecoded(await data, by);
  } catch (error) {
    return corrupt(error);
  }
}

function encodedBy({ id, binary }: Serializer, written: unknown): Encoded {
  if (binary === true) {
    if (written instanceof Uint8Array) return { serializer: id, text: toByteString(written), binary };
    throw serializeError(id, new TypeError("It did not give a Uint8Array."));
  }
  if (typeof written === "string") return { serializer: id, text: written };
  throw serializeError(id, new TypeError("It did not give a string."));
}

function deserialize(by: Serializer, { text, binary }: Encoded): MaybePromise<unknown> {
  if (by.binary !== true) return by.deserialize(binary === true ? decodeUtf8(text) : text);
  if (binary !== true) throw new TypeError("text, where there should be bytes");
  return by.deserialize(fromByteString(text));
}

function failureOf({ id }: Serializer, cause: unknown): SessionError {
  return SessionError.is(cause) ? cause : serializeError(id, cause);
}

/** What a serializer throws makes a record corrupt, unless it says what is to be done. */
function corrupt(error: unknown): undefined {
  if (SessionError.is(error)) throw error;
  return undefined;
}

/** Session data is a plain object that a session could have written. */
function checkDecoded(data: unknown, by: Serializer): Fields | undefined {
  if (typeof data !== "object" || data === null || Object.getPrototypeOf(data) !== Object.prototype) return undefined;
  for (const key in data) if (key[0] === "$" || isForbiddenKey(key)) return undefined;
  return isChecked(by.deserialize) || isStorable(data, by.keeps) ? (data as Fields) : undefined;
}
