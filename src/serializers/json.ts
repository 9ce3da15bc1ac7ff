import { checksItself } from "./checks-itself.ts";
import { parseJson } from "./parse-json.ts";
import { MAX_DEPTH } from "./plain-tree.ts";
import type { TextSerializer } from "./serializer.ts";
import type { ValueKind } from "./value-kinds.ts";

const KEEPS: ReadonlySet<ValueKind> = new Set(["lone surrogate"]);

/** Plain JSON: strings, finite numbers, booleans, `null`, arrays and plain objects. One object in two places becomes two. */
export function json(): TextSerializer {
  return {
    id: "json",
    keeps: KEEPS,
    serialize: (data) => JSON.stringify(data),
    deserialize: checksItself((text: string) => parseJson(text, MAX_DEPTH)),
  };
}
