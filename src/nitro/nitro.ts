import type { NitroSessionOptions } from "./options.ts";

/** What is needed of Nitro, by its shape, which both versions have: none of them is a dependency. */
export interface NitroLike {
  readonly meta?: { readonly majorVersion: number };
  readonly logger: { warn(message: string): void };
  readonly hooks: { hook(name: "rollup:reload", listener: () => void): unknown };
  readonly options: {
    readonly unsession?: NitroSessionOptions;
    readonly dev: boolean;
    readonly preset: string;
    readonly rootDir: string;
    readonly buildDir: string;
    readonly storage: Record<string, object>;
    readonly devStorage: Record<string, object>;
    readonly alias: Record<string, string>;
    readonly virtual: Record<string, unknown>;
    readonly handlers: { route: string; middleware: boolean; handler: string }[];
    readonly plugins: string[];
    /** A new object whenever the configuration is read again. */
    readonly runtimeConfig: object;
    readonly typescript: { tsConfig?: { compilerOptions?: { paths?: Record<string, string[]> } } };
    /** Nitro 3 only. */
    noExternals?: boolean | unknown[];
    /** Nitro 2 only. */
    readonly imports?: false | AutoImports;
    /** Nitro 2 only. */
    readonly externals?: { inline?: unknown[] };
  };
}

/** The auto-imports of Nitro 2. */
export interface AutoImports {
  imports?: { name: string; from: string; typeFrom: string }[];
  presets?: unknown[];
}
