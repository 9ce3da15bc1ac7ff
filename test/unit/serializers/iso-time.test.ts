import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isoTime } from "../../../src/serializers/iso-time.ts";

describe("isoTime", () => {
  it.each([
    ["the epoch", 0],
    ["a millisecond before it", -1],
    ["the last instant of a day", Date.UTC(2026, 1, 28, 23, 59, 59, 999)],
    ["a leap day", Date.UTC(2024, 1, 29)],
    ["the last year of four digits", Date.UTC(9999, 11, 31, 23, 59, 59, 999)],
    ["the year after it", Date.UTC(10_000, 0, 1)],
    ["the year 999", Date.UTC(999, 11, 31)],
    ["a year before the first", -8e14],
    ["the first instant of all", -8.64e15],
    ["the last instant of all", 8.64e15],
  ])("gives what toISOString gives for %s", (_, time) => {
    expect(isoTime(new Date(time))).toBe(new Date(time).toISOString());
  });

  it("gives what toISOString gives for any Date", () => {
    const dates = fc.oneof(
      fc.date({ noInvalidDate: true }),
      fc.date({ noInvalidDate: true, min: new Date("0900-01-01"), max: new Date("2100-01-01") }),
    );
    const property = fc.property(dates, (date) => {
      expect(isoTime(date)).toBe(date.toISOString());
    });
    fc.assert(property, { numRuns: 2000 });
  });

  it("refuses an invalid Date as toISOString does", () => {
    expect(() => isoTime(new Date(Number.NaN))).toThrow(RangeError);
  });
});
