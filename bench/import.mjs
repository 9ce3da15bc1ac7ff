// How long `unsession` and `unsession/h3`, as built, take to import, with the h3 they need, against h3 alone. Fails over the target.
import { spawnSync } from "node:child_process";

/** Times the time of h3 alone. */
const TARGET = 1.5;
const PAIRS = 31;

const H3 = `import("h3")`;
const OURS = `import("unsession"), import("unsession/h3")`;

/** Milliseconds in a process of its own, without its start. */
function timeOf(imports) {
  const script = `const start = performance.now(); await Promise.all([${imports}]); console.log(performance.now() - start);`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return Number(stdout);
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

// The first ones warm the file cache.
timeOf(H3);
timeOf(OURS);
const pairs = Array.from({ length: PAIRS }, (_, index) => {
  if (index % 2 === 0) return { h3: timeOf(H3), ours: timeOf(OURS) };
  const ours = timeOf(OURS);
  return { h3: timeOf(H3), ours };
});
const ratio = median(pairs.map(({ h3, ours }) => ours / h3));
console.log(`h3: ${median(pairs.map(({ h3 }) => h3)).toFixed(1)} ms`);
console.log(`unsession and unsession/h3, with h3: ${median(pairs.map(({ ours }) => ours)).toFixed(1)} ms`);
console.log(`ratio: ${ratio.toFixed(2)}, target ${TARGET} (median of ${PAIRS} pairs, each import in a process of its own)`);
process.exitCode = ratio > TARGET ? 1 : 0;
