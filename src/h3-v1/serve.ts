import { CACHE_HEADERS } from "../node-response.ts";
import type { H3V1Event } from "./event.ts";
import { holdOf, type Hold } from "./hold.ts";

/**
 * Runs a handler, and waits for the commit of its sessions: the outermost wrapper of an event does, for all. Rejects at once with
 * what the commit fails with, since a handler may wait for its response to close.
 */
export function serve(event: H3V1Event, run: () => Promise<unknown>): Promise<unknown> {
  const held = holdOf(event);
  if (held.answer !== undefined) return run();
  return new Promise((resolve, reject) => {
    held.answer = (error) => {
      takeBack(event);
      reject(error);
    };
    settle(event, held, run).then(resolve, reject);
  });
}

async function settle(event: H3V1Event, held: Hold, run: () => Promise<unknown>): Promise<unknown> {
  let outcome: unknown;
  try {
    outcome = await run();
  } catch (error) {
    await finish(event, held, error, true);
    throw error;
  }
  return finish(event, held, outcome, outcome instanceof Error);
}

async function finish(event: H3V1Event, held: Hold, outcome: unknown, failed: boolean): Promise<unknown> {
  const { response, isServed } = held;
  const failure = failed ? statusOf(outcome) : undefined;
  held.hasFailed = failure !== undefined && failure >= 500;
  // On a server, what h3 makes of the outcome passes the response later, when nobody waits any more.
  if (!response.isLeaving && (isServed || !response.isHeld)) {
    held.answer = undefined;
    return outcome;
  }
  if (outcome instanceof Response) {
    const answer = withStagedHeaders(event, outcome);
    await response.letGo(answer.status);
    return answer;
  }
  await response.letGo(failure);
  return outcome;
}

/** A copy that leaves to the event what a commit may change: h3 would put its own in the place of that. */
function withStagedHeaders({ node }: H3V1Event, response: Response): Response {
  // Neither `Response.error()` (0) nor an informational response can be made anew.
  if (response.status < 200) return response;
  const copy = new Response(response.body, response);
  for (const name of CACHE_HEADERS) {
    const value = copy.headers.get(name);
    if (value === null) continue;
    node.res.setHeader(name, value);
    copy.headers.delete(name);
  }
  return copy;
}

/** Forgets an answer that claims what did not happen, so that h3 answers the error. */
function takeBack(event: H3V1Event): void {
  // What h3 answers without a server is kept with the response; by the event it tells that it did.
  const { res } = event.node as { res: { _data?: unknown } };
  if (res._data instanceof ReadableStream && !res._data.locked) void res._data.cancel();
  res._data = undefined;
  (event as { _handled?: boolean })._handled = false;
}

/** The status that h3 gives to an error. */
function statusOf(error: unknown): number {
  const { statusCode, status } = (error ?? {}) as { statusCode?: unknown; status?: unknown };
  const code = Number(statusCode || status);
  return Number.isInteger(code) && code >= 100 && code <= 999 ? code : 500;
}
