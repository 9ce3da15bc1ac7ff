import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import { type BuildConfig, defineBuildConfig } from "obuild/config";
import { entries, root } from "./scripts/entries.ts";

// `overrides` in package.json holds rolldown-plugin-dts at the last version that declares Node 20.

/** What Nitro and Nuxt are given by its path, one file for each, since it imports what there is only in an application. */
const RUNTIMES = ["nitro/runtime", "nuxt/runtime"];

/** What is built, and imported by nobody by name. */
const UNLISTED = ["dist/_chunks/", ...RUNTIMES.map((runtime) => `dist/${runtime}/`)];

/** `exports` and the built files name each other, or the build fails. */
function checkExports(): void {
  const exported = new Set(entries.flatMap(({ built }) => built));
  const files = readdirSync(join(root, "dist"), { recursive: true, encoding: "utf8" })
    .map((file) => `dist/${file.replaceAll(sep, "/")}`)
    .filter((file) => file.endsWith(".mts") || file.endsWith(".mjs"));

  const missing = [...exported].filter((file) => !existsSync(join(root, file)));
  const unlisted = files.filter((file) => !UNLISTED.some((folder) => file.startsWith(folder)) && !exported.has(file));
  if (missing.length > 0) throw new Error(`package.json exports what was not built: ${missing.join(", ")}`);
  if (unlisted.length > 0) throw new Error(`built, but not in package.json exports: ${unlisted.join(", ")}`);
}

/** Nuxt writes the path of an auto-import without its extension, and TypeScript then looks for this file alone. */
function declareComposable(): void {
  writeFileSync(join(root, "dist/nuxt/runtime/app/use-session-data.d.ts"), 'export * from "./use-session-data.mjs";\n');
}

const config: BuildConfig = defineBuildConfig({
  entries: [
    // One bundle, so that entries share chunks and `SessionError` is one class.
    { type: "bundle", input: entries.map(({ source }) => source) },
    ...RUNTIMES.map((runtime) => ({ type: "transform" as const, input: `src/${runtime}`, outDir: `dist/${runtime}` })),
  ],
  hooks: {
    rolldownOutput(output) {
      // obuild's groups are for bundled packages; we bundle none, and they make rolldown warn.
      delete output.codeSplitting;
    },
    end() {
      declareComposable();
      checkExports();
    },
  },
});

export default config;
