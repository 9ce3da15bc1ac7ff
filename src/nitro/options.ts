import { optionError } from "../errors.ts";
import { resolveOptions } from "../options.ts";
import type { SessionOptions } from "../types.ts";

/** The options that are code, or hold some. */
const CODE = ["storage", "serializer", "schema", "migrate", "generateToken", "hooks", "now"] as const;

/** Options without the functions that some of them may be. */
type Data<Options> = { [Option in keyof Options]: Exclude<Options[Option], (...args: never[]) => unknown> };

/**
 * What stands under `unsession` in the configuration of Nitro: all options that are plain data. The storage is the one mounted at
 * `session`, and everything else is given by `config`.
 */
export interface NitroSessionOptions extends Data<Omit<SessionOptions, (typeof CODE)[number]>> {
  /**
   * A file, by its path from the root of the application, whose default export is more options, which win over those beside it; or
   * a manager, which is used as it is, with no option beside it.
   */
  config?: string | undefined;
}

/** Some options are nothing without a secret, which the environment may give when the server starts. */
const LATER = "a secret that the environment will give";

/**
 * Checks options when the application is built, since what is not plain data would be lost in the built server.
 *
 * @throws {SessionError} `ERR_SESSION_OPTIONS`
 */
export function checkOptions(given: NitroSessionOptions): NitroSessionOptions {
  const { config, ...options } = given;
  if (config !== undefined && typeof config !== "string") throw optionError("config", config, "the path of a file");
  for (const [option, value] of Object.entries(options)) {
    if (value !== undefined && (CODE.some((one) => one === option) || typeof value === "function")) {
      throw optionError(option, value, "a place in the file that `unsession.config` names, since only plain data is built in");
    }
  }
  resolveOptions({ ...options, secret: options.secret ?? LATER });
  return given;
}
