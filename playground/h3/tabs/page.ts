import { html, type Html } from "../html.ts";
import { layout } from "../layout.ts";
import type { Visitor } from "../sessions.ts";
import { BURST_SIZE, burstResult } from "./burst.ts";
import { TABS, type Tab } from "./data.ts";

const head = html`
  <link rel="stylesheet" href="/tabs/tabs.css" />
  <script type="module" src="/tabs/tabs.js"></script>
`;

const footer = html`<p>Works without scripts too: press in one tab and then, while it waits, in the other.</p>`;

export function tabsPage(session: Visitor, conflicts: number): Html {
  const content = html`
    <main>
      <hgroup>
        <h1>Two tabs, one session.</h1>
        <p>
          Each request here loads the session, waits, and only then writes: by then it has not seen what the other wrote.
          Different places are all kept. The same place is last come, last kept, and always reported.
        </p>
      </hgroup>
      <section id="tabs" aria-labelledby="tabs-title">
        <div class="row">
          <h2 id="tabs-title">Side by side</h2>
          <p class="together" hidden>
            <span class="quiet">Press in both at once:</span>
            <button data-together="note">Different places</button>
            <button data-together="colour">The same place</button>
            <button data-together="press">A counter</button>
          </p>
        </div>
        <div class="windows">${TABS.map(window)}</div>
      </section>
      <section id="burst" aria-labelledby="burst-title">
        <div class="row">
          <h2 id="burst-title">All at once</h2>
          <form method="post" action="/tabs/burst" data-size="${BURST_SIZE}">
            <button class="main">Send ${BURST_SIZE} requests</button>
          </form>
        </div>
        <div class="result">${burstResult(session.burst, conflicts)}</div>
      </section>
    </main>
  `;
  return layout({ path: "/tabs", session, head, footer }, content);
}

function window(tab: Tab): Html {
  const name = `Tab ${tab.toUpperCase()}`;
  return html`
    <div class="window">
      <p><b>${name}</b> <span>/tabs/${tab}</span></p>
      <iframe src="/tabs/${tab}" title="${name}"></iframe>
    </div>
  `;
}
