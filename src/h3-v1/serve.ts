import { CACHE_HEADERS } from "../node-response.ts";
import type { H3V1Event } from "./event.ts";
import { holdOf, type Hold } from "./hold.ts";

/** Runs a handler, and waits for the commit of its sessions. The outermost wrapper of an event does, for all. */
export async function serve(event: H3V1Event, run: () => Promise<unknown>): Promise<unknown> {
  const held = holdOf(event);
  if (held.isAwaited) return run();
  held.isAwaited = true;
  const { outcome, thrown } = await run().then(
    (value) => ({ outcome: value, thrown: false }),
    (error: unknown) => ({ outcome: error, thrown: true }),
  );
  const failure = thrown || outcome instanceof Error ? statusOf(outcome) : undefined;
  held.hasFailed = failure !== undefined && failure >= 500;
  const answer = await finish(event, held, outcome, failure);
  if (thrown) throw outcome;
  return answer;
}

async function finish(event: H3V1Event, held: Hold, outcome: unknown, failure: number | undefined): Promise<unknown> {
  const { response, isServed } = held;
  // On a server, what h3 makes of the outcome passes the response later, when nobody waits any more.
  if (!response.isLeaving && (isServed || !response.isHeld)) {
    held.isAwaited = false;
    return outcome;
  }
  const answer = outcome instanceof Response ? withStagedHeaders(event, outcome) : outcome;
  try {
    await response.letGo(answer instanceof Response ? answer.status : failure);
  } catch (error) {
    await discard(event, answer);
    throw error;
  }
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

/** Takes back an answer that claims what did not happen, so that h3 answers the error. */
async function discard(event: H3V1Event, answer: unknown): Promise<void> {
  // Without a server, h3 keeps the body with the response.
  const res = event.node.res as { _data?: unknown };
  for (const body of [res._data, answer instanceof Response ? answer.body : undefined])
    if (body instanceof ReadableStream && !body.locked) await body.cancel();
  res._data = undefined;
  event._handled = false;
}

/** The status that h3 gives to an error. */
function statusOf(error: unknown): number {
  const { statusCode, status } = (error ?? {}) as { statusCode?: unknown; status?: unknown };
  const code = Number(statusCode || status);
  return Number.isInteger(code) && code >= 100 && code <= 999 ? code : 500;
}
