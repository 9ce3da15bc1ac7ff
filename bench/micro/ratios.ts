import { do_not_optimize } from "mitata";
import type { Row, Way } from "./row.ts";

/** Milliseconds in which a way is repeated before the next one has its turn: short, so that all see the same machine. */
const TURN = 4;

/** Medians over rounds of what each way takes, as a multiple of the first one in the same round. */
export async function ratiosOf({ ways }: Row, rounds: number): Promise<Record<string, number>> {
  const entries = Object.entries(ways);
  const repeats = entries.map(([, way]) => repeatsIn(way, TURN));
  const times: number[][] = entries.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < entries.length; turn++) {
      const index = (turn + round) % entries.length;
      const [, way] = entries[index] as [string, Way];
      times[index]?.push(timeOf(way, repeats[index] as number));
    }
    // Libraries that put work off do it here, and not in another's turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [first] = times as [number[]];
  return Object.fromEntries(
    entries.map(([name], index) => [
      name,
      median((times[index] as number[]).map((time, round) => time / (first[round] as number))),
    ]),
  );
}

/** Microseconds of this process, the garbage collector's among them, that a way takes once: what else the machine does is not in it. */
function timeOf(way: Way, repeats: number): number {
  const start = process.cpuUsage();
  for (let run = 0; run < repeats; run++) do_not_optimize(way());
  const { user, system } = process.cpuUsage(start);
  return (user + system) / repeats;
}

/** How often a way runs in some milliseconds, once it is warm. */
function repeatsIn(way: Way, milliseconds: number): number {
  timeOf(way, 100);
  const warm = timeOf(way, Math.ceil(20_000 / timeOf(way, 20)));
  return Math.max(1, Math.round((milliseconds * 1000) / warm));
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] as number;
}
