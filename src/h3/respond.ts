import { HTTPError, toResponse, type H3Config, type H3Event } from "h3";
import { andThen, isPromise } from "../is-promise.ts";
import type { Gate } from "../node-response.ts";
import { publicErrorOf } from "../public-error.ts";
import { committer, type RequestSession } from "../request-sessions.ts";
import type { MaybePromise } from "../stores/store.ts";
import { releaseNodeResponse } from "./node-handlers.ts";

/** What a handler resolves or throws when a node handler has answered by itself. */
const kHandled = Symbol.for("h3.handled");

/**
 * Turns what a handler returned or threw into the response, commits the session, and adds its cookie.
 *
 * h3 loses headers that were staged on the event when a response is an error, has a status of 400 or more, or comes from
 * `onError`. So the response is made here, by h3's own `toResponse`, and the cookie is added to the result.
 */
export async function respond(event: H3Event, used: RequestSession, outcome: unknown, thrown: boolean): Promise<unknown> {
  const session = used.session ?? (await used.loading?.catch(() => undefined));
  const isHandled = outcome === kHandled;
  const released = releaseNodeResponse(event, isHandled);
  if (isPromise(released)) await released;
  if (isHandled) {
    if (thrown) throw outcome;
    return outcome;
  }
  const made = makeResponse(event, outcome, thrown);
  const response = isPromise(made) ? await made : made;
  if (session === undefined) return response;
  const { manager } = used;
  // A copy of an upgrade response is no upgrade any more: the handshake would hang (crossws).
  if (isUpgrade(response)) {
    await manager.commit(session, { status: 101, headers: new Headers() });
    return response;
  }
  let sent = response;
  let cookies: string[];
  try {
    const status = failures.has(response) ? 500 : response.status;
    cookies = await manager.commit(session, { status, headers: response.headers });
  } catch (error) {
    // The answer that was prepared claims what did not happen.
    await response.body?.cancel();
    sent = await makeResponse(event, error, true);
    // Nothing more is stored; a token that was regenerated before still has to reach the browser.
    cookies = await manager.commit(session, sent);
  }
  for (const cookie of cookies) sent.headers.append("set-cookie", cookie);
  return sent;
}

/** How the sessions of an event are committed where a Node handler answers by itself. */
export function gateOf(event: H3Event): Gate {
  const commit = committer(event.context);
  return {
    commit,
    async fail(error) {
      const response = await makeResponse(event, error, true);
      for (const cookie of await commit(response)) response.headers.append("set-cookie", cookie);
      return response;
    },
  };
}

/** The response to an error of the session itself, before any handler ran. */
export async function respondToError(event: H3Event, error: unknown): Promise<Response> {
  return makeResponse(event, error, true);
}

/** What `onError` answered to an error that stands for a 5xx: its own status may say that all is well. */
const failures = new WeakSet<Response>();

/** The response that h3 makes of an outcome, with headers that may be changed. */
function makeResponse(event: H3Event, outcome: unknown, thrown: boolean): MaybePromise<Response> {
  const result = toHttpError(outcome);
  let isOwned = result instanceof Response;
  let failed = isOwned && failures.has(result as Response);
  const config = configOf(event, (error) => {
    isOwned = true;
    failed = error.status >= 500;
  });
  // A rejection, since that is where h3 knows what a thrown number, string or symbol means.
  return andThen(toResponse(thrown ? Promise.reject(result) : result, event, config), (made) => {
    // A Response of the handler's own may be immutable (`Response.redirect`, a `fetch` result), or be sent again to someone else.
    const response = isOwned && !isUpgrade(made) ? copyOf(made) : made;
    if (failed) failures.add(response);
    return response;
  });
}

/** The application's config, with an `onError` that is heard of, and without `onResponse`. */
function configOf(event: H3Event, heard: (error: HTTPError) => void): H3Config {
  const config = event.app?.config ?? {};
  const { onResponse, onError } = config;
  if (onResponse === undefined && onError === undefined) return config;
  // h3 calls `onResponse` on what the outermost middleware returns; here it would be called twice.
  const { onResponse: _, ...others } = config;
  if (onError === undefined) return others;
  return {
    ...others,
    onError(error, at) {
      heard(error);
      return onError(error, at);
    },
  };
}

function copyOf(response: Response): Response {
  const { status, statusText, headers, body } = response;
  // Neither `Response.error()` (0) nor an informational response can be made anew.
  if (status < 200) return response;
  return new Response(body, { status, statusText, headers });
}

function isUpgrade(response: Response): boolean {
  return "crossws" in response || response.status === 101;
}

/** Session errors with an HTTP meaning become errors of h3. */
function toHttpError(error: unknown): unknown {
  const told = publicErrorOf(error);
  return told === undefined ? error : new HTTPError({ ...told, cause: error });
}
