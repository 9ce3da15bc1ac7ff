import { inspect } from "node:util";
import { html, type Html } from "../h3/html.ts";
import { pathText } from "./hooks.ts";

/** A container with more entries than these is closed at first. */
const MOST_OPEN = 8;

/** The data of a session as a tree of its values, each with its type where it does not show by itself. */
export function tree(data: object): Html {
  return html`<ul class="tree">
    ${entriesOf(data)?.map(([step, value]) => node([step], value, [data]))}
  </ul>`;
}

/** A value on one line, cut where it is long. */
export function preview(value: unknown): string {
  return inspect(value, { depth: 3, breakLength: Infinity, maxArrayLength: 12, maxStringLength: 60 });
}

function node(path: readonly unknown[], value: unknown, above: readonly unknown[]): Html {
  const key = path.at(-1);
  const name = html`<span class="key">${typeof key === "string" ? key : preview(key)}</span>`;
  const entries = above.includes(value) ? undefined : entriesOf(value);
  if (entries === undefined) return html`<li>${name} ${leaf(value)}</li>`;
  const type = html`<span class="type">${typeOf(value)} · ${entries.length}</span>`;
  if (isFlat(value, entries))
    return html`<li>${name} <span class="value">${preview([...(value as Iterable<unknown>)])}</span> ${type}</li>`;
  return html`
    <li>
      <details data-key="${pathText(path)}" ${entries.length > MOST_OPEN ? "" : "open"}>
        <summary>${name} ${type}</summary>
        <ul>
          ${entries.map(([step, one]) => node([...path, step], one, [...above, value]))}
        </ul>
      </details>
    </li>
  `;
}

/** A list that reads best on one line. */
function isFlat(value: unknown, entries: readonly [unknown, unknown][]): boolean {
  return (Array.isArray(value) || value instanceof Set) && entries.every(([, one]) => typeof one !== "object" || one === null);
}

function leaf(value: unknown): Html {
  const type = typeOf(value);
  if (value instanceof Date) return html`<span class="value">${preview(value)}</span> <span class="type">${type}</span>`;
  if (value instanceof URL) return html`<span class="value">${value.href}</span> <span class="type">${type}</span>`;
  const isPlain = ["string", "number", "boolean", "null"].includes(type);
  return html`<span class="value ${type}">${preview(value)}</span> ${isPlain ? "" : html`<span class="type">${type}</span>`}`;
}

/** What a container holds, by key or position; `undefined` for what is no container. */
function entriesOf(value: unknown): [unknown, unknown][] | undefined {
  if (value instanceof Map) return [...value];
  if (value instanceof Set) return [...value].map((member, index) => [index, member]);
  if (Array.isArray(value)) return [...value.entries()];
  return typeOf(value) === "Object" ? Object.entries(value as object) : undefined;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return typeof value === "object" ? Object.prototype.toString.call(value).slice(8, -1) : typeof value;
}
