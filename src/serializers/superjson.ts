import { lazy } from "./lazy.ts";
import type { TextSerializer } from "./serializer.ts";
import { everyKindBut } from "./value-kinds.ts";

const KEEPS = everyKindBut("cyclic keys", "invalid Date", "special float", "bigint typed array", "DataView");

/** JSON, and what JSON would lose: Date, Map, Set, BigInt, NaN, -0, undefined, typed arrays, URL, RegExp, Error, aliases, cycles. */
export function superjson(): TextSerializer {
  return { id: "superjson", keeps: KEEPS, ...lazy("superjson", () => import("./with-superjson.ts")) };
}
