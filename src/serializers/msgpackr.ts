import { lazy } from "./lazy.ts";
import type { BinarySerializer } from "./serializer.ts";
import { everyKindBut } from "./value-kinds.ts";

const KEEPS = everyKindBut("-0", "lone surrogate", "URL", "renamed Error");

/**
 * MessagePack, by [msgpackr](https://github.com/kriszyp/msgpackr): bytes, fewer than JSON takes, by far where objects are of one shape.
 *
 * Each record stands for itself: no structures are shared between records or processes. The package `msgpackr` is yours to install.
 * It is imported when the first session is written or read, which throws `ERR_SESSION_UNSUPPORTED` if it is not there.
 *
 * @example
 * createSessionManager({ serializer: msgpackr() });
 */
export function msgpackr(): BinarySerializer {
  return { id: "msgpackr", binary: true, keeps: KEEPS, ...lazy("msgpackr", () => import("./with-msgpackr.ts")) };
}
