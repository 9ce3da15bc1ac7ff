import { join } from "node:path";
import { defineConfig, type ViteUserConfigFnObject } from "vitest/config";
import { entries, root } from "./scripts/entries.ts";

const MINUTE = 60_000;

/** Where CI wants a JSON report for its closing count. */
const report = process.env["TEST_REPORT"];

/**
 * `vitest` runs what is quick, types included; `--mode all` the same tests over every driver, with `ALL=1`; `--mode long` many more
 * runs of each property, with `LONG=1` too; `--mode package` the packed tarball.
 */
const config: ViteUserConfigFnObject = defineConfig(({ mode }) => {
  const long = mode === "long";
  const all = long || mode === "all";
  const packed = mode === "package";
  return {
    resolve: {
      // Tests and the guide's examples import the package by its name and get the sources.
      alias: entries.map(({ name, source }) => ({ find: new RegExp(`^${name}$`), replacement: join(root, source) })),
    },
    test: {
      include: [packed ? "test/package/**/*.test.ts" : "test/**/*.test.ts"],
      exclude: [...(packed ? [] : ["test/package/**"]), ...(long ? [] : ["test/**/*.long.test.ts"])],
      env: { NODE_ENV: "test", ...(all ? { ALL: "1" } : {}), ...(long ? { LONG: "1" } : {}) },
      testTimeout: long ? 60 * MINUTE : MINUTE,
      hookTimeout: 5 * MINUTE,
      typecheck: {
        enabled: !long && !packed,
        checker: "tsc",
        include: ["test/types/**/*.test-d.ts"],
        tsconfig: "./tsconfig.json",
        spawnTimeout: MINUTE,
      },
      reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
      coverage: { provider: "v8", include: ["src/**/*.ts"], reporter: ["text", "html"] },
    },
  };
});

export default config;
