import fc from "fast-check";
import { describe, it, vi } from "vitest";
import { runSequence } from "./tracking/sequence.ts";

// Hashing takes half of the time, and is not what is looked at.
vi.mock("../../src/token.ts", async (original) => ({
  ...(await original<typeof import("../../src/token.ts")>()),
  hashToken: (token: string) => Promise.resolve([...token].toReversed().join("")),
}));

const LONG = process.env["LONG"] !== undefined;
const RUNS = Number(process.env["RUNS"] ?? (LONG ? 200_000 : 5_000));
const SEED = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);

/** Longer than other tests may take: it is 5 to 10 seconds of work, and a busy machine gives it a fraction of a processor. */
const TIMEOUT = LONG ? 3_600_000 : 180_000;

/** Each list of numbers is one operation: what it does, to what, with what. */
const operations = fc.noBias(fc.array(fc.array(fc.nat(9_999), { maxLength: 50, size: "max" }), { maxLength: 50, size: "max" }));

describe("a session, compared with a plain object", () => {
  it(
    `behaves the same through any sequence of operations (${RUNS} sequences, SEED=${SEED})`,
    async () => {
      // Shrinking stops in time for its result to be told.
      const limits = { interruptAfterTimeLimit: TIMEOUT * 0.8, markInterruptAsFailure: true };
      await fc.assert(fc.asyncProperty(operations, runSequence), { numRuns: RUNS, seed: SEED, ...limits });
    },
    TIMEOUT,
  );
});
