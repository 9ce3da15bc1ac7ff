import { html, type Html } from "../html.ts";
import type { Visitor } from "../sessions.ts";
import { COLOURS, TABS, type Tab } from "./data.ts";

/** Milliseconds between load and write: long enough to press in the other tab meanwhile. */
const WAIT = 1500;

const SUGGESTED: Readonly<Record<Tab, string>> = { a: "Steep for three minutes", b: "Warm the cup first" };

/** What is in one tab. */
export function panePage(tab: Tab, { notes = {}, colour = "green", presses = 0 }: Visitor, conflicts: number): Html {
  const wait = html`<input type="hidden" name="wait" value="${WAIT}" />`;
  // Each tab has its own favourite, so that pressing in both at once makes a conflict.
  const favourite = COLOURS[TABS.indexOf(tab) + 1];
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Tab ${tab.toUpperCase()} · unsession playground</title>
        <link rel="stylesheet" href="/theme.css" />
        <link rel="stylesheet" href="/tabs/tabs.css" />
        <script type="module" src="/tabs/tabs.js"></script>
      </head>
      <body class="pane">
        <div id="pane">
          <form method="post" action="/tabs/${tab}/note">
            ${wait}
            <label for="note">Note of this tab</label>
            <div class="field">
              <input id="note" name="note" value="${notes[tab] ?? SUGGESTED[tab]}" maxlength="40" required />
              <button data-press="note">Write</button>
            </div>
          </form>
          <dl>
            ${TABS.map(
              (one) =>
                html`<div>
                  <dt>notes.${one}</dt>
                  <dd>${notes[one] ?? html`<i>nothing yet</i>`}</dd>
                </div>`,
            )}
          </dl>
          <form method="post" action="/tabs/${tab}/colour">
            ${wait}
            <p class="label">Colour of both</p>
            <div class="field">
              <p class="swatch ${colour}">${colour}</p>
              ${COLOURS.map(
                (one) =>
                  html`<button
                    name="colour"
                    value="${one}"
                    class="dot ${one}"
                    aria-label="${one}"
                    ${one === favourite ? html`data-press="colour"` : ""}
                  ></button>`,
              )}
            </div>
            <p class="quiet">${conflictText(conflicts)}</p>
          </form>
          <form method="post" action="/tabs/${tab}/press">
            ${wait}
            <p class="label">Counter of both</p>
            <div class="field">
              <output aria-label="Presses">${presses}</output>
              <button data-press="press">Add one</button>
            </div>
          </form>
        </div>
      </body>
    </html>
  `;
}

function conflictText(conflicts: number): string {
  if (conflicts === 0) return "No conflict so far.";
  return `${conflicts} ${conflicts === 1 ? "conflict" : "conflicts"} reported: the last to commit won.`;
}
