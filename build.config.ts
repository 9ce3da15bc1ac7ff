import { existsSync, readdirSync } from "node:fs";
import { join, sep } from "node:path";
import { type BuildConfig, defineBuildConfig } from "obuild/config";
import { entries, root } from "./scripts/entries.ts";

// `overrides` in package.json holds rolldown-plugin-dts at the last version that declares Node 20.

/** What Nitro is given by its path, one file for each, since it imports what there is only in an application. */
const RUNTIME = "nitro/runtime";

/** What is built, and imported by nobody by name. */
const UNLISTED = ["dist/_chunks/", `dist/${RUNTIME}/`];

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

const config: BuildConfig = defineBuildConfig({
  entries: [
    // One bundle, so that entries share chunks and `SessionError` is one class.
    { type: "bundle", input: entries.map(({ source }) => source) },
    { type: "transform", input: `src/${RUNTIME}`, outDir: `dist/${RUNTIME}` },
  ],
  hooks: {
    rolldownOutput(output) {
      // obuild's groups are for bundled packages; we bundle none, and they make rolldown warn.
      delete output.codeSplitting;
    },
    end: checkExports,
  },
});

export default config;
