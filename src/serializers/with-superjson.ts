import { SuperJSON } from "superjson";
import { restoreAliases, type Equalities } from "./aliases.ts";
import { fromError, isError, toError, type ErrorFields } from "./error-fields.ts";
import { parseJson } from "./parse-json.ts";
import { restoreTypes, toBigint } from "./superjson-reader.ts";
import { writeSuperjson } from "./superjson-writer.ts";

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
  const { json, meta } = parseJson(text) as ReturnType<SuperJSON["serialize"]>;
  const data = meta?.values === undefined ? json : restoreTypes(json, meta.values, restoreOther);
  if (meta?.referentialEqualities !== undefined) restoreAliases(data, meta.referentialEqualities as Equalities);
  return data;
}

function restoreOther(value: unknown, type: unknown): unknown {
  return instance.deserialize({ json: value, meta: { values: [type], v: 1 } } as never, { inPlace: true });
}

function isBigint(value: unknown): value is bigint {
  return typeof value === "bigint";
}
