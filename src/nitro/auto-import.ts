import { fileURLToPath } from "node:url";
import type { NitroLike } from "./nitro.ts";

const ADAPTER = "unsession/h3-v1";

/** Nitro 2 writes the types of a package's subpath as a path that does not exist, but leaves an alias as it stands. */
const TYPES = "#unsession/h3-v1";

/** Nitro 2 offers h3's `useSession` to every file, whose sessions are cookies: ours takes its place. */
export function autoImport({ alias, imports, typescript }: NitroLike["options"]): void {
  if (!imports) return;
  imports.presets = (imports.presets ?? []).map(withoutUseSession);
  (imports.imports ??= []).push({ name: "useSession", from: ADAPTER, typeFrom: TYPES });
  // The first is for the types of what is global, the second for those of `#imports`, where the alias stays.
  alias[TYPES] = ADAPTER;
  const { compilerOptions } = (typescript.tsConfig ??= {});
  const paths = { ...compilerOptions?.paths, [TYPES]: [fileURLToPath(new URL("../h3-v1/index.d.mts", import.meta.url))] };
  typescript.tsConfig.compilerOptions = { ...compilerOptions, paths };
}

function withoutUseSession(preset: unknown): unknown {
  const { from, imports } = (preset ?? {}) as { from?: unknown; imports?: unknown };
  if (from !== "h3" || !Array.isArray(imports)) return preset;
  return { ...(preset as object), imports: imports.filter((name) => name !== "useSession") };
}
