import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { playOften } from "../model/run.ts";
import { scenarios } from "../model/scenarios/index.ts";
import { increments } from "../model/scenarios/writers.ts";
import { checks } from "../model/world.ts";

// The hash of tokens works on a thread pool, whose order no scheduler could decide and no seed repeat: here it answers at once.
vi.mock("../../src/token.ts", async (original) => (await import("../model/protections.ts")).fastTokens(await original()));

const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
const isLong = process.env["LONG"] !== undefined;
const total = Number(process.env["INTERLEAVINGS"] ?? (isLong ? 1_000_000 : 2_000));
const each = Math.ceil(total / scenarios.length);
const prototypes = (): string =>
  JSON.stringify([Object, Array, Map, Set].map(({ prototype }) => Reflect.ownKeys(prototype).map(String)));

/** The real library, as one process or several, on a store whose answers come in any order, late or never. */
describe(`the commit protocol, ${each} interleavings of each scenario with seed ${seed}`, () => {
  const before = prototypes();
  const unheard: unknown[] = [];
  const hear = (reason: unknown): void => void unheard.push(reason);
  let played = 0;
  let violations = 0;
  let time = 0;

  beforeAll(() => void process.on("unhandledRejection", hear));
  afterAll(() => {
    process.off("unhandledRejection", hear);
    const rate = Math.round((played / time) * 1000);
    console.log(
      `${played} interleavings of ${scenarios.length} scenarios, seed ${seed}, violations=${violations}, ${rate} a second`,
    );
    if (isLong) console.log([...checks].map(([invariant, count]) => `${invariant}: ${count} checks`).join(", "));
  });

  for (const scenario of scenarios) {
    it(scenario.promise, async () => {
      const began = performance.now();
      const { interleavings, violation, report } = await playOften(scenario, seed, each);
      time += performance.now() - began;
      played += interleavings;
      if (violation === undefined) return;
      violations++;
      throw new Error(`Repeat it with SEED=${seed}. ${report}`, { cause: violation });
    });
  }

  it("I14: no prototype has changed", () => {
    expect(prototypes()).toBe(before);
  });

  it("I16: nothing was rejected unheard", () => {
    expect(unheard).toEqual([]);
  });

  it("looks at every invariant that one process reaches", () => {
    const numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 16, 18, 19, 20, 21];
    const reached = ["touch", "cookie", "gone", "owner", ...numbers.map((number) => `I${number}`)];
    expect(reached.filter((invariant) => !checks.has(invariant as never))).toEqual([]);
  });

  it("plays the same orders again when it is given the same seed", async () => {
    const first = await playOften(increments, seed, 20);
    const second = await playOften(increments, seed, 20);
    expect(second).toEqual(first);
  });
});
