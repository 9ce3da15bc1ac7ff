import { join } from "node:path";
import { defineConfig, type ViteUserConfig } from "vitest/config";
import { entries, root } from "./scripts/entries.ts";

/** What `npm run test:mutation` asks of each mutant: the tests nearest to the files that are mutated, with few runs of each property. */
const config: ViteUserConfig = defineConfig({
  resolve: {
    alias: entries.map(({ name, source }) => ({ find: new RegExp(`^${name}$`), replacement: join(root, source) })),
  },
  test: {
    include: [
      "test/unit/{token,cookie,record,merge,load,lifetime,commit,update,options}.test.ts",
      "test/property/merge.test.ts",
      "test/{concurrency,security}.test.ts",
    ],
    // The same runs for each mutant, or one would be found by chance.
    env: { NODE_ENV: "test", RUNS: "150", SEED: "1" },
  },
});

export default config;
