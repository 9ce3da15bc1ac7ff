// What the runtime imports of Nitro, which is installed in applications only, and what the module writes for it.

declare module "nitro/runtime-config" {
  export function useRuntimeConfig(): { unsession: { secret: string } };
}

declare module "nitro/storage" {
  export function useStorage(): { getMount(key: string): { driver: object } };
}

declare module "nitropack/runtime" {
  export function getRouteRules(event: object): { prerender?: boolean };
  /** The environment is read as JSON where it looks like it. */
  export function useRuntimeConfig(): { unsession: { secret: unknown } };
  export function useStorage(): { getMount(key: string): { driver: object } };
}

declare module "nitro/types" {
  interface NitroOptions {}
  interface NitroRuntimeConfig {}
}

declare module "nitropack/types" {
  interface NitroOptions {}
  interface NitroRuntimeConfig {}
}

declare module "#unsession" {
  import type { SessionManager, SessionOptions } from "unsession";

  export const options: SessionOptions;
  export const given: SessionManager | SessionOptions | undefined;
  export const isPrerendering: boolean;
}
