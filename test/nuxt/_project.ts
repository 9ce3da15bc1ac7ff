import { createHash } from "node:crypto";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { root } from "../../scripts/entries.ts";
import { run, start, type Server } from "../_application.ts";
import { freePort } from "../services/free-port.ts";

/** A version of Nuxt, and what runs it. */
export interface Version {
  readonly name: string;
  readonly packages: readonly string[];
  /** Node, by its path from the project. */
  readonly node: string;
}

/** The last version that declares Node 20 (with its parts, of which npm would take newer ones), on the Node of the tests, and the newest, on a newer one. */
export const versions: readonly Version[] = [
  { name: "nuxt-4.4", packages: ["nuxt@4.4.5", "@nuxt/kit@4.4.5", "@nuxt/schema@4.4.5"], node: process.execPath },
  { name: "nuxt-4", packages: ["nuxt@^4.5.2", "node@^24.11.0"], node: "node_modules/node/bin/node" },
];

/** A folder where a version is installed, with applications below it. */
export interface Project {
  readonly version: Version;
  readonly folder: string;
}

/** What takes long to install is kept from run to run, outside of `node_modules`, where Nuxt looks for no application. */
const CACHE = join(tmpdir(), `unsession-nuxt-${createHash("sha256").update(root).digest("hex").slice(0, 16)}`);

export async function createProject(version: Version, tarball: string, apps: Record<string, string>): Promise<Project> {
  const folder = join(CACHE, version.name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  // The version of the package is the same each time, so that npm would take it for installed.
  for (const old of ["unsession", ".package-lock.json"])
    await rm(join(folder, "node_modules", old), { recursive: true, force: true });
  const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--no-package-lock", "--no-save"];
  const types = ["vue-tsc@^3.0.0", "typescript@5.9.3", "@types/node@^20"];
  await run("npm", ["install", ...flags, tarball, ...version.packages, ...types], folder);
  for (const [app, source] of Object.entries(apps)) {
    await rm(join(folder, app), { recursive: true, force: true });
    // Without what trying it out leaves behind.
    const filter = (path: string): boolean => !/\/(?:\.nuxt|\.output|node_modules)$/.test(path);
    await cp(join(root, source), join(folder, app), { recursive: true, filter });
  }
  return { version, folder };
}

/** The application of the guide: the files that it shows, by their paths. */
export async function createStarter({ folder }: Project): Promise<void> {
  const page = await readFile(join(root, "docs/nuxt.md"), "utf8");
  const files = page.matchAll(/^```(?:ts|vue)\n(?:\/\/|<!--) (\S+\.\w+)(?: -->)?\n([\s\S]*?)^```$/gm);
  await rm(join(folder, "starter"), { recursive: true, force: true });
  await cp(join(root, "playground/nuxt/tsconfig.json"), join(folder, "starter/tsconfig.json"));
  for (const [, path = "", code = ""] of files) {
    const file = join(folder, "starter", path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, code);
  }
}

const QUIET = { NUXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" };

/** Runs a command of Nuxt's, or another that is installed beside it. */
export function command(project: Project, app: string, name: string, ...args: string[]): Promise<string> {
  const { folder } = project;
  return run(nodeOf(project), [join(folder, "node_modules/.bin", name), ...args], join(folder, app), QUIET);
}

/** Starts what was built. */
export function serve(project: Project, app: string, env: Record<string, string> = {}): Promise<Server> {
  return start(nodeOf(project), [".output/server/index.mjs"], join(project.folder, app), env);
}

/** Starts the dev server. */
export async function serveDev(project: Project, app: string): Promise<Server> {
  const { folder } = project;
  const port = await freePort();
  // In one process, so that it can be ended.
  const args = [join(folder, "node_modules/.bin/nuxt"), "dev", "--no-fork", "--port", String(port), "--host", "127.0.0.1"];
  return start(nodeOf(project), args, join(folder, app), { ...QUIET, NODE_ENV: "development" }, port);
}

function nodeOf({ folder, version }: Project): string {
  return resolve(folder, version.node);
}
