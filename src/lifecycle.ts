/** When a session ends, and when its life is renewed. Pure: instants are milliseconds since the epoch, and `now` is given. */

/** The instants and windows a record carries; 0 for a window or deadline that does not exist. */
export interface Lifetime {
  readonly createdAt: number;
  /** When the idle window last began; moves only together with a renewed cookie. */
  readonly touchedAt: number;
  /** The absolute deadline. */
  readonly absoluteAt: number;
  /** Milliseconds without a request after which the session ends. */
  readonly idleWindow: number;
}

/** The timeouts that hold for a session, in milliseconds; 0 for never. */
export interface Timeouts {
  readonly idleWindow: number;
  readonly absoluteTimeout: number;
}

/** What a session says of its own timeouts, in seconds; 0 for never, undefined for what the manager says. */
export interface OwnTimeouts {
  readonly idle?: number;
  readonly absolute?: number;
}

export function timeoutsOf(own: OwnTimeouts | undefined, otherwise: Timeouts): Timeouts {
  const { idle, absolute } = own ?? {};
  return {
    idleWindow: idle === undefined ? otherwise.idleWindow : idle * 1000,
    absoluteTimeout: absolute === undefined ? otherwise.absoluteTimeout : absolute * 1000,
  };
}

/** A life under other timeouts: the absolute one counts from the creation, whenever it is given. */
export function withTimeouts<L extends Lifetime>(life: L, { idleWindow, absoluteTimeout }: Timeouts): L {
  return { ...life, idleWindow, absoluteAt: absoluteTimeout === 0 ? 0 : life.createdAt + absoluteTimeout };
}

/** A session that never goes idle still has its cookie renewed, which browsers forget after 400 days. */
const FOREVER = 400 * 24 * 60 * 60 * 1000;

/** The part of the idle window after which a request renews it, so that reads rarely write (connect-redis #285, express-session #891). */
const RENEWAL_STEP = 0.1;

/** When the session ends; `undefined` for never. */
export function expiresAt(life: Lifetime): number | undefined {
  const idleAt = life.idleWindow > 0 ? life.touchedAt + life.idleWindow : Infinity;
  const end = life.absoluteAt > 0 ? Math.min(idleAt, life.absoluteAt) : idleAt;
  return end === Infinity ? undefined : end;
}

export function isExpired(life: Lifetime, now: number): boolean {
  const end = expiresAt(life);
  return end !== undefined && now >= end;
}

/** True once per renewal step: the idle window and the cookie begin anew. A clock that stepped back renews nothing. */
export function isRenewalDue(life: Lifetime, now: number): boolean {
  const window = life.idleWindow > 0 ? life.idleWindow : FOREVER;
  return now - life.touchedAt >= window * RENEWAL_STEP;
}

/** How long the store should keep the record, in milliseconds; `undefined` for ever. */
export function storeTtl(life: Lifetime, now: number): number | undefined {
  const end = expiresAt(life);
  return end === undefined ? undefined : Math.max(1, Math.ceil(end - now));
}

/** The cookie's Max-Age in seconds, at most 400 days. */
export function cookieMaxAge(life: Lifetime, now: number): number {
  const ttl = storeTtl(life, now) ?? FOREVER;
  return Math.ceil(Math.min(ttl, FOREVER) / 1000);
}

/** What a commit has to do. */
export type Action = "none" | "touch" | "write" | "create";

/** What a commit has to do for a session that is not being ended: a renewal is part of any write. */
export function decide(situation: { stored: boolean; changed: boolean; renewalDue: boolean }): Action {
  if (situation.changed) return situation.stored ? "write" : "create";
  return situation.stored && situation.renewalDue ? "touch" : "none";
}
