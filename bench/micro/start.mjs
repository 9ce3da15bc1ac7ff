// Built as the package is, into one file: what measures and what is measured are then optimised as an application's own code is.
import { mkdirSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { rolldown } from "rolldown";

const root = fileURLToPath(new URL("../../", import.meta.url));
const file = `${root}node_modules/.cache/unsession-bench/micro.mjs`;

mkdirSync(`${root}node_modules/.cache`, { recursive: true });
const bundle = await rolldown({
  input: `${root}bench/micro/main.ts`,
  platform: "node",
  external: /^[^./]/,
  // Paths are those of this folder.
  transform: { define: { "import.meta.url": JSON.stringify(import.meta.url) } },
});
await bundle.write({ file, codeSplitting: false });
await bundle.close();
await import(pathToFileURL(file).href);
