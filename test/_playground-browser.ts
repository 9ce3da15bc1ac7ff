import type { H3 } from "h3";
import { expect } from "vitest";
import { app as playground } from "../playground/h3/app.ts";

export const ORIGIN = "http://localhost:3000";

/** A browser without JavaScript: keeps a cookie, presses buttons, follows redirects. */
export class Browser {
  cookie: string | undefined;
  /** The `Set-Cookie` headers of the last press or visit, redirects included. */
  received: string[] = [];
  html = "";
  readonly #app: H3;

  constructor(app: H3 = playground) {
    this.#app = app;
  }

  get token(): string {
    return this.cookie?.split("=")[1] ?? "";
  }

  get count(): number {
    return Number(this.find(/aria-label="Count">(\d+)</));
  }

  get notice(): string | undefined {
    return this.find(/role="status">([^<]*)</);
  }

  get user(): string | undefined {
    return this.find(/Logged in as <strong>([^<]*)</);
  }

  /** The lines of the cart, as `Sencha × 2`. */
  get cart(): string[] {
    const lines = /<tbody>([\s\S]*?)<\/tbody>/.exec(this.html)?.[1] ?? "";
    return [...lines.matchAll(/<th scope="row">([^<]*)<[\s\S]*?<output[^>]*>(\d+)</g)].map(([, name, n]) => `${name} × ${n}`);
  }

  find(pattern: RegExp): string | undefined {
    return pattern.exec(this.html)?.[1];
  }

  async send(path: string, init: RequestInit = {}): Promise<Response> {
    const request = new Request(new URL(path, ORIGIN), init);
    if (this.cookie !== undefined) request.headers.set("cookie", this.cookie);
    const response = await this.#app.fetch(request);
    for (const header of response.headers.getSetCookie()) {
      this.received.push(header);
      this.cookie = /; Max-Age=0\b/.test(header) ? undefined : header.split(";")[0];
    }
    return response;
  }

  /** What a form sends, its redirect not followed. */
  submit(path: string, fields: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<Response> {
    return this.send(path, { method: "POST", body: new URLSearchParams(fields), headers });
  }

  async visit(path = "/"): Promise<this> {
    this.received = [];
    return this.#show(await this.send(path));
  }

  /** Sends the form of the button on the page that has this name, with the fields filled in. */
  async press(name: string, fields: Record<string, string> = {}): Promise<this> {
    for (const [, action = "", form = ""] of this.html.matchAll(
      /<form method="post" action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/g,
    )) {
      for (const [, attributes = "", label = ""] of form.matchAll(/<button([^>]*)>([^<]*)<\/button>/g)) {
        const attribute = (key: string): string | undefined => new RegExp(`\\b${key}="([^"]*)"`).exec(attributes)?.[1];
        if ((attribute("aria-label") ?? label) !== name) continue;
        for (const field of Object.keys(fields)) expect(form).toContain(`name="${field}"`);
        const own = attribute("name");
        const sent = own === undefined ? fields : { ...fields, [own]: attribute("value") ?? "" };
        this.received = [];
        const response = await this.submit(action, sent, { origin: ORIGIN, "sec-fetch-site": "same-origin" });
        expect(response.status).toBe(303);
        const location = response.headers.get("location") ?? "";
        expect(location).toMatch(/^\/(?:tabs(?:\/\w)?)?(?:#\w+)?$/);
        return this.#show(await this.send(location));
      }
    }
    throw new Error(`The page has no button "${name}"`);
  }

  async #show(response: Response): Promise<this> {
    expect(response.status).toBe(200);
    this.html = await response.text();
    return this;
  }
}

/** A browser that has opened the page. */
export function open(app?: H3): Promise<Browser> {
  return new Browser(app).visit();
}
