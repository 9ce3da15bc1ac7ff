import { SessionError, serializeError } from "./errors.ts";
import { isSafeJson } from "./limits.ts";
import type { Encoded } from "./record.ts";
import { inspect, MAX_DEPTH } from "./serializers/inspect.ts";
import { json } from "./serializers/json.ts";
import type { Serializer } from "./serializers/serializer.ts";
import { superjson } from "./serializers/superjson.ts";
import type { MaybePromise } from "./stores/store.ts";
import { containerKind, isContainer, isForbiddenKey } from "./tracking/kinds.ts";
import { snapshot } from "./tracking/snapshot.ts";
import { entriesOf } from "./tracking/tracker.ts";

type Fields = Record<string, unknown>;

/** Encodes data by the serializer in use, and decodes what any known one wrote. */
export interface Codec {
  /** @throws {SessionError} `ERR_SESSION_VALUE`, `ERR_SESSION_SERIALIZE` */
  encode(data: Fields): MaybePromise<Encoded>;
  /** The data, or `undefined` if the text is damaged, hostile or of an unknown serializer. */
  decode(encoded: Encoded): MaybePromise<Fields | undefined>;
  /** True if `decode` will surely answer without a promise. */
  decodesAtOnce(encoded: Encoded): boolean;
}

/**
 * The codec of a manager.
 *
 * Without a serializer of the user's own, plain data is written as JSON and anything richer by superjson; both can always be
 * read, so that an application may switch.
 */
export function createCodec(custom: Serializer | undefined, maxBytes: number): Codec {
  const plain = json();
  const rich = superjson();
  const known = new Map([plain, rich, ...(custom === undefined ? [] : [custom])].map((one) => [one.id, one]));
  /** How the user's serializer has answered so far: it may write at once, and read by a promise. */
  let decoded: "not yet" | "at once" | "later" = "not yet";
  return {
    encode(data) {
      const richness = inspect(data, maxBytes, custom !== undefined);
      const serializer = custom ?? (richness === "plain" ? plain : rich);
      const failed = (cause: unknown): never => {
        throw SessionError.is(cause) ? cause : serializeError(serializer.id, cause);
      };
      const encoded = (text: unknown): Encoded => {
        if (typeof text !== "string") throw serializeError(serializer.id, new TypeError("It did not give a string."));
        return { serializer: serializer.id, text };
      };
      try {
        const text = serializer.serialize(richness === "foreign" ? snapshot(data) : data);
        if (!isPromise(text)) return encoded(text);
        return Promise.resolve(text).then(encoded).catch(failed);
      } catch (error) {
        return failed(error);
      }
    },
    decode({ serializer, text }) {
      const by = known.get(serializer);
      if (by === undefined || text.length > maxBytes || (by !== custom && !isSafeJson(text))) return undefined;
      try {
        const data = by.deserialize(text);
        const waits = isPromise(data);
        if (by === custom && decoded !== "later") decoded = waits ? "later" : "at once";
        if (!waits) return checkDecoded(data);
        return Promise.resolve(data)
          .then(checkDecoded)
          .catch(() => undefined);
      } catch {
        return undefined;
      }
    },
    // The built-in ones answer by a promise only until they are loaded, which they are once they have written.
    decodesAtOnce: ({ serializer }) => serializer !== custom?.id || decoded === "at once",
  };
}

export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | undefined | null)?.then === "function";
}

/** Session data is a plain object that a session could have written. */
function checkDecoded(data: unknown): Fields | undefined {
  if (typeof data !== "object" || data === null || Object.getPrototypeOf(data) !== Object.prototype) return undefined;
  if (Object.keys(data).some((key) => key.startsWith("$"))) return undefined;
  return isSafeTree(data, 0, new Set()) ? (data as Fields) : undefined;
}

/** True if a tree is not too deep, and holds no key that reaches a prototype. */
function isSafeTree(value: unknown, depth: number, seen: Set<object>): boolean {
  const isError = value instanceof Error && value.cause !== undefined;
  if (!(isContainer(value) || isError) || seen.has(value)) return true;
  if (depth > MAX_DEPTH) return false;
  seen.add(value);
  const isPlain = containerKind(value) === "object";
  for (const [key, child] of isError ? [["cause", value.cause]] : entriesOf(value)) {
    if (isPlain && isForbiddenKey(key)) return false;
    if (!isSafeTree(key, depth + 1, seen) || !isSafeTree(child, depth + 1, seen)) return false;
  }
  return true;
}
