import fc from "fast-check";
import { Entropy } from "../tracking/entropy.ts";

const LONG = process.env["LONG"] !== undefined;
const RUNS = Number(process.env["RUNS"] ?? (LONG ? 50_000 : 2_000));

export const SEED: number = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);

/** Long runs take longer than a test may. */
export const TIMEOUT: number = LONG ? 3_600_000 : 60_000;

/** How many of all runs a property with this share gets. */
export const share = (part: number): number => Math.ceil(RUNS * part);

/** Checks a property of something that is chosen at random. */
export function check(part: number, property: (entropy: Entropy) => Promise<void>): () => Promise<void> {
  const numbers = fc.noBias(fc.array(fc.nat(9_999), { maxLength: 150, size: "max" }));
  const asserted = fc.asyncProperty(numbers, (drawn) => property(new Entropy(drawn)));
  // Shrinking stops in time for its result to be told.
  const limits = { interruptAfterTimeLimit: TIMEOUT * 0.8, markInterruptAsFailure: true };
  return () => fc.assert(asserted, { numRuns: share(part), seed: SEED, ...limits });
}
