/** A time that stands still until it is advanced. */
export interface Clock {
  /** Milliseconds since the epoch; what the `now` of a manager, a memory store or a cookie jar takes. */
  readonly now: () => number;
  /** Lets seconds pass, to the millisecond. Delays that end meanwhile end in their order. */
  readonly advance: (seconds: number) => void;
  /** Resolves once so many milliseconds were let pass; what the `delay` of a faulty store takes. */
  readonly delay: (milliseconds: number) => Promise<void>;
}

/**
 * Makes a clock for a test, so that sessions expire without waiting.
 *
 * It is the clock of whom it is given to, and of nobody else: `Date.now` and timers go on as ever, among them those of a manager's
 * `timeouts`.
 *
 * @param start when it begins, 14 November 2023 by default
 * @example
 * const clock = createClock();
 * const sessions = createSessionManager({ idleTimeout: 60, now: clock.now });
 * clock.advance(61);
 */
export function createClock(start: number | Date = 1_700_000_000_000): Clock {
  let time = Number(start);
  let waiting: { readonly until: number; readonly resolve: () => void }[] = [];
  return {
    now: () => time,
    advance(seconds) {
      time += Math.round(seconds * 1000);
      const over = waiting.filter(({ until }) => until <= time).sort((a, b) => a.until - b.until);
      waiting = waiting.filter(({ until }) => until > time);
      for (const { resolve } of over) resolve();
    },
    delay: (milliseconds) => new Promise((resolve) => waiting.push({ until: time + milliseconds, resolve })),
  };
}
