import { OURS, type Row } from "./row.ts";

/** What a row came to: each way as a multiple of the first. */
export interface Measured {
  readonly row: Row;
  readonly ratios: Readonly<Record<string, number>>;
}

/** What was measured beside its targets, and how the others do. */
export function tableOf(measured: readonly Measured[]): string {
  const lines = measured.map(({ row: { name, target, ways }, ratios }) => {
    const [first, ...others] = Object.keys(ways) as [string, ...string[]];
    const ours = ratios[OURS] as number;
    const aim = target === undefined ? "" : `≤ ${target.most} (${target.stretch})`;
    const reached = target === undefined ? "" : ours <= target.stretch ? "stretch" : ours <= target.most ? "yes" : "no";
    const rest = others.filter((way) => way !== OURS).map((way) => `${way} ${rounded(ratios[way] as number)}`);
    return [name, first, rounded(ours), aim, reached, rest.join(", ")];
  });
  const head = ["what", "1.00 is", OURS, "target (stretch)", "reached", "others"];
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function rounded(ratio: number): string {
  return ratio < 10 ? ratio.toFixed(2) : String(Math.round(ratio));
}
