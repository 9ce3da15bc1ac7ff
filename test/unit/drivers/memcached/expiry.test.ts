import { describe, expect, it } from "vitest";
import { expiry } from "../../../../src/drivers/memcached/expiry.ts";

const NOW = 1_700_000_000_500;
const DAY = 24 * 60 * 60;

describe("a lifetime as memcached counts it", () => {
  it("is 0 for none", () => {
    expect(expiry(undefined, NOW)).toBe(0);
  });

  it("is over at once for none left, and never mistaken for none", () => {
    expect([expiry(0, NOW), expiry(-5, NOW)]).toEqual([-1, -1]);
  });

  it("is in seconds, rounded up, and one more since its second may be almost over", () => {
    expect([expiry(1, NOW), expiry(1000, NOW), expiry(1001, NOW), expiry(60_000, NOW)]).toEqual([2, 2, 3, 61]);
  });

  it("is in seconds up to 30 days", () => {
    expect(expiry((30 * DAY - 1) * 1000, NOW)).toBe(30 * DAY);
  });

  it("is a date beyond 30 days, with an hour for clocks that differ", () => {
    expect(expiry(30 * DAY * 1000, NOW)).toBe(1_700_000_001 + 30 * DAY + 1 + 3600);
    expect(expiry(40 * DAY * 1000, NOW)).toBe(1_700_000_001 + 40 * DAY + 1 + 3600);
  });

  it("is none past 2038, which memcached cannot read", () => {
    expect(expiry(10 * 365 * DAY * 1000, NOW)).toBeGreaterThan(2_000_000_000);
    expect(expiry(20 * 365 * DAY * 1000, NOW)).toBe(0);
    expect(expiry(Number.MAX_SAFE_INTEGER, NOW)).toBe(0);
  });
});
