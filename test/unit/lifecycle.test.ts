import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cookieMaxAge, decide, expiresAt, isExpired, isRenewalDue, storeTtl, type Lifetime } from "../../src/lifecycle.ts";

const START = 1_700_000_000_000;
const DAY = 24 * 60 * 60 * 1000;

const life = (over: Partial<Lifetime> = {}): Lifetime => ({
  createdAt: START,
  touchedAt: START,
  absoluteAt: 0,
  idleWindow: 1000,
  ...over,
});

const window = fc.integer({ min: 1, max: 100 * 365 * DAY });
const elapsed = fc.integer({ min: -400 * DAY, max: 101 * 365 * DAY });

describe("an idle window", () => {
  it("ends the session when it is over, and not a millisecond before", () => {
    fc.assert(
      fc.property(window, elapsed, (idleWindow, later) => {
        expect(isExpired(life({ idleWindow }), START + later)).toBe(later >= idleWindow);
      }),
    );
  });

  it("begins anew with a touch", () => {
    expect(isExpired(life({ touchedAt: START + 999 }), START + 1500)).toBe(false);
  });
});

describe("an absolute deadline", () => {
  it("ends the session whenever it was touched", () => {
    fc.assert(
      fc.property(window, fc.nat({ max: 10 * DAY }), (absolute, touched) => {
        const session = life({ absoluteAt: START + absolute, touchedAt: START + touched, idleWindow: 200 * 365 * DAY });
        expect(isExpired(session, START + absolute)).toBe(true);
        expect(isExpired(session, START + absolute - 1)).toBe(false);
      }),
    );
  });

  it("counts together with the idle window: the earlier of both ends the session", () => {
    expect(expiresAt(life({ absoluteAt: START + 500 }))).toBe(START + 500);
    expect(expiresAt(life({ absoluteAt: START + 5000 }))).toBe(START + 1000);
  });
});

describe("a session without window and deadline", () => {
  const forever = life({ idleWindow: 0 });

  it("never ends", () => {
    fc.assert(
      fc.property(elapsed, (later) => {
        expect([isExpired(forever, START + later), expiresAt(forever)]).toEqual([false, undefined]);
      }),
    );
  });

  it("has no store TTL", () => {
    expect(storeTtl(forever, START)).toBeUndefined();
  });

  it("has a cookie of 400 days, renewed after 40", () => {
    expect(cookieMaxAge(forever, START)).toBe(400 * 86_400);
    expect(isRenewalDue(forever, START + 40 * DAY - 1)).toBe(false);
    expect(isRenewalDue(forever, START + 40 * DAY)).toBe(true);
  });
});

describe("a renewal", () => {
  it("is due after a tenth of the idle window", () => {
    fc.assert(
      fc.property(window, elapsed, (idleWindow, later) => {
        expect(isRenewalDue(life({ idleWindow }), START + later)).toBe(later >= idleWindow * 0.1);
      }),
    );
  });

  it("comes at most once per step, however often a session is read", () => {
    let touchedAt = START;
    let renewals = 0;
    for (let now = START; now < START + 10_000; now += 7) {
      if (!isRenewalDue(life({ touchedAt }), now)) continue;
      renewals++;
      touchedAt = now;
    }
    expect(renewals).toBe(Math.floor(9999 / 105));
  });

  it("is not due when the clock stepped back", () => {
    fc.assert(
      fc.property(window, fc.integer({ min: 1, max: 400 * DAY }), (idleWindow, back) => {
        expect(isRenewalDue(life({ idleWindow }), START - back)).toBe(false);
      }),
    );
  });

  it("is due by the window alone, whatever the absolute deadline", () => {
    expect(isRenewalDue(life({ absoluteAt: START + 10 }), START + 50)).toBe(false);
  });
});

describe("a clock that stepped back", () => {
  it("ends no session", () => {
    fc.assert(
      fc.property(window, window, fc.nat({ max: 400 * DAY }), (idleWindow, absolute, back) => {
        expect(isExpired(life({ idleWindow, absoluteAt: START + absolute }), START - back)).toBe(false);
      }),
    );
  });

  it("never makes a store TTL or a cookie's age of 0 or less", () => {
    fc.assert(
      fc.property(window, elapsed, (idleWindow, later) => {
        expect(storeTtl(life({ idleWindow }), START + later)).toBeGreaterThan(0);
        expect(cookieMaxAge(life({ idleWindow }), START + later)).toBeGreaterThan(0);
      }),
    );
  });
});

describe("the store TTL", () => {
  it("lasts as long as the session", () => {
    fc.assert(
      fc.property(window, fc.nat({ max: 10 * DAY }), (idleWindow, later) => {
        const session = life({ idleWindow });
        const now = START + later;
        if (!isExpired(session, now)) expect(now + (storeTtl(session, now) as number)).toBe(expiresAt(session));
      }),
    );
  });
});

describe("the cookie's age", () => {
  it.each([
    ["what is left of the session, in seconds", life({ idleWindow: 60_000 }), 0, 60],
    ["rounded up, so that the cookie does not end first", life({ idleWindow: 60_500 }), 0, 61],
    ["what is left to the absolute deadline", life({ absoluteAt: START + 30_000, idleWindow: 60_000 }), 10_000, 20],
    ["400 days at most", life({ idleWindow: 1000 * DAY }), 0, 400 * 86_400],
  ])("is %s", (_, session, later, seconds) => {
    expect(cookieMaxAge(session, START + later)).toBe(seconds);
  });
});

describe("decide", () => {
  it.each([
    [false, false, false, "none"],
    [false, false, true, "none"],
    [false, true, false, "create"],
    [false, true, true, "create"],
    [true, false, false, "none"],
    [true, false, true, "touch"],
    [true, true, false, "write"],
    [true, true, true, "write"],
  ])("of stored %s, changed %s, renewal due %s is %s", (stored, changed, renewalDue, action) => {
    expect(decide({ stored, changed, renewalDue })).toBe(action);
  });
});
