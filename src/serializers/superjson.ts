import { lazy } from "./lazy.ts";
import type { TextSerializer } from "./serializer.ts";
import { checksItself } from "./storable.ts";
import { everyKindBut, type ValueKind } from "./value-kinds.ts";

export const KEEPS: ReadonlySet<ValueKind> = everyKindBut(
  "cyclic keys",
  "invalid Date",
  "special float",
  "bigint typed array",
  "DataView",
);

/** JSON, and what JSON would lose: Date, Map, Set, BigInt, NaN, -0, undefined, typed arrays, URL, RegExp, Error, aliases, cycles. */
export function superjson(): TextSerializer {
  const { serialize, deserialize } = lazy("superjson", () => import("./with-superjson.ts"));
  return { id: "superjson", keeps: KEEPS, serialize, deserialize: checksItself(deserialize) };
}
