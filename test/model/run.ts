import fc from "fast-check";
import { checkAlways } from "./invariants.ts";
import { Timeline } from "./timeline.ts";
import { Violation, World, type Setting } from "./world.ts";

// What is loaded when it is first needed: an import takes no turn, and would pass for a promise that never settles.
await Promise.all([
  import("../../src/directory.ts"),
  import("../../src/follow.ts"),
  import("../../src/merge-changes.ts"),
  import("../../src/operations.ts"),
  import("../../src/owners/index.ts"),
  import("../../src/regenerate.ts"),
  import("../../src/reload.ts"),
  import("../../src/rotate.ts"),
  import("../../src/stores/open.ts"),
]);

/** A story whose parts are told in every order. */
export interface Scenario extends Setting {
  /** What it promises, as the title of a test: `I3: …`. */
  readonly promise: string;
  /** Starts the requests, and gives what is to be checked when nothing moves any more. */
  readonly play: (world: World) => Promise<() => void>;
}

/** Plays a scenario in one order; how much happened in the store. @throws {Violation} */
async function playOnce(scenario: Scenario, scheduler: fc.Scheduler, seed: number): Promise<number> {
  const timeline = new Timeline(scheduler);
  const world = new World(timeline, seed, scenario);
  const check = await scenario.play(world);
  if (!(await timeline.finish(world.tasks))) throw new Violation("I22", "every promise settles");
  for (const task of world.tasks) await task;
  world.store.quiet = true;
  check();
  checkAlways(world);
  const [first] = world.violations;
  if (first !== undefined) throw first;
  return world.store.log.length;
}

/** What {@link playOften} found. */
export interface Findings {
  readonly interleavings: number;
  /** How much happened in the store, in all of them. */
  readonly applied: number;
  readonly violation: Error | undefined;
  /** What fast-check says about the failing order. */
  readonly report: string;
}

/**
 * Plays a scenario in as many orders as asked for, or until a promise is broken.
 *
 * The same seed plays the same orders. fast-check's own scheduler is fast enough: about 1,500 interleavings a second.
 */
export async function playOften(scenario: Scenario, seed: number, times: number): Promise<Findings> {
  let applied = 0;
  const property = fc.asyncProperty(fc.scheduler(), fc.noShrink(fc.nat()), async (scheduler, random) => {
    applied += await playOnce(scenario, scheduler, random);
  });
  const found = await fc.check(property, { seed, numRuns: times, endOnFailure: true });
  const violation = found.errorInstance as Error | null;
  if (violation !== null && !(violation instanceof Violation)) throw violation;
  return {
    interleavings: found.numRuns,
    applied,
    violation: violation ?? undefined,
    report: fc.defaultReportMessage(found) ?? "",
  };
}
