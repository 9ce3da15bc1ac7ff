/**
 * Mutation testing of the files whose every line keeps somebody out or keeps what somebody wrote.
 *
 * One file alone: `npm run test:mutation -- --mutate src/token.ts`.
 *
 * @type {import("@stryker-mutator/api/core").PartialStrykerOptions}
 */
export default {
  mutate: ["src/token.ts", "src/cookie.ts", "src/record.ts", "src/merge.ts"],
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner"],
  vitest: { configFile: "vitest.mutation.config.ts" },
  concurrency: 2,
  // A mutant that goes round for ever, on a machine that does other things too.
  timeoutMS: 20_000,
  reporters: ["clear-text", "progress-append-only"],
  clearTextReporter: { logTests: false, reportTests: false },
  cleanTempDir: "always",
  // It would be rewritten by TypeScript's programming interface, which version 7 has not; vitest needs neither it nor types.
  tsconfigFile: "none",
  disableTypeChecks: false,
};
