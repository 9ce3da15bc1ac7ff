import type { Context } from "./context.ts";
import { clearCookie, setCookie } from "./cookie.ts";
import type { createEngine } from "./engine.ts";
import { isStoreError } from "./errors.ts";
import { cookieMaxAge, isRenewalDue } from "./lifecycle.ts";
import { isProduction, notice } from "./notice.ts";
import { onDemand } from "./on-demand.ts";
import { protectFromCaches } from "./response-headers.ts";
import { save } from "./save.ts";
import { stateOf } from "./session.ts";
import type { SessionState, Stored } from "./session-state.ts";
import { touch } from "./touch.ts";

const rotating = onDemand(() => import("./rotate.ts"));

/** The part of a response that a commit depends on, and may change. */
export interface CommitResponse {
  readonly status: number;
  readonly headers: Headers;
}

/**
 * Ends the session's part in a request: stores what must be stored, and says what to do with the cookie.
 *
 * From here on plain writes throw. If it fails, a second call, for the error response, stores nothing more but still gives the
 * cookie of what did come off (a regenerated token, a destroyed session).
 *
 * @returns the `Set-Cookie` values to send
 */
export async function commit(
  context: Context,
  engine: ReturnType<typeof createEngine>,
  session: object,
  response: CommitResponse | undefined,
): Promise<string[]> {
  const state = stateOf(session);
  if (!state.committed) {
    state.committed = true;
    // Most requests only read, and wait for nobody's turn: it took them 4 µs to find out that there is nothing to do.
    if (context.tracer === undefined && isSurelyStored(context, state)) state.answered = true;
    else await engine.inTurn("commit", state, () => settle(context, state, response));
  }
  const cookies = state.cookieAction === "none" ? [] : await takeCookies(context, state);
  if (response !== undefined && protectFromCaches(response.headers, state.wasRead, cookies.length > 0) && !isProduction()) {
    notice(
      "public",
      "A response that depends on a session allowed shared caches to keep it; its Cache-Control was changed. Leave out `public` and `s-maxage` there.",
    );
  }
  return cookies;
}

/** Stores what is to be stored, once the commit's turn has come. */
async function settle(context: Context, state: SessionState, response: CommitResponse | undefined): Promise<void> {
  state.answered = true;
  const failed = response !== undefined && response.status >= 500 && context.options.commitOn === "success";
  if (failed || state.status === "destroyed" || state.status === "degraded") return;
  // A response that switches protocols takes no cookie, and nothing is renewed without one.
  state.renews &&= response?.status !== 101;
  try {
    await save(context, state);
  } catch (error) {
    return forgive(context, state, error);
  }
  const due = dueRenewal(context, state);
  if (due !== undefined) await renew(context, state, due);
}

/** True only if the store holds all of the session, nothing is under way, and nothing is due. */
function isSurelyStored(context: Context, state: SessionState): boolean {
  const isAtRest = state.status === "stored" && state.tail === undefined && state.unanswered === undefined;
  return isAtRest && !state.tracker.touched && !state.extrasChanged && !state.cleared && dueRenewal(context, state) === undefined;
}

/** Gives the session what is due, a new token or a new idle window; either comes with a cookie. */
async function renew(context: Context, state: SessionState, due: "rotate" | "touch"): Promise<void> {
  if (due === "touch") return context.trace("touch", state, () => touch(context, state));
  // Where its code cannot be imported, what was saved stays acknowledged, and the next request tries again.
  const failed = (error: unknown): void => context.tell("error", { id: state.stored?.id, error: error as Error });
  await context.trace("rotate", state, () => rotating((code) => code.rotate(context, state)).catch(failed));
}

function dueRenewal(context: Context, state: SessionState): "rotate" | "touch" | undefined {
  if (!state.mayRenew) return undefined;
  const stored = state.stored as Stored;
  if (isRotationDue(context, stored)) return "rotate";
  return isRenewalDue(stored.record, context.options.now()) ? "touch" : undefined;
}

/** True if a session is due for a new token: its own is old, or of before `secret` or `hashIds`. */
function isRotationDue({ options }: Context, { record, approach }: Stored): boolean {
  if (approach !== undefined) return true;
  const issuedAt = record.meta.issuedAt ?? record.createdAt;
  return options.rotateEvery > 0 && options.now() - issuedAt >= options.rotateEvery;
}

/** Lets a response go out without what could not be stored, where that is wanted. */
function forgive(context: Context, state: SessionState, error: unknown): void {
  if (state.onStoreError !== "ephemeral" || !isStoreError(error)) throw error;
  context.tell("error", { id: state.stored?.id, error });
}

async function takeCookies(context: Context, state: SessionState): Promise<string[]> {
  const { options } = context;
  const { cookieAction } = state;
  state.cookieAction = "none";
  if (cookieAction === "clear") return [clearCookie(options.cookie, isSecure(context, state))];
  const { token, record } = state.stored as Stored;
  // The request that rotated the session has sent the cookie, and this one does not know it.
  if (token === undefined) return [];
  const { persistent, maxAge } = state.cookie;
  // Who asked for an age asked for a cookie that outlives the browser.
  const lives = persistent ?? (maxAge !== undefined || options.persistent);
  const age = lives ? (maxAge ?? cookieMaxAge(record, options.now())) : undefined;
  return [setCookie(options.cookie, await context.signer.sign(token), isSecure(context, state), age)];
}

function isSecure(context: Context, state: SessionState): boolean {
  const { secure, cookie } = context.options;
  if (secure !== "auto") return secure;
  return (
    // Unknown counts as https: a cookie that does not arrive is found sooner than one that leaks.
    state.secure !== false ||
    cookie.sameSite === "none" ||
    cookie.partitioned ||
    /^__(?:Host|Secure)-/i.test(cookie.name) ||
    isProduction()
  );
}
