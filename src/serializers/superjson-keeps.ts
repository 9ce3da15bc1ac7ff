import { everyKindBut, type ValueKind } from "./value-kinds.ts";

/** What the superjson format keeps beyond JSON. */
export const SUPERJSON_KEEPS: ReadonlySet<ValueKind> = everyKindBut(
  "cyclic keys",
  "invalid Date",
  "special float",
  "bigint typed array",
  "DataView",
);
