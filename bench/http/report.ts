import type { Run } from "./measure.ts";
import type { Route, Target } from "./targets.ts";

/** The runs of one server on one route, in the order of the rounds. */
export interface Series {
  readonly target: Target;
  readonly route: Route;
  readonly size: number;
  readonly runs: Run[];
  commands: string;
}

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Below this the server waited for the processor, and ratios flatter whoever is slow. */
const BUSY = 0.9;

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2;
  return { median, least: sorted[0] as number, most: sorted.at(-1) as number };
}

/** All that was measured. */
export class Results {
  readonly #all: readonly Series[];

  constructor(all: readonly Series[]) {
    this.#all = all.filter(({ runs }) => runs.length > 0);
  }

  get sizes(): number[] {
    return [...new Set(this.#all.map(({ size }) => size))];
  }

  get routes(): Route[] {
    return [...new Set(this.#all.map(({ route }) => route))];
  }

  get targets(): Target[] {
    return [...new Set(this.#all.map(({ target }) => target))];
  }

  find(target: string, route: Route, size: number): Series | undefined {
    return this.#all.find((one) => one.target.name === target && one.route === route && one.size === size);
  }

  /** How a figure of a server stands to that of what is written by hand, round by round. */
  ratio(target: Target, route: Route, size: number, of: "cpu" | "perSecond"): Spread | undefined {
    const own = this.find(target.name, route, size);
    const limit = this.find(target.limit, route, size);
    if (own === undefined || limit === undefined) return undefined;
    return spread(own.runs.map((run, round) => run[of] / (limit.runs[round] as Run)[of]));
  }

  /** Runs in which something else used the processor. */
  get disturbed(): { readonly runs: number; readonly of: number } {
    const loads = this.#all.flatMap(({ runs }) => runs.map(({ load }) => load));
    return { runs: loads.filter((load) => load < BUSY).length, of: loads.length };
  }
}

/** The tables, in Markdown. */
export function report(results: Results): string {
  const parts = results.sizes.map(
    (size) =>
      `CPU time of the server for one request, as a multiple of what is written by hand, with sessions of ${kilobytes(size)}: median (least–most) of the rounds.\n\n${ratios(results, size)}`,
  );
  const [size] = results.sizes as [number];
  parts.push(
    `In the same runs, at ${kilobytes(size)}: milliseconds of CPU for 1,000 requests, requests per second, the median wait with 32 connections, and what one request asks of Redis.\n\n${absolutes(results, size)}`,
  );
  return parts.join("\n\n");
}

function ratios(results: Results, size: number): string {
  const rows = results.targets.map((target) => [
    target.name,
    ...results.routes.map((route) => {
      const ratio = results.ratio(target, route, size, "cpu");
      if (ratio === undefined) return "–";
      return target.name === target.limit ? "1" : `**${short(ratio.median)}** (${short(ratio.least)}–${short(ratio.most)})`;
    }),
  ]);
  return markdown(["", ...results.routes], rows);
}

function absolutes(results: Results, size: number): string {
  const rows = results.targets.map((target) => [
    target.name,
    ...results.routes.map((route) => {
      const found = results.find(target.name, route, size);
      if (found === undefined) return "–";
      const median = (of: "cpu" | "perSecond" | "p50"): string => short(spread(found.runs.map((run) => run[of])).median);
      return `${median("cpu")} ms, ${median("perSecond")}/s, ${median("p50")} ms, ${found.commands}`;
    }),
  ]);
  return markdown(["", ...results.routes], rows);
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

export function kilobytes(size: number): string {
  return `${size / 1000} KB`;
}

/** Three digits that count. */
export function short(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
