import { SuperJSON } from "superjson";
import { MAX_STEPS, placesAbove, restoreAliases, type Equalities } from "./aliases.ts";
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
  if (others.values !== undefined) checkAnnotations(others.values, 0);
  const data: unknown = instance.deserialize({ json, meta: others }, { inPlace: true });
  if (referentialEqualities !== undefined) restoreAliases(data, referentialEqualities as Equalities);
  return data;
}

/**
 * Refuses annotations that superjson does not write, since it goes by any: into a text in the place of a tree until the stack is
 * full, along a path of any length for each that begins with it, and to a bigint of its own, of any length too.
 */
function checkAnnotations(tree: unknown, steps: number): void {
  if (steps > MAX_STEPS) throw new TypeError("a path that is too long");
  const [type, children = {}] = Array.isArray(tree) ? (tree as unknown[]) : [undefined, tree];
  if (type === "bigint") throw new TypeError("a bigint of any length");
  if (typeof children !== "object" || children === null) throw new TypeError("annotations that are no tree");
  for (const [path, child] of Object.entries(children)) checkAnnotations(child, steps + placesAbove(path).length + 1);
}

function isBigint(value: unknown): value is bigint {
  return typeof value === "bigint";
}

function toBigint(digits: string): bigint {
  if (digits.length > MAX_BIGINT_DIGITS + "-".length) throw new TypeError("a bigint that is too long");
  return BigInt(digits);
}
