import { restoreAliases, type Equalities } from "./aliases.ts";
import { MAX_BIGINT_DIGITS } from "./inspect.ts";
import type { Serializer } from "./serializer.ts";

type Library = typeof import("superjson");
type SuperJSON = InstanceType<Library["SuperJSON"]>;

/** JSON, and what JSON would lose: Date, Map, Set, BigInt, NaN, -0, undefined, typed arrays, URL, RegExp, Error, aliases, cycles. */
export function superjson(): Serializer {
  // Imported when first needed, then used without waiting: an application whose sessions are plain JSON never loads it.
  let loaded: SuperJSON | undefined;
  const use = <R>(run: (instance: SuperJSON) => R): R | Promise<R> =>
    loaded === undefined ? import("superjson").then((library) => run((loaded ??= createInstance(library)))) : run(loaded);
  return {
    id: "superjson",
    serialize: (data) => use((instance) => instance.stringify(data)),
    deserialize: (text) => use((instance) => parse(instance, text)),
  };
}

/** An instance of our own: what the application registers with superjson for other ends does not reach its sessions. */
function createInstance({ SuperJSON }: Library): SuperJSON {
  const instance = new SuperJSON();
  instance.registerCustom<bigint, string>({ isApplicable: isBigint, serialize: String, deserialize: toBigint }, "bigint");
  instance.registerCustom<Error, ErrorFields>({ isApplicable: isError, serialize: fromError, deserialize: toError }, "Error");
  return instance;
}

function parse(instance: SuperJSON, text: string): unknown {
  const { json, meta } = JSON.parse(text) as ReturnType<SuperJSON["serialize"]>;
  const { referentialEqualities, ...others } = meta ?? {};
  if (hasOwnBigint(others.values)) throw new TypeError("a bigint of any length");
  const data = instance.deserialize({ json, meta: others }, { inPlace: true });
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

/** superjson makes every error an `Error`, and gives each a cause. */
type ErrorFields = { type: string; name?: string; message: string; cause?: never };

const ERRORS = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];

function isError(value: unknown): value is Error {
  return value instanceof Error;
}

function fromError(error: Error): ErrorFields {
  const type = ERRORS.find(({ prototype }) => prototype === Object.getPrototypeOf(error)) ?? Error;
  return {
    type: type.name,
    ...(error.name === type.name ? {} : { name: error.name }),
    message: error.message,
    ...(error.cause === undefined ? {} : { cause: error.cause as never }),
  };
}

function toError({ type, name, message, cause }: ErrorFields): Error {
  const Type = ERRORS.find((one) => one.name === type);
  if (Type === undefined) throw new TypeError("an error of an unknown type");
  const error = new Type(message, cause === undefined ? undefined : { cause });
  if (name !== undefined) error.name = name;
  // It tells of this place, not of where the error was made.
  delete error.stack;
  return error;
}
