import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { manifest, root } from "../../scripts/entries.ts";
import { run, start, type Server } from "../_application.ts";
import { freePort } from "../services/free-port.ts";

/** A version of Nitro, and what is installed with it. */
export interface Version {
  readonly name: "nitro-2" | "nitro-3";
  readonly packages: readonly string[];
  /** What is imported to build. */
  readonly builder: string;
  readonly command: string;
}

export const versions: readonly Version[] = [
  { name: "nitro-2", packages: ["nitropack@^2.13.0"], builder: "nitropack", command: "nitropack" },
  {
    name: "nitro-3",
    // npm's `latest` is older. Nitro would install jiti by itself, to read its configuration on Node 20.
    packages: ["nitro@3.0.260903-beta", `h3@${manifest.devDependencies["h3"]}`, "jiti@^2.7.0"],
    builder: "nitro/builder",
    command: "nitro",
  },
];

/** Applications of one version: `starter`, as in the guide, and `app`, from the fixtures; beside them `bare`, without the module. */
export interface Project {
  readonly version: Version;
  readonly folder: string;
}

/** A program that builds each given application, in one process. */
const buildProgram = (builder: string): string => `
import { build, copyPublicAssets, createNitro, prepare, prerender } from ${JSON.stringify(builder)};
for (const rootDir of process.argv.slice(2)) {
  const nitro = await createNitro({ rootDir, preset: "node-server" });
  await prepare(nitro);
  await copyPublicAssets(nitro);
  await prerender(nitro);
  await build(nitro);
  await nitro.close();
}
`;

export async function createProject(version: Version, parent: string, tarball: string): Promise<Project> {
  const folder = join(parent, version.name);
  await mkdir(folder);
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await writeFile(join(folder, "build.mjs"), buildProgram(version.builder));
  await cp(join(root, "test/nitro/fixtures", version.name), join(folder, "app"), { recursive: true });
  for (const [path, code] of await starterOf(version)) {
    for (const app of ["starter", "bare"]) {
      const file = join(folder, app, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, app === "starter" ? code : withoutModule(path, code));
    }
  }
  const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--no-package-lock"];
  const types = ["typescript@5.9.3", "@types/node@^20"];
  await run("npm", ["install", ...flags, tarball, ...version.packages, ...types], folder);
  return { version, folder };
}

/** The files that the guide shows under the heading of a version, and those for both, by their paths. */
async function starterOf({ name }: Version): Promise<[string, string][]> {
  const page = await readFile(join(root, "docs/nitro.md"), "utf8");
  const headings = [`## ${name === "nitro-2" ? "Nitro 2" : "Nitro 3"}\n`, "## Options\n"];
  const shown = page.split(/^(?=## )/m).filter((section) => headings.some((heading) => section.startsWith(heading)));
  const files = shown.join("").matchAll(/^```ts\n\/\/ (\S+)\n([\s\S]*?)^```$/gm);
  return [...files].map(([, path = "", code = ""]) => [path, code]);
}

/** The same application with nothing of ours in it. */
function withoutModule(path: string, code: string): string {
  if (path === "nitro.config.ts") return code.replace('  modules: ["unsession/nitro"],\n', "");
  return path === "sessions.ts" ? "" : "export default () => ({ views: 1 });\n";
}

export function build({ folder }: Project, ...apps: string[]): Promise<string> {
  return run(process.execPath, ["build.mjs", ...apps], folder);
}

/** Starts what was built. */
export function serve({ folder }: Project, app: string, env: Record<string, string> = {}): Promise<Server> {
  return start(process.execPath, [".output/server/index.mjs"], join(folder, app), env);
}

/** Starts the dev server. */
export async function serveDev({ folder, version }: Project, app: string): Promise<Server> {
  const port = await freePort();
  const cli = join(folder, "node_modules/.bin", version.command);
  return start(cli, ["dev", "--port", String(port), "--host", "127.0.0.1"], join(folder, app), { NODE_ENV: "development" }, port);
}
