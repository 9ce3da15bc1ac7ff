import { SuperJSON } from "superjson";
import { parsePath, restoreAliases, type Equalities } from "./aliases.ts";
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
  if (others.values !== undefined) checkAnnotations(others.values, json);
  const data: unknown = instance.deserialize({ json, meta: others }, { inPlace: true });
  if (referentialEqualities !== undefined) restoreAliases(data, referentialEqualities as Equalities);
  return data;
}

/**
 * Refuses annotations that superjson does not write, since it goes by any: into a text in the place of a tree until the stack is
 * full, to an item far behind the end of a list, which it makes that long, and to a bigint of its own, which may be of any length.
 */
function checkAnnotations(tree: unknown, annotated: unknown): void {
  const [type, children = {}] = Array.isArray(tree) ? (tree as unknown[]) : [undefined, tree];
  if (type === "bigint") throw new TypeError("a bigint of any length");
  if (typeof children !== "object" || children === null) throw new TypeError("annotations that are no tree");
  for (const [path, child] of Object.entries(children)) checkAnnotations(child, parsePath(path).reduce(stepInto, annotated));
}

function stepInto(at: unknown, step: string): unknown {
  const isThere = typeof at === "object" && at !== null && Object.prototype.propertyIsEnumerable.call(at, step);
  if (!isThere) throw new TypeError("an annotation of nothing");
  return (at as Record<string, unknown>)[step];
}

function isBigint(value: unknown): value is bigint {
  return typeof value === "bigint";
}

function toBigint(digits: string): bigint {
  if (digits.length > MAX_BIGINT_DIGITS + "-".length) throw new TypeError("a bigint that is too long");
  return BigInt(digits);
}
