import { expect, it } from "vitest";
import { createSigner, generateToken } from "../../src/token.ts";
import { Random } from "../model/random.ts";
import { SEED, TIMEOUT } from "./_runs.ts";

/** Of both kinds together. */
const SAMPLES = 200_000;

/** Of Student's t, as dudect has it: more is no chance. */
const MOST_T = 4.5;

/** Parts of the samples that are looked at, the quickest first: what a busy machine adds is in the rest (dudect crops as well). */
const CROPS = [0.25, 0.5, 0.75];

type Parts = readonly [token: string, signature: string];

it.each([
  ["a token that never came before", false],
  ["a token whose own signature is remembered", true],
])(
  `a forged signature of %s takes as long to refuse if it is nearly right (SEED=${SEED})`,
  async (_, isRemembered) => {
    const random = new Random(SEED);
    const signer = createSigner(["a secret that is long enough to sign"], "session");
    const values = await Promise.all(Array.from({ length: 1000 }, () => signer.sign(generateToken())));
    if (isRemembered) for (const value of values) await signer.verify(value);
    const parts = values.map((value) => value.split(".") as unknown as Parts);
    const times: [near: number[], far: number[]] = [[], []];
    for (let run = -5000; run < SAMPLES; run++) {
      const [kind, at, other] = [random.below(2) as 0 | 1, random.below(parts.length), random.below(parts.length)];
      const [token] = parts[at] as Parts;
      // Both kinds are made each time, anew and the one that is taken last, with no branch between them: a text is read the quicker the
      // nearer it lies to the last one, and a processor learns what to expect.
      const from = [at, other] as const;
      const make = (index: number): string => Buffer.from(`${token}.${altered((parts[index] as Parts)[1])}`).toString("latin1");
      make(from[1 - kind] as number);
      const input = make(from[kind] as number);
      const started = performance.now();
      const found = await signer.verify(input);
      const taken = performance.now() - started;
      if (found !== undefined) throw new Error("It was verified.");
      // The first are for the compiler.
      if (run >= 0) (times[kind] as number[]).push(taken * 1000);
    }

    const sorted = times.flat().toSorted((a, b) => a - b);
    const results = CROPS.map((part) => {
      const limit = sorted[Math.floor(sorted.length * part) - 1] as number;
      const [near, far] = times.map((all) => describeSample(all.filter((time) => time <= limit))) as [Sample, Sample];
      const error = Math.sqrt(near.variance / near.count + far.variance / far.count);
      return { part, near: near.mean, far: far.mean, t: (near.mean - far.mean) / error };
    });
    const lines = results.map(
      ({ part, near, far, t }) => `${part * 100} %: ${near.toFixed(3)} and ${far.toFixed(3)} µs, t = ${t.toFixed(2)}`,
    );
    console.info(`${SAMPLES} refusals of signatures, nearly right and others (SEED=${SEED}): ${lines.join("; ")}`);
    for (const { t } of results) expect(Math.abs(t)).toBeLessThan(MOST_T);
  },
  TIMEOUT,
);

/** A signature with another last character. */
function altered(signature: string): string {
  return signature.slice(0, -1) + (signature.endsWith("A") ? "E" : "A");
}

interface Sample {
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
}

function describeSample(values: readonly number[]): Sample {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { count: values.length, mean, variance };
}
