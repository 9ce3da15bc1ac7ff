import { SuperJSON } from "superjson";
import { restoreAliases, type Equalities } from "./aliases.ts";
import { fromError, isError, toError, type ErrorFields } from "./error-fields.ts";
import { MAX_BIGINT_DIGITS } from "./inspect.ts";
import { parseJson } from "./parse-json.ts";

/** An instance of our own: what the application registers with superjson for other ends does not reach its sessions. */
const instance = new SuperJSON();
instance.registerCustom<bigint, string>({ isApplicable: isBigint, serialize: String, deserialize: toBigint }, "bigint");
// superjson makes every error an `Error`, and gives each a cause.
instance.registerCustom<Error, never>(
  {
    isApplicable: isError,
    serialize: (error) => fromError(error) as never,
    deserialize: (fields) => toError(fields as ErrorFields),
  },
  "Error",
);

export function serialize(data: unknown): string {
  return instance.stringify(data);
}

export function deserialize(text: string): unknown {
  const { json, meta } = parseJson(text) as ReturnType<SuperJSON["serialize"]>;
  const { referentialEqualities, ...others } = meta ?? {};
  if (hasOwnBigint(others.values)) throw new TypeError("a bigint of any length");
  const data: unknown = instance.deserialize({ json, meta: others }, { inPlace: true });
  if (referentialEqualities !== undefined) restoreAliases(data, referentialEqualities as Equalities);
  return data;
}

/** True if superjson's own way of reading a bigint, which takes one of any length, is asked for. */
function hasOwnBigint(annotations: unknown): boolean {
  if (typeof annotations !== "object" || annotations === null) return false;
  if (!Array.isArray(annotations)) return Object.values(annotations).some(hasOwnBigint);
  return annotations[0] === "bigint" || hasOwnBigint(annotations[1]);
}

function isBigint(value: unknown): value is bigint {
  return typeof value === "bigint";
}

function toBigint(digits: string): bigint {
  if (digits.length > MAX_BIGINT_DIGITS + "-".length) throw new TypeError("a bigint that is too long");
  return BigInt(digits);
}
