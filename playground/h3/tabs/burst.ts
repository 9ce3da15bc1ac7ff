import { html, type Html } from "../html.ts";
import type { Burst, Run } from "./data.ts";

export const BURST_SIZE = 20;

const WIDTH = 800;
const ROW = 13;
const BAR = 6;

/** What became of the requests that were sent at once: what the session says, and how they overlapped. */
export function burstResult(burst: Burst | undefined, conflicts: number): Html {
  if (burst === undefined || burst.runs.length === 0) {
    return html`<p class="empty">Nothing sent yet.</p>`;
  }
  const { count, log, members, last, runs } = burst;
  return html`
    <dl class="tally">
      ${[
        tally("Counter", `${count} of ${runs.length}`, 'session.$increment(["burst", "count"])'),
        tally("Pushes to an array", `${log.length} of ${runs.length}`, "burst.log.push(n)"),
        tally("Members of a Set", `${members.size} of ${runs.length}`, "burst.members.add(n)"),
        tally("The same place", `No. ${last} won`, "burst.last = n", `${conflicts} conflicts reported`),
      ]}
    </dl>
    ${timeline(runs)}
  `;
}

function tally(name: string, result: string, code: string, note = ""): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${result} <small>${note}</small></dd>
    <dd><code>${code}</code></dd>
  </div>`;
}

/** A bar for each request, from its load to its write, in the order of the writes. */
function timeline(runs: readonly Run[]): Html {
  const begin = Math.min(...runs.map(({ loaded }) => loaded.getTime()));
  const end = Math.max(...runs.map(({ wrote }) => wrote.getTime()));
  const x = (date: Date): number => 4 + ((date.getTime() - begin) / Math.max(1, end - begin)) * (WIDTH - 8);
  const ordered = runs.toSorted((one, other) => one.wrote.getTime() - other.wrote.getTime());
  const bars = ordered.map(({ n, loaded, wrote }, row) => {
    const y = row * ROW + ROW / 2;
    return html`
      <g class="${row === ordered.length - 1 ? "last" : ""}">
        <title>Request ${n}: loaded, and wrote ${wrote.getTime() - loaded.getTime()} ms later</title>
        <rect x="${x(loaded)}" y="${y - BAR / 2}" width="${x(wrote) - x(loaded)}" height="${BAR}" rx="${BAR / 2}" />
        <circle cx="${x(wrote)}" cy="${y}" r="${BAR / 2}" />
      </g>
    `;
  });
  return html`
    <figure>
      <svg viewBox="0 0 ${WIDTH} ${ordered.length * ROW}" role="img" aria-label="${runs.length} requests that overlap">
        ${bars}
      </svg>
      <figcaption><span>A bar is a request, from its load to its write</span> <span>${end - begin} ms</span></figcaption>
    </figure>
  `;
}
