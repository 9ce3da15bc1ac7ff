import { SessionError, serializeError } from "./errors.ts";
import { isSafeJson } from "./limits.ts";
import type { Encoded } from "./record.ts";
import { inspect } from "./serializers/inspect.ts";
import { json } from "./serializers/json.ts";
import type { Serializer } from "./serializers/serializer.ts";
import { superjson } from "./serializers/superjson.ts";
import type { MaybePromise } from "./stores/store.ts";
import { isContainer, isForbiddenKey } from "./tracking/kinds.ts";
import { entriesOf } from "./tracking/tracker.ts";

type Fields = Record<string, unknown>;

/** Encodes data by the serializer in use, and decodes what any known one wrote. */
export interface Codec {
  /** @throws {SessionError} `ERR_SESSION_VALUE`, `ERR_SESSION_SERIALIZE` */
  encode(data: Fields): MaybePromise<Encoded>;
  /** The data, or `undefined` if the text is damaged, hostile or of an unknown serializer. */
  decode(encoded: Encoded): MaybePromise<Fields | undefined>;
  /** True if `decode` has answered, and will answer, without a promise. */
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
  /** Set once the user's serializer answered by a promise; the built-in ones do so only until they are loaded. */
  let waits = false;
  const choose = (data: Fields): Serializer => {
    const richness = inspect(data, maxBytes, custom !== undefined);
    return custom ?? (richness === "plain" ? plain : rich);
  };
  return {
    encode(data) {
      const serializer = choose(data);
      const failed = (cause: unknown): never => {
        throw SessionError.is(cause) ? cause : serializeError(serializer.id, cause);
      };
      try {
        const text = serializer.serialize(data);
        if (typeof text === "string") return { serializer: serializer.id, text };
        waits ||= serializer === custom;
        return text.then((settled) => ({ serializer: serializer.id, text: settled }), failed);
      } catch (error) {
        return failed(error);
      }
    },
    decode({ serializer, text }) {
      const by = known.get(serializer);
      if (by === undefined || text.length > maxBytes || (by !== custom && !isSafeJson(text))) return undefined;
      try {
        const data = by.deserialize(text);
        if (!isPromise(data)) return checkDecoded(data);
        waits ||= by === custom;
        return data.then(checkDecoded, () => undefined);
      } catch {
        return undefined;
      }
    },
    decodesAtOnce: ({ serializer }) => !(waits && serializer === custom?.id),
  };
}

export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | undefined | null)?.then === "function";
}

/** Session data is a plain object whose keys could have been written by a session. */
function checkDecoded(data: unknown): Fields | undefined {
  if (typeof data !== "object" || data === null || Object.getPrototypeOf(data) !== Object.prototype) return undefined;
  if (Object.keys(data).some((key) => key.startsWith("$"))) return undefined;
  return hasForbiddenKey(data, new Set()) ? undefined : (data as Fields);
}

function hasForbiddenKey(container: object, seen: Set<object>): boolean {
  seen.add(container);
  const isPlain = !Array.isArray(container) && !(container instanceof Map) && !(container instanceof Set);
  for (const [key, child] of entriesOf(container)) {
    if (isPlain && isForbiddenKey(key)) return true;
    if (isContainer(child) && !seen.has(child) && hasForbiddenKey(child, seen)) return true;
  }
  return false;
}
