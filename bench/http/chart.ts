import { kilobytes, short, type Results } from "./report.ts";
import type { Route, Target } from "./targets.ts";

const ROUTES: readonly Route[] = ["read", "write"];

const ROW = 34;
const LABEL = 215;
const PANEL = 260;
const GAP = 56;
const TOP = 64;

/** Longer bars are cut, so that the short ones can be told apart. */
const LONGEST = 8;

/** A bar chart of the processor time of one request, as SVG that follows the reader's colour scheme. */
export function chart(results: Results, size: number): string {
  const shown = results.targets.filter((target) => target.limit === results.targets[0]?.limit);
  const height = TOP + shown.length * ROW + 12;
  const width = LABEL + ROUTES.length * (PANEL + GAP) + 20;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="14">
<title>CPU time of the server for one request, as a multiple of code written by hand; sessions of ${kilobytes(size)}</title>
<style>
text { fill: #1f2328 } .quiet { fill: #59636e } .bar { fill: #afb8c1 } .own { fill: #0a7f5a } .axis { stroke: #d1d9e0 }
@media (prefers-color-scheme: dark) { text { fill: #f0f6fc } .quiet { fill: #9198a1 } .bar { fill: #535c66 } .own { fill: #2fbf8f } .axis { stroke: #3d444d } }
</style>
<text x="0" y="20" class="quiet">CPU time of the server for one request, × code written by hand (${kilobytes(size)}, Redis)</text>
${ROUTES.map((route, column) => panel(results, shown, route, size, LABEL + column * (PANEL + GAP))).join("\n")}
${shown.map((target, row) => `<text x="0" y="${TOP + row * ROW + 18}"${isOwn(target) ? ' font-weight="600"' : ""}>${target.name}</text>`).join("\n")}
</svg>
`;
}

function panel(results: Results, shown: readonly Target[], route: Route, size: number, left: number): string {
  const unit = PANEL / LONGEST;
  const bars = shown.map((target, row) => {
    const { median = 0 } = results.ratio(target, route, size, "cpu") ?? {};
    const y = TOP + row * ROW + 3;
    const isCut = median > LONGEST;
    const length = Math.min(median, LONGEST) * unit;
    const cut = isCut ? ` <path d="M${left + length - 14} ${y + 22} l6 -22 h5 l-6 22 z" fill="Canvas" />` : "";
    return `<rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="21" rx="2" class="${isOwn(target) ? "own" : "bar"}" />${cut}<text x="${(left + length + 6).toFixed(1)}" y="${y + 15}">${short(median)}</text>`;
  });
  return [
    `<text x="${left}" y="48" font-weight="600">${route}</text>`,
    `<line x1="${left + unit}" x2="${left + unit}" y1="${TOP - 4}" y2="${TOP + shown.length * ROW}" class="axis" stroke-dasharray="3 3" />`,
    ...bars,
  ].join("\n");
}

function isOwn({ name }: Target): boolean {
  return name.startsWith("unsession");
}
