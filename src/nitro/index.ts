import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { autoImport } from "./auto-import.ts";
import type { NitroLike } from "./nitro.ts";
import { checkOptions, type NitroSessionOptions } from "./options.ts";
import { mountStorage } from "./storage.ts";

export type { NitroSessionOptions } from "./options.ts";

/** What `runtimeConfig` holds, so that the environment can set it: `NITRO_UNSESSION_SECRET`. */
export interface NitroSessionRuntimeConfig {
  unsession?: {
    /** One or more secrets, separated by commas; the first signs, all verify. None: tokens are not signed. @default "" */
    secret?: string;
  };
}

/** @ts-ignore An application has one of the two. */
declare module "nitropack/types" {
  interface NitroOptions {
    unsession?: NitroSessionOptions;
  }
  interface NitroRuntimeConfig extends NitroSessionRuntimeConfig {}
}

/** @ts-ignore As above. */
declare module "nitro/types" {
  interface NitroOptions {
    unsession?: NitroSessionOptions;
  }
  interface NitroRuntimeConfig extends NitroSessionRuntimeConfig {}
}

/**
 * The module of Nitro, of version 3 and 2: puts sessions on all routes, in the storage mounted at `session`.
 *
 * @throws {SessionError} `ERR_SESSION_OPTIONS`, which ends the build
 * @example
 * export default defineConfig({
 *   modules: ["unsession/nitro"],
 *   unsession: { idleTimeout: 3600 },
 *   storage: { session: { driver: "redis", url: "redis://localhost:6379" } },
 * });
 */
const unsession: { name: string; setup(nitro: NitroLike): void } = {
  name: "unsession",
  setup(nitro) {
    const { options } = nitro;
    const given = options.unsession ?? {};
    checkOptions(given);
    options.virtual["#unsession"] = virtualModule(given, options);
    setSecret(nitro, given);
    nitro.hooks.hook("rollup:reload", () => setSecret(nitro, given));
    mountStorage(nitro);
    if (nitro.meta?.majorVersion === 3) {
      options.handlers.unshift({ route: "/**", middleware: true, handler: runtimeFile("nitro-3.mjs") });
      return;
    }
    options.plugins.unshift(runtimeFile("nitro-2.mjs"));
    // Or what it imports of Nitro would not be found.
    if (options.externals !== undefined) (options.externals.inline ??= []).push(runtimeFile(""));
    if (options.imports) autoImport(options.imports);
  },
};

export default unsession;

/** What the runtime is told: options as data, and the application's own file. */
function virtualModule({ config, secret: _, ...data }: NitroSessionOptions, { rootDir, preset }: NitroLike["options"]): string {
  return [
    config === undefined
      ? "export const given = undefined;"
      : `export { default as given } from ${JSON.stringify(resolve(rootDir, config))};`,
    `export const options = ${JSON.stringify(data)};`,
    `export const isPrerendering = ${preset === "nitro-prerender"};`,
  ].join("\n");
}

function setSecret({ options }: NitroLike, { secret = [] }: NitroSessionOptions): void {
  const config = options.runtimeConfig as NitroSessionRuntimeConfig;
  config.unsession = { secret: [secret].flat().join(","), ...config.unsession };
}

function runtimeFile(name: string): string {
  return fileURLToPath(new URL(`runtime/${name}`, import.meta.url));
}
