import { html as respond, raw, type HTTPResponse } from "h3";

/** Markup that is safe to put into a page. */
export type Html = ReturnType<typeof raw>;

/** Makes a piece of a page. What is put in is escaped, unless it is such a piece, or a list of them. */
export function html(strings: TemplateStringsArray, ...values: unknown[]): Html {
  const parts = values.map((value) => (Array.isArray(value) ? raw(value.map((one) => html`${one}`.value).join("")) : value));
  return raw(respond(strings, ...parts).body as string);
}

/** The response that shows a page. */
export function toResponse(page: Html): HTTPResponse {
  return respond(page);
}
