import { checksItself } from "./checks-itself.ts";
import { lazy } from "./lazy.ts";
import type { TextSerializer } from "./serializer.ts";
import { SUPERJSON_KEEPS } from "./superjson-keeps.ts";

/** JSON, and what JSON would lose: Date, Map, Set, BigInt, NaN, -0, undefined, typed arrays, URL, RegExp, Error, aliases, cycles. */
export function superjson(): TextSerializer {
  const { serialize, deserialize } = lazy("superjson", () => import("./with-superjson.ts"));
  return { id: "superjson", keeps: SUPERJSON_KEEPS, serialize, deserialize: checksItself(deserialize) };
}
