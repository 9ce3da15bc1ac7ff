import type { HTTPResponse } from "h3";
import { accountCard, cartCard, counterCard, visitsCard } from "./cards.ts";
import { html, toResponse } from "./html.ts";
import type { Visitor } from "./sessions.ts";

/** What the page shows beside the session: what only this request knows. */
export interface View {
  readonly lastVisit: Date | undefined;
  readonly notice: string | undefined;
}

/** The page, made of the session alone. Each button on it belongs to a form that posts, and works without JavaScript. */
export function page(session: Visitor, { lastVisit, notice }: View): HTTPResponse {
  return toResponse(html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>unsession playground</title>
        <link rel="icon" href="/icon.svg" />
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <header>
          <p class="brand"><img src="/icon.svg" alt="" width="28" height="28" /> unsession</p>
          <p>${session.user ? html`Logged in as <strong>${session.user.name}</strong>` : "Not logged in"}</p>
        </header>
        ${notice && html`<p class="notice" role="status">${notice}</p>`}
        <main>
          <hgroup>
            <h1>One visitor, one object.</h1>
            <p>
              All that this page knows of you is a session: a plain object on the server, saved before the answer leaves. Change
              something, reload, open a second tab.
            </p>
          </hgroup>
          ${[counterCard(session), accountCard(session), cartCard(session), visitsCard(session, lastVisit)]}
        </main>
        <footer>
          <p>No scripts, no database. Sessions are kept in memory, until the server stops.</p>
        </footer>
      </body>
    </html>
  `);
}
