import {
  addImports,
  addPlugin,
  addServerHandler,
  addServerPlugin,
  addTemplate,
  addTypeTemplate,
  createResolver,
  defineNuxtModule,
} from "nuxt/kit";
import type { NuxtModule } from "nuxt/schema";
import { checkPublicFields, type NuxtSessionOptions } from "./options.ts";

export type { NuxtSessionOptions } from "./options.ts";

/** Where the browser reads the fields. */
const DATA = "/_unsession/data";

/** The keys are the names of `publicFields`, written down when types are prepared: what {@link useSessionData} may know. */
// eslint-disable-next-line typescript/no-empty-object-type -- empty until augmented
export interface PublicSessionFields {}

/**
 * The module of Nuxt 4: the one of Nitro, with sessions that a page and the requests it makes while it is rendered share, and
 * `useSessionData()` for the application.
 *
 * @throws {SessionError} `ERR_SESSION_OPTIONS`, which ends the build
 * @example
 * export default defineNuxtConfig({
 *   modules: ["unsession/nuxt"],
 *   unsession: { publicFields: ["user"] },
 * });
 */
const unsession: NuxtModule<NuxtSessionOptions> = defineNuxtModule<NuxtSessionOptions>({
  meta: { name: "unsession", configKey: "unsession", compatibility: { nuxt: ">=4.0.0" } },
  setup({ publicFields = [], ...options }, nuxt) {
    checkPublicFields(publicFields);
    const { resolve } = createResolver(import.meta.url);
    const fields = `export const publicFields = ${JSON.stringify(publicFields)};`;
    nuxt.options.build.transpile.push(resolve("./runtime"));

    nuxt.hook("nitro:config", (config) => {
      config.unsession = options;
      (config.modules ??= []).push(resolve("../nitro/index.mjs"));
      // Whatever a rule says of all paths.
      (config.routeRules ??= {})[DATA] = { cache: false, isr: false, prerender: false };
      (config.virtual ??= {})["#unsession/public-fields"] = fields;
    });
    addServerPlugin(resolve("./runtime/server/inner-requests.mjs"));
    addServerHandler({ route: DATA, method: "get", handler: resolve("./runtime/server/data.mjs") });

    addTemplate({ filename: "unsession/public-fields.mjs", getContents: () => fields });
    addPlugin({ src: resolve("./runtime/app/plugin.server.mjs"), mode: "server" });
    addPlugin({ src: resolve("./runtime/app/plugin.client.mjs"), mode: "client" });
    addImports({ name: "useSessionData", from: resolve("./runtime/app/use-session-data.mjs") });
    addTypeTemplate(
      { filename: "types/unsession.d.ts", getContents: () => declare(publicFields) },
      { nuxt: true, nitro: true, shared: true },
    );
  },
});

export default unsession;

/** Makes the fields known to types, and the package itself, so that `SessionData` is the same one in server and application. */
function declare(fields: readonly string[]): string {
  const members = fields.map((field) => `${JSON.stringify(field)}: true;`).join(" ");
  return `import "unsession";
declare module "unsession/nuxt" {
  interface PublicSessionFields { ${members} }
}
export {};
`;
}
