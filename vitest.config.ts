import { join } from "node:path";
import { defineConfig, type TestProjectInlineConfiguration, type ViteUserConfigFnObject } from "vitest/config";
import { entries, root } from "./scripts/entries.ts";
import { missingServices, noticeOf } from "./test/services/available.ts";

const MINUTE = 60_000;

/** A folder for JSON reports, one for each mode: CI makes its closing count of them. */
const reports = process.env["TEST_REPORTS"];

/** The parts that are slow, or need more than Node, and the folders they have for themselves. */
const folders: Readonly<Record<string, string>> = {
  browser: "test/browser",
  nitro: "test/nitro",
  nuxt: "test/nuxt",
  package: "test/package",
  runtimes: "test/runtimes",
};

/** Tests that put other functions in the place of the library's, by `vi.mock`: each file of them has modules of its own. */
const REPLACING = ["test/property/**/*.test.ts", "test/unit/import-failures.test.ts"];

/** Servers that are not installed, whose tests do not run. */
const missing = missingServices(process.env);
for (const service of missing) console.warn(noticeOf(service));

/**
 * `vitest` runs what is quick, types included; `--mode all` the same tests over every driver, with `ALL=1`; `--mode long` many more
 * runs of each property, with `LONG=1` too; `--mode browser` what a real browser makes of it; `--mode package` the packed tarball;
 * `--mode nitro` and `--mode nuxt` applications of these, built with it; `--mode runtimes` Bun, Deno and workerd, beside Node.
 * Files whose every test is for `all` or `long` end in `.all.test.ts` or `.long.test.ts`.
 */
const config: ViteUserConfigFnObject = defineConfig(({ mode }) => {
  const long = mode === "long";
  const all = long || mode === "all";
  const folder = folders[mode];
  const common = {
    exclude: [
      ...Object.values(folders)
        .filter((other) => other !== folder)
        .map((other) => `${other}/**`),
      ...(all ? [] : ["test/**/*.all.test.ts"]),
      ...(long ? [] : ["test/**/*.long.test.ts"]),
      ...missing.map(({ tests }) => tests),
    ],
    env: { NODE_ENV: "test", ...(all ? { ALL: "1" } : {}), ...(long ? { LONG: "1" } : {}) },
    // Those that are concurrent wait for the clocks of servers.
    maxConcurrency: 50,
    testTimeout: long ? 60 * MINUTE : MINUTE,
    hookTimeout: 5 * MINUTE,
    // What a file put in place is gone before the next one, which may be given the same modules.
    restoreMocks: true,
    unstubEnvs: true,
  };
  // Tests and the guide's examples import the package by its name and get the sources.
  const resolve = {
    alias: entries.map(({ name, source }) => ({ find: new RegExp(`^${name}$`), replacement: join(root, source) })),
  };
  const projects: TestProjectInlineConfiguration[] = [
    {
      resolve,
      test: {
        ...common,
        name: "shared",
        include: [`${folder ?? "test"}/**/*.test.ts`],
        exclude: [...common.exclude, ...REPLACING],
        // A worker loads the sources once for all its files, and not for each: a third of the whole time.
        isolate: false,
        typecheck: {
          enabled: !long && folder === undefined,
          checker: "tsc",
          include: ["test/types/**/*.test-d.ts"],
          tsconfig: "./tsconfig.json",
          spawnTimeout: MINUTE,
        },
      },
    },
  ];
  if (folder === undefined) projects.push({ resolve, test: { ...common, name: "replacing", include: REPLACING } });
  return {
    test: {
      projects,
      // By default one processor is left idle, which on two is half the time.
      maxWorkers: "100%",
      reporters: reports === undefined ? ["default"] : ["default", ["json", { outputFile: join(reports, `${mode}.json`) }]],
      coverage: { provider: "v8", include: ["src/**/*.ts"], reporter: ["text", "html"] },
    },
  };
});

export default config;
