import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { SEED, share, TIMEOUT } from "./_runs.ts";

const REQUESTS = share(1_000_000);

/** Bytes that a request may leave behind: an entry of a list that nobody empties would be eight. */
const MOST_BYTES = 1;

type Curve = [served: number, bytes: number][];

it(
  `requests that create, read, write and end sessions leave no memory behind (SEED=${SEED})`,
  async () => {
    const program = fileURLToPath(new URL("_soak.ts", import.meta.url));
    const flags = ["--expose-gc", "--import", "jiti/register", program, String(REQUESTS), String(SEED)];
    const { stdout } = await promisify(execFile)(process.execPath, flags);
    const { curve, resources, sessions } = JSON.parse(stdout) as { curve: Curve; resources: string[]; sessions: number };
    // At first the store fills, and code is compiled.
    const settled = curve.slice(curve.length / 4);
    const slope = slopeOf(settled);
    const [first, last] = [settled.at(0), settled.at(-1)].map((point) => ((point?.[1] ?? 0) / 2 ** 20).toFixed(2));
    console.info(
      `${REQUESTS} requests (SEED=${SEED}): ${slope.toFixed(4)} bytes a request, from ${first} to ${last} MiB, ${sessions} records`,
    );
    expect(curve.length).toBeGreaterThan(90);
    expect(sessions).toBeGreaterThan(100);
    expect(slope).toBeLessThan(MOST_BYTES);
    expect(resources).toEqual([]);
  },
  TIMEOUT,
);

/** Of the line that is nearest to all points, by least squares. */
function slopeOf(points: Curve): number {
  const mean = (at: 0 | 1): number => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const together = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return together / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}
