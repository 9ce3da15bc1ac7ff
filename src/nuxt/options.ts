import { optionError } from "../errors.ts";
import type { NitroSessionOptions } from "../nitro/options.ts";

/** What stands under `unsession` in the configuration of Nuxt: what the module of Nitro takes, and `publicFields`. */
export interface NuxtSessionOptions extends NitroSessionOptions {
  /** The keys of a session that its user's browser may see, by `useSessionData()`. @default [] */
  publicFields?: readonly string[] | undefined;
}

/** @throws {SessionError} `ERR_SESSION_OPTIONS` */
export function checkPublicFields(given: unknown): void {
  const isList =
    Array.isArray(given) && given.every((field) => typeof field === "string" && field !== "" && !field.startsWith("$"));
  if (!isList) throw optionError("publicFields", given, "a list of keys of the session, none of which begins with `$`");
}
