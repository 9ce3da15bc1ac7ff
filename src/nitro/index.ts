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
    const { config, secret, ...data } = checkOptions(options.unsession ?? {});
    options.virtual["#unsession"] = virtualModule(data, config, options);
    setSecret(nitro, secret);
    // What was set is gone when the configuration is read again.
    nitro.hooks.hook("rollup:reload", () => setSecret(nitro, secret));
    mountStorage(nitro);
    if (nitro.meta?.majorVersion === 3) setUpNitro3(options);
    else setUpNitro2(options);
  },
};

export default unsession;

// Both have the runtime built into the server: what it imports of Nitro is not there for a file of a package.

function setUpNitro3(options: NitroLike["options"]): void {
  options.handlers.unshift({ route: "/**", middleware: true, handler: runtimeFile("nitro-3.mjs") });
  if (options.noExternals !== true) options.noExternals = [...(options.noExternals || []), runtimeFile("")];
}

function setUpNitro2(options: NitroLike["options"]): void {
  options.plugins.unshift(runtimeFile("nitro-2.mjs"));
  if (options.externals !== undefined) (options.externals.inline ??= []).push(runtimeFile(""));
  autoImport(options);
}

/** What the runtime is told: options as data, and the application's own file. */
function virtualModule(data: object, config: string | undefined, { rootDir, preset }: NitroLike["options"]): string {
  const given = config === undefined ? "const given = undefined" : `{ default as given } from ${pathOf(rootDir, config)}`;
  const isPrerendering = preset === "nitro-prerender";
  return [given, `const options = ${JSON.stringify(data)}`, `const isPrerendering = ${isPrerendering}`]
    .map((declared) => `export ${declared};`)
    .join("\n");
}

function pathOf(rootDir: string, file: string): string {
  return JSON.stringify(resolve(rootDir, file));
}

function setSecret({ options }: NitroLike, secret: NitroSessionOptions["secret"] = []): void {
  const config = options.runtimeConfig as NitroSessionRuntimeConfig;
  config.unsession = { secret: [secret].flat().join(","), ...config.unsession };
}

function runtimeFile(name: string): string {
  return fileURLToPath(new URL(`runtime/${name}`, import.meta.url));
}
