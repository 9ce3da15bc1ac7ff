// What is imported of Nuxt, which is installed in applications only, and what the module writes for it.

declare module "nuxt/kit" {
  import type { Nuxt, NuxtModule } from "nuxt/schema";

  export function defineNuxtModule<Options extends object>(definition: {
    meta: { name: string; configKey: string; compatibility: { nuxt: string } };
    setup(options: Options, nuxt: Nuxt): void;
  }): NuxtModule<Options>;
  export function createResolver(base: string): { resolve(path: string): string };
  export function addImports(one: { name: string; from: string }): void;
  export function addPlugin(plugin: { src: string; mode: "client" | "server" }): void;
  export function addServerHandler(handler: { route: string; method: "get"; handler: string }): void;
  export function addServerPlugin(path: string): void;
  export function addTemplate(template: { filename: string; getContents(): string }): void;
  export function addTypeTemplate(
    template: { filename: string; getContents(): string },
    context: { nuxt: boolean; nitro: boolean; shared: boolean },
  ): void;
}

declare module "nuxt/schema" {
  export interface NuxtModule<Options extends object> {
    (inlineOptions: Options, nuxt: Nuxt): unknown;
  }
  export interface Nuxt {
    readonly options: { readonly build: { readonly transpile: string[] } };
    hook(name: "nitro:config", listener: (config: NitroConfig) => void): void;
  }
  interface NitroConfig {
    unsession?: object;
    modules?: string[];
    routeRules?: Record<string, object>;
    virtual?: Record<string, string>;
  }
}

declare module "#unsession/public-fields" {
  export const publicFields: readonly string[];
}

declare module "#build/unsession/public-fields.mjs" {
  export const publicFields: readonly string[];
}

declare module "#imports" {
  import type { Ref } from "vue";
  import type { H3V1Event } from "unsession/h3-v1";

  interface NuxtApp {
    readonly isHydrating?: boolean;
    readonly payload: { readonly serverRendered?: boolean };
    readonly $unsession: unknown;
    hook(name: "app:rendered" | "app:suspense:resolve", listener: () => unknown): void;
  }
  export type Plugin = object;
  export function defineNuxtPlugin(plugin: { name: string; setup(nuxtApp: NuxtApp): { provide: object } }): Plugin;
  export function useNuxtApp(): NuxtApp;
  export function useRequestEvent(): H3V1Event;
  export function useState<T>(key: string, init: () => T): Ref<T>;
}
