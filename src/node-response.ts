import type { ServerResponse } from "node:http";
import type { CommitResponse } from "./commit.ts";

/** What a held response asks before it lets anything out. */
export interface Gate {
  /** Commits the sessions of the request; gives the cookies to send. */
  commit(response: CommitResponse): Promise<string[]>;
  /** The response to a commit that failed; `undefined` if that is answered elsewhere. The headers that were set are gone. */
  fail(error: unknown): Promise<Response | undefined>;
  /** Hears of each call that has to wait. */
  queued?(method: HeldMethod): void;
}

/** The headers that a commit may change, besides `Set-Cookie`. */
export const CACHE_HEADERS = ["vary", "cache-control"] as const;

const METHODS = ["writeHead", "flushHeaders", "write", "end"] as const;
export type HeldMethod = (typeof METHODS)[number];
type Call = readonly [method: HeldMethod, args: unknown[]];

/** A node response whose first byte waits: calls that would send something are queued, and made once the session is committed. */
export class HeldResponse {
  readonly response: ServerResponse;
  isHeld = false;
  #isWatched = false;
  readonly #gate: Gate;
  readonly #calls: Call[] = [];
  #letGo: Promise<void> | undefined;

  constructor(response: ServerResponse, gate: Gate) {
    this.response = response;
    this.#gate = gate;
  }

  get isWaiting(): boolean {
    return this.#calls.length > 0;
  }

  /** On its way, or past that. */
  get isGone(): boolean {
    return this.#letGo !== undefined || this.response.headersSent || this.response.writableEnded;
  }

  hold(): ServerResponse {
    if (this.isHeld || this.isGone) return this.response;
    this.isHeld = true;
    if (!this.#isWatched) for (const method of METHODS) this.#watch(method);
    this.#isWatched = true;
    return this.response;
  }

  restore(): void {
    this.isHeld = false;
  }

  /** For good: to take a method off again makes V8 treat the response as a dictionary from then on. */
  #watch(method: HeldMethod): void {
    const { response } = this;
    const original = response[method] as (...args: unknown[]) => unknown;
    (response as unknown as Record<HeldMethod, typeof original>)[method] = (...args) =>
      this.isHeld ? this.#queue([method, args]) : original.apply(response, args);
  }

  /** Commits, adds the cookies, and makes the calls that waited. */
  letGo(): Promise<void> {
    this.#letGo ??= this.#run();
    return this.#letGo;
  }

  #queue(call: Call): unknown {
    this.#calls.push(call);
    const [method] = call;
    this.#gate.queued?.(method);
    // A head alone may wait for its body; anything else is on its way out.
    if (method !== "writeHead") void this.letGo();
    // False tells a stream to wait for `drain`.
    return method === "write" ? false : this.response;
  }

  async #run(): Promise<void> {
    const { response } = this;
    if (response.headersSent) return;
    for (const [method, args] of this.#calls) if (method === "writeHead") applyHead(response, args);
    const headers = new Headers();
    for (const name of CACHE_HEADERS) {
      const value = response.getHeader(name);
      if (value !== undefined) headers.set(name, String(value));
    }
    try {
      const cookies = await this.#gate.commit({ status: response.statusCode, headers });
      for (const [name, value] of headers) response.setHeader(name, value);
      for (const cookie of cookies) response.appendHeader("set-cookie", cookie);
    } catch (error) {
      await this.#refuse(error);
      this.#calls.length = 0;
    }
    this.restore();
    for (const [method, args] of this.#calls) {
      if (method !== "writeHead") (response[method] as (...args: unknown[]) => unknown)(...args);
    }
    response.emit("drain");
  }

  /** Sends the error in place of what the handler wrote. */
  async #refuse(error: unknown): Promise<void> {
    const { response } = this;
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    const refusal = await this.#gate.fail(error);
    const body = await refusal?.text();
    this.restore();
    if (refusal === undefined) return;
    response.statusCode = refusal.status;
    for (const [name, value] of refusal.headers) response.appendHeader(name, value);
    response.end(body);
  }
}

/** Takes the arguments of `writeHead` to the response itself, where the cookie can be added to the headers. */
function applyHead(response: ServerResponse, [status, ...rest]: unknown[]): void {
  response.statusCode = status as number;
  const [message] = rest;
  if (typeof message === "string") response.statusMessage = message;
  const headers = rest.at(-1);
  if (typeof headers !== "object" || headers === null) return;
  const pairs = Array.isArray(headers) ? pairsOf(headers) : Object.entries(headers);
  // `writeHead` replaces what was set before, and keeps names it is given twice.
  for (const [name] of pairs) response.removeHeader(String(name));
  for (const [name, value] of pairs) {
    if (value !== undefined) response.appendHeader(String(name), Array.isArray(value) ? value.map(String) : String(value));
  }
}

/** Node takes header arrays flat, `[name, value, …]`, and as pairs. */
function pairsOf(headers: readonly unknown[]): [unknown, unknown][] {
  if (Array.isArray(headers[0])) return headers as [unknown, unknown][];
  const pairs: [unknown, unknown][] = [];
  for (let index = 0; index < headers.length; index += 2) pairs.push([headers[index], headers[index + 1]]);
  return pairs;
}
