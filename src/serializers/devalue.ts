import { lazy } from "./lazy.ts";
import type { TextSerializer } from "./serializer.ts";
import { everyKindBut } from "./value-kinds.ts";

const KEEPS = everyKindBut();

/**
 * [devalue](https://github.com/sveltejs/devalue): every kind of value, aliases and cycles too, as compact text that is read fast.
 *
 * The package `devalue` is yours to install. It is imported when the first session is written or read, which throws
 * `ERR_SESSION_UNSUPPORTED` if it is not there.
 *
 * @example
 * createSessionManager({ serializer: devalue() });
 */
export function devalue(): TextSerializer {
  return { id: "devalue", keeps: KEEPS, ...lazy("devalue", () => import("./with-devalue.ts")) };
}
