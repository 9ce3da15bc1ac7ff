import { optionError } from "../errors.ts";
import { resolveOptions } from "../options.ts";
import type { SessionOptions } from "../types.ts";

/** The options that are code, or hold some. */
type Code = "storage" | "serializer" | "generateToken" | "preload" | "conflict" | "hooks" | "now";

/**
 * What stands under `unsession` in the configuration of Nitro: all options that are plain data. The storage is the one mounted at
 * `session`, and everything else is given by `config`.
 */
export interface NitroSessionOptions extends Omit<SessionOptions, Code> {
  /**
   * A file, by its path from the root of the application, whose default export is more options, which win over those beside it; or
   * a manager, which is used as it is, with no option beside it.
   */
  config?: string | undefined;
  /** Loads the session before each handler, so that `event.context.session` is there without `await`. @default false */
  preload?: boolean | undefined;
  /** What becomes of a change to what another request changed meanwhile; a function is given by `config`. @default "merge" */
  conflict?: "merge" | "reject" | undefined;
}

const CODE: ReadonlySet<string> = new Set<Code>(["storage", "serializer", "generateToken", "hooks", "now"]);

/**
 * Checks options when the application is built, since what is not plain data would be lost in the built server.
 *
 * @throws {SessionError} `ERR_SESSION_OPTIONS`
 */
export function checkOptions(given: NitroSessionOptions): NitroSessionOptions {
  const { config, ...options } = given;
  if (config !== undefined && typeof config !== "string") throw optionError("config", config, "the path of a file");
  for (const [option, value] of Object.entries(options)) {
    if (value !== undefined && (CODE.has(option) || typeof value === "function")) {
      throw optionError(option, value, "a place in the file that `unsession.config` names, since only plain data is built in");
    }
  }
  resolveOptions(options);
  return given;
}
