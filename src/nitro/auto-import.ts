import type { AutoImports } from "./nitro.ts";

/** Nitro 2 offers h3's `useSession` to every file, whose sessions are cookies: ours takes its place. */
export function autoImport(imports: AutoImports): void {
  imports.presets = (imports.presets ?? []).map(withoutUseSession);
  (imports.imports ??= []).push({ name: "useSession", from: "unsession/h3-v1" });
}

function withoutUseSession(preset: unknown): unknown {
  const { from, imports } = (preset ?? {}) as { from?: unknown; imports?: unknown };
  if (from !== "h3" || !Array.isArray(imports)) return preset;
  return { ...(preset as object), imports: imports.filter((name) => name !== "useSession") };
}
