import type { CommitResponse } from "../commit.ts";
import { unsupportedError } from "../errors.ts";
import { HeldResponse, type Gate } from "../node-response.ts";
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
  /** Has h3 answer a commit that failed: set by a wrapper for as long as it waits for the handler. */
  answer: ((error: unknown) => void) | undefined;
  /** The handler failed, whatever `onError` answers. */
  hasFailed = false;
  readonly #context: object;
  readonly #commit: (response: CommitResponse) => Promise<string[]>;

  constructor({ node, context }: H3V1Event) {
    this.response = new HeldResponse(node.res, this);
    this.isServed = Boolean(node.res.socket);
    this.#context = context;
    this.#commit = committer(context);
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

  async commit({ status, headers }: CommitResponse): Promise<string[]> {
    // h3 makes a 503 of the error, but does not say when to come back.
    if (status === 503 && (await hasFailedToLoad(this.#context))) headers.set("retry-after", "1");
    return this.#commit({ status: this.hasFailed ? 500 : status, headers });
  }

  async fail(error: unknown, answered: boolean): Promise<Response> {
    const response = toResponse(error);
    // Nothing more is stored; a token that was regenerated before still has to reach the browser.
    for (const cookie of await this.#commit(response)) response.headers.append("set-cookie", cookie);
    if (response.status === 500 && !answered) console.error(error);
    return response;
  }
}

const holds = new WeakMap<object, Hold>();

export function holdOf(event: H3V1Event): Hold {
  const { res } = event.node;
  const known = holds.get(res);
  if (known !== undefined) return known;
  const made = new Hold(event);
  holds.set(res, made);
  return made;
}

/** As h3 v1 answers errors. */
function toResponse(error: unknown): Response {
  const { status, message, headers } = publicErrorOf(error) ?? { status: 500, message: undefined, headers: {} };
  const body = JSON.stringify({ statusCode: status, statusMessage: message, stack: [] }, undefined, 2);
  return new Response(body, { status, headers: { ...headers, "content-type": "application/json" } });
}
