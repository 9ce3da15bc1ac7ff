import { inspect } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { SEED } from "./_runs.ts";

/** Milliseconds that reading one input may take. */
const MOST_MILLISECONDS = 50;

/** A busy machine pauses any input now and then; one that is slow by itself is slow each time. */
const TRIES = 5;

const SHARED = [Object, Array, Function, Map, Set, Date, Error, String, Number, Promise, Uint8Array].map(
  ({ prototype }) => prototype as object,
);

const descriptors = (): unknown[] => SHARED.map((prototype) => Object.getOwnPropertyDescriptors(prototype));
const countKeys = (): number => SHARED.reduce((sum, prototype) => sum + Reflect.ownKeys(prototype).length, 0);

/** What a fuzzer has seen, for its closing line. */
export interface Seen {
  readonly runs: number;
  /** The longest that an input took at each try, in milliseconds. */
  readonly slowest: number;
  /** How much more memory the process held at its worst, in MiB: garbage too. */
  readonly peak: number;
  /** How much more the heap holds after all of it, in MiB. */
  readonly kept: number;
}

/** MiB that all inputs together may leave behind, and that an input may need beside the garbage of others. */
const MOST_KEPT = 32;
const MOST_AT_ONCE = 1024;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function heap(): number {
  collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

const peak = (): number => process.resourceUsage().maxRSS / 1024;

/**
 * Runs a task on many inputs: it must not throw, take long, leave memory behind, or change what all objects share.
 *
 * What fails is told with the seed, the number of the run and the input.
 */
export async function fuzz<I>(runs: number, next: (run: number) => I, task: (input: I) => Promise<void>): Promise<Seen> {
  const [before, keys, held, most] = [descriptors(), countKeys(), heap(), peak()];
  let slowest = 0;
  for (let run = 0; run < runs; run++) {
    const input = next(run);
    try {
      slowest = Math.max(slowest, await timeOf(() => task(input)));
      if (countKeys() !== keys) throw new Error("It changed what all objects share.");
    } catch (cause) {
      throw new Error(`SEED=${SEED}, run ${run}: ${inspect(input, { depth: 9, maxStringLength: Infinity })}`, { cause });
    }
  }
  if (inspect(descriptors(), { depth: 3 }) !== inspect(before, { depth: 3 })) {
    throw new Error(`SEED=${SEED}: something changed what all objects share.`);
  }
  const seen = { runs, slowest, peak: peak() - most, kept: heap() - held };
  if (seen.kept > MOST_KEPT || seen.peak > MOST_AT_ONCE) throw new Error(`SEED=${SEED}: ${inspect(seen)}`);
  return seen;
}

async function timeOf(task: () => Promise<void>): Promise<number> {
  let least = Infinity;
  for (let tries = 0; tries < TRIES; tries++) {
    const started = performance.now();
    await task();
    least = Math.min(least, performance.now() - started);
    if (least < MOST_MILLISECONDS) return least;
  }
  throw new Error(`It took ${least} ms.`);
}

/** One line for the log of a long run. */
export function tell(what: string, { runs, slowest, peak, kept }: Seen, more: Record<string, number> = {}): void {
  const others = Object.entries(more).map(([name, count]) => `, ${count} ${name}`);
  console.info(
    `${runs} ${what} (SEED=${SEED}): slowest ${slowest.toFixed(1)} ms, heap +${kept.toFixed(1)} MiB, ` +
      `peak +${peak.toFixed(0)} MiB${others.join("")}`,
  );
}
