import type { Context } from "./context.ts";
import { andThen } from "./is-promise.ts";
import type { ResolvedOptions } from "./options.ts";
import type { RecordMeta } from "./record.ts";
import type { Approach } from "./session-state.ts";
import type { MaybePromise } from "./stores/store.ts";
import { isToken } from "./token.ts";

/**
 * Turning on `secret` or `hashIds` on a running site: until a date, what was given out before is accepted and replaced.
 *
 * A session found the old way gets a new token, not only a signature or another key: a dump of the store from those days may show
 * the old one.
 */

/** What a cookie's value is. */
export interface Brought {
  readonly token: string;
  readonly isUnsigned: boolean;
}

/** The token of a cookie value; `undefined` if it is malformed, or not signed and not accepted so. Costs no I/O. */
export function readToken(context: Context, value: string): MaybePromise<Brought | undefined> {
  return andThen(context.signer.verify(value), (token) => {
    if (token !== undefined) return { token, isUnsigned: false };
    const { acceptUnsignedUntil, now } = context.options;
    return now() < acceptUnsignedUntil && isToken(value) ? { token: value, isUnsigned: true } : undefined;
  });
}

/** Whether records are also looked for under their raw tokens. */
export function acceptsRawIds({ now, acceptRawIdsUntil }: ResolvedOptions): boolean {
  return now() < acceptRawIdsUntil;
}

const AS_ALWAYS: Approach = { isUnsigned: false, isRaw: false };

/**
 * Whether a record may be found in this way.
 *
 * An id is in logs, so it must not pass for a raw token: only what was stored under a raw token says its prefix. And a token that
 * was given out signed is none without its signature.
 */
export function isReachable(context: Context, meta: RecordMeta, { isUnsigned, isRaw }: Approach = AS_ALWAYS): boolean {
  if (isUnsigned && meta.signed === true) return false;
  return meta.prefix === (isRaw ? context.options.prefix : context.ownMeta.prefix);
}
