import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** One public import of the package. */
export interface Entry {
  /** What a user imports: `unsession/h3`. */
  readonly name: string;
  /** Its source, relative to the root: `src/h3/index.ts`. */
  readonly source: string;
  /** Every built file that `exports` names for it: `dist/h3/index.mjs` and its types. */
  readonly built: readonly string[];
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly files: readonly string[];
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

export const root: string = fileURLToPath(new URL("..", import.meta.url));

export const manifest: Manifest = JSON.parse(readFileSync(`${root}/package.json`, "utf8"));

/** `exports` is the only list of entry points: the build, the tests and the playground read theirs from here. */
export const entries: readonly Entry[] = Object.entries(manifest.exports).flatMap(([subpath, target]) => {
  if (typeof target === "string") return [];
  const built = Object.values(target).map((path) => path.replace("./", ""));
  const code = built.find((path) => path.endsWith(".mjs")) ?? "";
  return [
    {
      name: manifest.name + subpath.slice(1),
      source: code.replace(/^dist\//, "src/").replace(/\.mjs$/, ".ts"),
      built,
    },
  ];
});

/** What is not bundled: everything that the user's own package manager installs. */
export const external: readonly RegExp[] = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).map(
  (name) => new RegExp(`^${name}(/|$)`),
);
