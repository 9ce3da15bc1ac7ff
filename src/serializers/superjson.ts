import type { Serializer } from "./serializer.ts";

type SuperJSON = typeof import("superjson");

/** JSON, and what JSON would lose: Date, Map, Set, BigInt, NaN, -0, undefined, typed arrays, URL, RegExp, Error, aliases, cycles. */
export function superjson(): Serializer {
  // Imported when first needed, then used without waiting: an application whose sessions are plain JSON never loads it.
  let loaded: SuperJSON | undefined;
  const use = <R>(run: (library: SuperJSON) => R): R | Promise<R> =>
    loaded === undefined ? import("superjson").then((library) => run((loaded = library))) : run(loaded);
  return {
    id: "superjson",
    serialize: (data) => use((library) => library.stringify(data)),
    deserialize: (text) => use((library) => library.parse<unknown>(text)),
  };
}
