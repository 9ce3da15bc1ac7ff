import type { TextSerializer } from "./serializer.ts";
import type { ValueKind } from "./value-kinds.ts";

const KEEPS: ReadonlySet<ValueKind> = new Set(["lone surrogate"]);

/** Plain JSON: strings, finite numbers, booleans, `null`, arrays and plain objects. One object in two places becomes two. */
export function json(): TextSerializer {
  // Engines parse it without recursion, and how deep it is shows in what it gives: to look through the text takes half as long again.
  return {
    id: "json",
    keeps: KEEPS,
    serialize: (data) => JSON.stringify(data),
    deserialize: (text) => JSON.parse(text) as unknown,
  };
}
