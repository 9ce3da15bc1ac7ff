import { rm } from "node:fs/promises";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { entries, root } from "../../scripts/entries.ts";

/** Programs that play a part in a history, each in a process of its own. */
export type Program = "worker" | "hot";

/** Below the modules that they import. */
const FOLDER = join(root, "node_modules/.cache", `histories-${process.pid}`);

let bundling: Promise<void> | undefined;

/** The file of a program as Node runs it, which knows no TypeScript yet: bundled once, so that a process starts at once. */
export async function fileOf(program: Program): Promise<string> {
  await (bundling ??= bundle());
  return join(FOLDER, `${program}.mjs`);
}

export async function removeBundle(): Promise<void> {
  bundling = undefined;
  await rm(FOLDER, { recursive: true, force: true });
}

async function bundle(): Promise<void> {
  const build = await rolldown({
    input: { worker: join(root, "test/histories/worker.ts"), hot: join(root, "test/histories/hot.ts") },
    platform: "node",
    external: (id) => !id.startsWith(".") && !id.startsWith("/") && !id.startsWith("unsession"),
    plugins: [
      {
        name: "entries",
        resolveId: (id) => {
          const entry = entries.find(({ name }) => name === id);
          return entry === undefined ? null : join(root, entry.source);
        },
      },
    ],
  });
  await build.write({ dir: FOLDER, entryFileNames: "[name].mjs", chunkFileNames: "[name]-[hash].mjs" });
  await build.close();
}
