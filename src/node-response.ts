import type { ServerResponse } from "node:http";
import type { CommitResponse } from "./commit.ts";

/** What a held response asks before it lets anything out. */
export interface Gate {
  /** Commits the sessions of the request; gives the cookies to send. */
  commit(response: CommitResponse): Promise<string[]>;
  /** The response to a commit that failed; of one that is `answered` by someone else, only the headers matter. */
  fail(error: unknown, answered: boolean): Promise<Response>;
  /** Where someone else can answer: is given the error, once those headers are set, if nothing more is to be written. */
  readonly answer?: ((error: unknown) => void) | undefined;
}

/** The headers that a commit may change, besides `Set-Cookie`. */
export const CACHE_HEADERS = ["vary", "cache-control"] as const;

const METHODS = ["writeHead", "flushHeaders", "write", "end"] as const;
type Call = readonly [method: (typeof METHODS)[number], args: unknown[]];

/** A node response whose first byte waits: calls that would send something are queued, and made once the session is committed. */
export class HeldResponse {
  readonly response: ServerResponse;
  readonly #gate: Gate;
  readonly #calls: Call[] = [];
  /** What the response itself had under the names that are held; most are its prototype's. */
  #own: (readonly [name: string, own: PropertyDescriptor | undefined])[] | undefined;
  #letGo: Promise<void> | undefined;

  constructor(response: ServerResponse, gate: Gate) {
    this.response = response;
    this.#gate = gate;
  }

  get isHeld(): boolean {
    return this.#own !== undefined;
  }

  get isWaiting(): boolean {
    return this.#calls.length > 0;
  }

  /** It waits for the commit only, or is gone. */
  get isLeaving(): boolean {
    return this.#letGo !== undefined;
  }

  hold(): ServerResponse {
    if (this.#letGo === undefined && !this.response.headersSent) this.#intercept();
    return this.response;
  }

  restore(): void {
    for (const [name, own] of this.#own ?? []) {
      if (own === undefined) Reflect.deleteProperty(this.response, name);
      else Object.defineProperty(this.response, name, own);
    }
    this.#own = undefined;
  }

  /**
   * Commits, adds the cookies, and makes the calls that waited.
   *
   * @param status of a response that is not written yet
   */
  letGo(status?: number): Promise<void> {
    this.#letGo ??= this.#run(status);
    return this.#letGo;
  }

  #intercept(): void {
    if (this.isHeld) return;
    // What waits counts as sent: who asks wants to know whether there is still something to answer.
    const held: PropertyDescriptorMap = {
      headersSent: { configurable: true, get: () => this.isWaiting },
      writableEnded: { configurable: true, get: () => this.#isEnded },
    };
    for (const method of METHODS)
      held[method] = { configurable: true, writable: true, value: (...args: unknown[]) => this.#queue([method, args]) };
    this.#own = Object.keys(held).map((name) => [name, Object.getOwnPropertyDescriptor(this.response, name)]);
    Object.defineProperties(this.response, held);
  }

  get #isEnded(): boolean {
    return this.#calls.some(([method]) => method === "end");
  }

  #queue(call: Call): unknown {
    this.#calls.push(call);
    const [method] = call;
    // A head alone may wait for its body; anything else is on its way out.
    if (method !== "writeHead") void this.letGo();
    // False tells a stream to wait for `drain`.
    return method === "write" ? false : this.response;
  }

  async #run(status: number | undefined): Promise<void> {
    const { response } = this;
    if (!this.isHeld && response.headersSent) return;
    for (const [method, args] of this.#calls) if (method === "writeHead") applyHead(response, args);
    const headers = new Headers();
    for (const name of CACHE_HEADERS) {
      const value = response.getHeader(name);
      if (value !== undefined) headers.set(name, String(value));
    }
    try {
      const cookies = await this.#gate.commit({ status: status ?? response.statusCode, headers });
      for (const [name, value] of headers) response.setHeader(name, value);
      for (const cookie of cookies) response.appendHeader("set-cookie", cookie);
    } catch (error) {
      await this.#refuse(error);
      return;
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
    // What is still being written would come below another's answer.
    const answer = this.#isEnded || !this.isWaiting ? this.#gate.answer : undefined;
    const refusal = await this.#gate.fail(error, answer !== undefined);
    const body = await refusal.text();
    this.restore();
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    for (const [name, value] of refusal.headers) {
      if (name === "set-cookie") response.appendHeader(name, value);
      else response.setHeader(name, value);
    }
    if (answer !== undefined) return answer(error);
    response.statusCode = refusal.status;
    response.end(body);
    // A handler may still write: its callbacks tell it, but as an event that nobody hears the error would end the process.
    response.on("error", () => {});
    response.emit("drain");
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
