import type { Serializer } from "./serializer.ts";

/** Plain JSON: strings, finite numbers, booleans, `null`, arrays and plain objects. */
export function json(): Serializer {
  return { id: "json", serialize: (data) => JSON.stringify(data), deserialize: (text) => JSON.parse(text) as unknown };
}
