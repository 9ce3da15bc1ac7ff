/** In seconds. memcached reads anything longer as a date (its doc/protocol.txt). */
const LONGEST = 30 * 24 * 60 * 60;

/** The last date it can read, in 2038: a later one would be a bad command. */
const LAST_DATE = 2 ** 31 - 1;

/** A date is read by the server's clock, which may be ahead of this one. */
const CLOCKS_DIFFER = 60 * 60;

/**
 * A lifetime in milliseconds as memcached counts it: whole seconds up to 30 days, a date beyond, 0 for none.
 *
 * Never early. The server's second begins anywhere within ours, so that one more is needed; a date is an hour late. A lifetime past
 * 2038 is none: what expires has its deadline in the record.
 */
export function expiry(ttl: number | undefined, now: number): number {
  if (ttl === undefined) return 0;
  if (ttl <= 0) return -1;
  const seconds = Math.ceil(ttl / 1000) + 1;
  if (seconds <= LONGEST) return seconds;
  const date = Math.ceil(now / 1000) + seconds + CLOCKS_DIFFER;
  return date <= LAST_DATE ? date : 0;
}
