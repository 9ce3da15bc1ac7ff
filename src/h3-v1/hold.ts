import type { CommitResponse } from "../commit.ts";
import { unsupportedError } from "../errors.ts";
import { HeldResponse, type Gate, type HeldMethod } from "../node-response.ts";
import { publicErrorOf } from "../public-error.ts";
import { committer, hasFailedToLoad } from "../request-sessions.ts";
import type { H3V1Event } from "./event.ts";

/**
 * The response of one event, kept back until its sessions are committed.
 *
 * h3 v1 writes to the node response by itself: after `sendRedirect`, `sendStream`, a 204 or a 304 the headers have left before any
 * hook of its own. But whatever answers, on a server of Node it passes that response. Elsewhere (`toWebHandler`, the serverless
 * presets of Nitro 2) h3 makes one up in memory, and reads it when the application's handler is done: there somebody has to wait
 * for that, and only a wrapper can.
 */
export class Hold implements Gate {
  readonly response: HeldResponse;
  /** Whether the node response is a server's. h3 tells by the same. */
  readonly isServed: boolean;
  /** The response waits for the commit only, or is gone. */
  isLeaving = false;
  /** Has h3 answer a commit that failed: set by a wrapper for as long as it waits for the handler. */
  answer: ((error: unknown) => void) | undefined;
  /** The status of what the handler threw, or returned and h3 did not write yet. */
  status = 0;
  #isEnded = false;
  readonly #event: H3V1Event;
  readonly #commit: (response: CommitResponse) => Promise<string[]>;

  constructor(event: H3V1Event) {
    const { res } = event.node;
    this.response = new HeldResponse(res, this);
    this.isServed = Boolean(res.socket);
    this.#event = event;
    this.#commit = committer(event.context);
  }

  /** Whether what is done to a session now will still be committed. */
  get canWait(): boolean {
    return !this.response.isGone && (this.isServed || this.answer !== undefined);
  }

  /** @throws {SessionError} `ERR_SESSION_UNSUPPORTED` where the response would leave without its cookie */
  begin(): void {
    if (!this.isServed && this.answer === undefined) {
      throw unsupportedError(
        "sessionMiddleware() cannot keep a response back on this host, which is no server of Node",
        "Wrap the application instead: `app.handler = defineSessionHandler(app.handler)`",
      );
    }
    this.response.hold();
  }

  queued(method: HeldMethod): void {
    this.#isEnded ||= method === "end";
    this.isLeaving ||= method !== "writeHead";
    // Or h3 takes it that nobody answered.
    setHandled(this.#event, true);
  }

  async commit({ status: written, headers }: CommitResponse): Promise<string[]> {
    // A failure stays one, whatever `onError` answers.
    const status = Math.max(written, this.status);
    // h3 makes a 503 of the error, but does not say when to come back.
    if (status === 503 && (await hasFailedToLoad(this.#event.context))) headers.set("retry-after", "1");
    return this.#commit({ status, headers });
  }

  async fail(error: unknown): Promise<Response | undefined> {
    const { res } = this.#event.node;
    const response = toResponse(error);
    // Nothing more is stored; a token that was regenerated before still has to reach the browser.
    for (const cookie of await this.#commit(response)) response.headers.append("set-cookie", cookie);
    // What is still being written would come below the answer of h3.
    if (this.answer !== undefined && (this.#isEnded || !this.isLeaving)) {
      for (const [name, value] of response.headers) res.appendHeader(name, value);
      this.response.restore();
      takeBack(this.#event);
      this.answer(error);
      return undefined;
    }
    if (response.status === 500) console.error(error);
    // The handler may write on: its callbacks tell it, but as an event that nobody hears the error would end the process.
    res.on("error", () => {});
    return response;
  }
}

/** h3 looks at the response too, but that waits. */
function setHandled(event: object, value: boolean): void {
  (event as { _handled?: boolean })._handled = value;
}

/** Forgets an answer that claims what did not happen, so that h3 answers the error. */
function takeBack(event: H3V1Event): void {
  // Without a server, h3 keeps a stream with the response.
  const { res } = event.node as { res: { _data?: unknown } };
  if (res._data instanceof ReadableStream && !res._data.locked) void res._data.cancel();
  res._data = undefined;
  setHandled(event, false);
}

/** On the response, where a WeakMap of all responses took the garbage collector a quarter of a request. */
const kHold: unique symbol = Symbol("hold");

export function holdOf(event: H3V1Event): Hold {
  const res = event.node.res as { [kHold]?: Hold };
  return (res[kHold] ??= new Hold(event));
}

/** As h3 v1 answers errors. */
function toResponse(error: unknown): Response {
  const { status, message, headers } = publicErrorOf(error) ?? { status: 500, message: undefined, headers: {} };
  const body = JSON.stringify({ statusCode: status, statusMessage: message, stack: [] }, undefined, 2);
  return new Response(body, { status, headers: { ...headers, "content-type": "application/json" } });
}
