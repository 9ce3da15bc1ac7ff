import type { Session, SessionCapabilities, SessionChange } from "unsession";
import { html, type Html } from "../h3/html.ts";
import { pathText } from "./hooks.ts";
import type { RequestRecord } from "./record.ts";
import { preview, tree } from "./tree.ts";

/** What the panel shows. */
export interface PanelView {
  readonly session: Session;
  readonly requests: readonly RequestRecord[];
  readonly capabilities: SessionCapabilities | undefined;
  /** Both in milliseconds; `undefined` for none. */
  readonly idleTimeout: number | undefined;
  readonly absoluteTimeout: number | undefined;
  readonly now: Date;
}

/** The inspector's page, which is whole without its script: that only counts down, and shows each new request by itself. */
export function document(content: Html, version: string): Html {
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Inspector · unsession playground</title>
        <link rel="icon" href="/icon.svg" />
        <link rel="stylesheet" href="/theme.css" />
        <link rel="stylesheet" href="/_inspector/panel.css" />
        <script type="module" src="/_inspector/panel.js"></script>
      </head>
      <body>
        <header>
          <h1>Inspector</h1>
          <noscript><a href="/_inspector">Refresh</a></noscript>
          <a class="alone" href="/_inspector" target="_top">Open alone</a>
        </header>
        <main data-version="${version}">${content}</main>
      </body>
    </html>
  `;
}

/** All that changes from one request to the next. */
export function panel(view: PanelView): Html {
  const { session, requests, capabilities } = view;
  const store = capabilities && html`<p class="store">${capabilities.store} <b>class ${capabilities.class}</b></p>`;
  if (session.$id === undefined) {
    return html`${store}
      <p class="empty">No session yet: this browser has sent no cookie that belongs to one.</p>`;
  }
  return html`
    ${store}
    <section class="session" aria-label="Session">
      <dl>
        <div class="id">
          <dt>Session id</dt>
          <dd title="SHA-256 of the token: safe to log">${session.$id}</dd>
        </div>
        ${[idleDeadline(view), absoluteDeadline(view)]}
      </dl>
    </section>
    <section class="data" aria-labelledby="data-title">
      <h2 id="data-title">Data</h2>
      ${Object.keys(session).length > 0 ? tree(session.$snapshot()) : html`<p class="empty">Empty.</p>`}
    </section>
    <section class="requests" aria-labelledby="requests-title">
      <h2 id="requests-title">Requests <small>newest first</small></h2>
      <ol>
        ${folded(requests).map((group) => (group[0]?.usedSession ? group.map(request) : unused(group)))}
      </ol>
    </section>
  `;
}

/** Requests that did not use the session, one after another, are one group. */
function folded(requests: readonly RequestRecord[]): RequestRecord[][] {
  const groups: RequestRecord[][] = [];
  for (const record of requests) {
    const group = groups.at(-1);
    if (group?.[0]?.usedSession === record.usedSession) group.push(record);
    else groups.push([record]);
  }
  return groups;
}

function idleDeadline({ session, idleTimeout, now }: PanelView): Html {
  return deadline("Idle", session.$expiresAt, idleTimeout, now);
}

function absoluteDeadline({ session, absoluteTimeout, now }: PanelView): Html {
  const end = absoluteTimeout === undefined ? null : new Date(session.$createdAt.getTime() + absoluteTimeout);
  return deadline("Absolute", end, absoluteTimeout, now);
}

function deadline(name: string, end: Date | null, whole: number | undefined, now: Date): Html {
  if (end === null || whole === undefined)
    return html`<div>
      <dt>${name}</dt>
      <dd>never</dd>
    </div>`;
  const left = Math.max(0, end.getTime() - now.getTime());
  return html`
    <div>
      <dt>${name}</dt>
      <dd><time datetime="${end.toISOString()}" title="${end.toISOString()}">${duration(left)}</time></dd>
      <progress max="${whole}" value="${left}" aria-label="${name}: time left"></progress>
    </div>
  `;
}

/** Milliseconds as `13d 23:59:48`; `panel.js` counts on in the same form. */
function duration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const clock = [seconds / 3600, seconds / 60, seconds].map((part, index) =>
    String(Math.floor(part) % (index === 0 ? 24 : 60)).padStart(2, "0"),
  );
  return `${Math.floor(seconds / 86_400)}d ${clock.join(":")}`;
}

function request(record: RequestRecord): Html {
  const { method, path, status, duration: took, changes, hooks, cookies, at } = record;
  return html`
    <li>
      <p class="head" title="${at.toISOString()}">
        <b>${method}</b> <span class="path">${path}</span>
        <span class="${status < 400 ? "status" : "status failed"}">${status}</span>
        <span class="took">${took.toFixed(1)} ms</span>
      </p>
      <p class="cost">${cost([record])} <span>${hooks.join(", ")}</span></p>
      ${
        changes.length > 0
          ? html`<ul class="changes" aria-label="Changes">
              ${changes.map(change)}
            </ul>`
          : ""
      }
      ${cookies.map((cookie) => html`<p class="cookie"><b>Set-Cookie</b> ${cookie}</p>`)}
    </li>
  `;
}

function unused(records: readonly RequestRecord[]): Html {
  return html`
    <li class="unused">
      <p class="cost">${cost(records)} <span>session not used</span></p>
      <p class="path">${records.map(({ method, path }) => `${method} ${path}`).join(", ")}</p>
    </li>
  `;
}

/** What the store was asked, in its order. */
function cost(records: readonly RequestRecord[]): Html {
  const calls = records.flatMap((record) => record.calls);
  const count = (kind: string): number => calls.filter((call) => call.kind === kind).length;
  return html`
    <strong>${plural(count("read"), "read")} · ${plural(count("write"), "write")}</strong>
    ${calls.map(({ verb, kind }) => html`<code class="${kind}">${verb}</code>`)}
  `;
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function change({ op, path, value }: SessionChange): Html {
  const by = op === "increment" && typeof value === "number" && value >= 0 ? `+${value}` : preview(value);
  return html`
    <li>
      <span class="op ${op}">${op}</span>
      <span>${pathText(path)}${value === undefined ? "" : html` <span class="value">${by}</span>`}</span>
    </li>
  `;
}
