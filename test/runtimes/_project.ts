import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rolldown, type RolldownOptions } from "rolldown";
import { manifest, root } from "../../scripts/entries.ts";
import { pack, run } from "../nitro/_project.ts";

const programs = join(root, "test/runtimes/program");

/** What the programs import beside the package itself. */
const PACKAGES = ["devalue", "h3", "h3-v1", "ioredis", "msgpackr", "unstorage"];

/** Packs the package, and installs it with all runtimes; gives the folder. */
export async function createProject(): Promise<string> {
  const { folder, tarball } = await pack();
  await writeFile(join(folder, "package.json"), await readFile(join(root, "test/runtimes/package.json")));
  const packages = PACKAGES.map((name) => `${name}@${manifest.devDependencies[name]}`);
  const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--no-package-lock"];
  await run("npm", ["install", ...flags, tarball, ...packages], folder);
  return folder;
}

/** Turns a program into JavaScript that imports what is installed, by its name. */
export function compile(folder: string, program: string): Promise<string> {
  return write(folder, program, { external: (id) => /^[^./]/.test(id) && !id.endsWith(".ts"), platform: "neutral" });
}

/** Puts a program and all that it imports into a folder, as wrangler does for workerd. */
export function bundle(folder: string, program: string): Promise<string> {
  return write(folder, program, {
    external: /^(node|cloudflare):/,
    platform: "browser",
    resolve: { conditionNames: ["workerd", "worker", "import", "default"] },
  });
}

async function write(folder: string, program: string, options: RolldownOptions): Promise<string> {
  const input = join(programs, `${program}.ts`);
  const build = await rolldown({ ...options, input });
  const dir = join(folder, program);
  await build.write({ dir, format: "esm", entryFileNames: "main.mjs", chunkFileNames: "[name]-[hash].mjs" });
  await build.close();
  return dir;
}
