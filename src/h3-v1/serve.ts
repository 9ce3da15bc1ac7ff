import { letGo } from "../keep-alive.ts";
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
    held.answer = reject;
    settle(event, held, run)
      .then(resolve, reject)
      .finally(() => letGo(event));
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
  const { response, isServed, isLeaving } = held;
  const isMadeUp = response.isHeld && !isServed;
  let answer = outcome;
  if (failed) held.status = statusOf(outcome);
  else if (isMadeUp && outcome instanceof Response) {
    held.status = outcome.status;
    answer = withStagedHeaders(event, outcome);
  }
  if (isLeaving || isMadeUp) await response.letGo();
  // What h3 makes of the outcome passes the response of a server later, when nobody waits any more.
  else held.answer = undefined;
  return answer;
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

/** The status that h3 gives to an error. */
function statusOf(error: unknown): number {
  const { statusCode, status } = (error ?? {}) as { statusCode?: unknown; status?: unknown };
  const code = Number(statusCode || status);
  return Number.isInteger(code) && code >= 100 && code <= 999 ? code : 500;
}
