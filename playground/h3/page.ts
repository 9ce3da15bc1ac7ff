import type { HTTPResponse } from "h3";
import type { OwnedSession } from "unsession";
import { accountCard, cartCard, counterCard, devicesCard, visitsCard } from "./cards.ts";
import { html, toResponse } from "./html.ts";
import { layout } from "./layout.ts";
import { sessions, type Visitor } from "./sessions.ts";

/** What the page shows beside the session: what only this request knows. */
export interface View {
  readonly lastVisit: Date | undefined;
  readonly notice: string | undefined;
  readonly devices: readonly OwnedSession[];
}

/** The page, made of the session alone. Each button on it belongs to a form that posts, and works without JavaScript. */
export function page(session: Visitor, { lastVisit, notice, devices }: View): HTTPResponse {
  const { store = "memory", class: kind = "A" } = sessions.capabilities ?? {};
  const footer = html`<p>No scripts on this page. Sessions are kept in ${store}, a store of class ${kind}.</p>`;
  const content = html`
    ${notice && html`<p class="notice" role="status">${notice}</p>`}
    <main>
      <hgroup>
        <h1>One visitor, one object.</h1>
        <p>
          All that this page knows of you is a session: a plain object on the server, saved before the answer leaves. Change
          something, reload, open a second tab.
        </p>
      </hgroup>
      ${[counterCard(session), accountCard(session), session.user && devicesCard(session, devices), cartCard(session), visitsCard(session, lastVisit)]}
    </main>
  `;
  return toResponse(layout({ path: "/", session, head: html``, footer }, content));
}
