import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rolldown, type RolldownOptions } from "rolldown";
import { manifest, root } from "../../scripts/entries.ts";
import { pack, run } from "../_application.ts";

const programs = join(root, "test/runtimes/program");

/** What the programs import beside the package itself. */
const PACKAGES = ["crossws", "devalue", "h3", "h3-v1", "ioredis", "msgpackr", "unstorage"];

/** Packs the package, and installs it with all runtimes; gives the folder. */
export async function createProject(): Promise<string> {
  const { folder, tarball } = await pack();
  await writeFile(join(folder, "package.json"), await readFile(join(root, "test/runtimes/package.json")));
  const packages = PACKAGES.map((name) => `${name}@${manifest.devDependencies[name]}`);
  const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--no-package-lock"];
  await run("npm", ["install", ...flags, tarball, ...packages], folder);
  return folder;
}

/** Turns a program into JavaScript that imports what is installed, by its name; gives the folder that it is in. */
export function compile(folder: string, program: string): Promise<string> {
  const input = join(programs, `${program}.ts`);
  return write(join(folder, program), { input, external: (id) => /^[^./]/.test(id), platform: "neutral" });
}

/** Puts a program for workerd and all that it imports into a folder, as wrangler does. */
export async function bundle(folder: string, program: string): Promise<string> {
  const input = program === "guide" ? await writeGuidesWorker(folder) : join(programs, `${program}.ts`);
  const conditionNames = ["workerd", "worker", "import", "default"];
  return write(join(folder, program), {
    input,
    external: /^(node|cloudflare):/,
    platform: "browser",
    resolve: { conditionNames },
  });
}

/** The program that the guide shows. */
async function writeGuidesWorker(folder: string): Promise<string> {
  const page = await readFile(join(root, "docs/runtimes.md"), "utf8");
  const [, code = ""] = /^```ts\n\/\/ worker\.ts\n([\s\S]*?)^```$/m.exec(page) ?? [];
  const file = join(folder, "guide.ts");
  await writeFile(file, code);
  return file;
}

async function write(dir: string, options: RolldownOptions): Promise<string> {
  const build = await rolldown(options);
  await build.write({ dir, format: "esm", entryFileNames: "main.mjs", chunkFileNames: "[name]-[hash].mjs" });
  await build.close();
  return dir;
}
