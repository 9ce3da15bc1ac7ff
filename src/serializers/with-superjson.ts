import { SuperJSON } from "superjson";
import { restoreAliases, type Equalities } from "./aliases.ts";
import { fromError, isError, toError, type ErrorFields } from "./error-fields.ts";
import { isSafeJson } from "./parse-json.ts";
import { MAX_DEPTH } from "./plain-tree.ts";
import { isStorable } from "./storable.ts";
import { SUPERJSON_KEEPS } from "./superjson-keeps.ts";
import { restoreTypes, toBigint } from "./superjson-reader.ts";
import { writeSuperjson } from "./superjson-writer.ts";

/** A Map is written as an array of arrays, so that a step into it is two. */
const MOST_STEPS = 2 * MAX_DEPTH;

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
  return writeSuperjson(data) ?? instance.stringify(data);
}

export function deserialize(text: string): unknown {
  const { json, meta } = JSON.parse(text) as ReturnType<SuperJSON["serialize"]>;
  let isKnown = isSafeJson(json, MAX_DEPTH);
  if (!isKnown && !isSafeJson(json, MOST_STEPS)) throw new TypeError("data that is nested too deep, or reaches a prototype");
  const restoreOther = (value: unknown, type: unknown): unknown => {
    isKnown = false;
    return instance.deserialize({ json: value, meta: { values: [type], v: 1 } } as never, { inPlace: true });
  };
  const data = meta?.values === undefined ? json : restoreTypes(json, meta.values, restoreOther);
  if (meta?.referentialEqualities !== undefined) {
    isKnown = false;
    restoreAliases(data, meta.referentialEqualities as Equalities);
  }
  if (!isKnown && !isStorable(data as object, SUPERJSON_KEEPS)) throw new TypeError("data that no session could hold");
  return data;
}

function isBigint(value: unknown): value is bigint {
  return typeof value === "bigint";
}
