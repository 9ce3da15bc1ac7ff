import { html, type Html } from "./html.ts";
import type { Visitor } from "./sessions.ts";

/** What goes around a page. */
interface Frame {
  readonly path: "/" | "/tabs";
  readonly session: Visitor;
  /** What only this page needs. */
  readonly head: Html;
  readonly footer: Html;
}

/** The head of a page, and what is above and below its content. In development the inspector is beside it. */
export function layout({ path, session, head, footer }: Frame, content: Html): Html {
  const link = (to: string, name: string): Html =>
    html`<a href="${to}" ${to === path ? html`aria-current="page"` : ""}>${name}</a>`;
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>unsession playground</title>
        <link rel="icon" href="/icon.svg" />
        <link rel="stylesheet" href="/theme.css" />
        <link rel="stylesheet" href="/style.css" />
        ${head}
      </head>
      <body>
        <header>
          <p class="brand"><img src="/icon.svg" alt="" width="28" height="28" /> unsession</p>
          <nav aria-label="Pages">${link("/", "One visitor")} ${link("/tabs", "Two tabs")}</nav>
          <p class="who">${session.user ? html`Logged in as <strong>${session.user.name}</strong>` : "Not logged in"}</p>
        </header>
        ${content}
        <footer>${footer}</footer>
        ${process.env["NODE_ENV"] === "production" ? "" : inspector}
      </body>
    </html>
  `;
}

const inspector = html`
  <aside class="inspector">
    <iframe src="/_inspector" title="Inspector: what is in this session, and what each request did"></iframe>
  </aside>
`;
