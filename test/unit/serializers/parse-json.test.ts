import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSafeJson, parseJson } from "../../../src/serializers/parse-json.ts";

describe("parseJson", () => {
  it("parses what is nested little enough, and nothing else", () => {
    expect(parseJson('{"a":[1]}')).toEqual({ a: [1] });
    expect(() => parseJson("[".repeat(133))).toThrow("nested too deep");
    expect(() => parseJson("{")).toThrow(SyntaxError);
  });
});

describe("isSafeJson", () => {
  const nested = (depth: number, open = "[", close = "]"): string => open.repeat(depth) + close.repeat(depth);

  it("takes what superjson makes of the deepest data", () => {
    expect(isSafeJson(nested(132))).toBe(true);
  });

  it.each([
    ["arrays", nested(133)],
    ["objects", nested(133, '{"a":', "}").replace("}", "1}")],
    ["arrays that are not closed", "[".repeat(100_000)],
    ["arrays behind others", "[[]],".repeat(50) + nested(133)],
    ["arrays behind a string", `["[]\\"",${nested(133)}]`],
  ])("refuses %s that are too deep", (_, text) => {
    expect(isSafeJson(text)).toBe(false);
  });

  it.each([
    ["brackets in a string", JSON.stringify("[".repeat(1000))],
    ["brackets behind an escaped quote", JSON.stringify(`"${"[".repeat(1000)}`)],
    ["brackets behind escaped backslashes", JSON.stringify(`\\\\"${"{".repeat(1000)}\\`)],
    ["brackets in a key", JSON.stringify({ ["{".repeat(1000)]: 1 })],
    ["many side by side", "[],".repeat(1000)],
    ["nothing", ""],
  ])("does not count %s", (_, text) => {
    expect(isSafeJson(text)).toBe(true);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])("sees where a string ends that ends in %d backslashes", (count) => {
    const backslashes = "\\".repeat(count);
    expect(isSafeJson(JSON.stringify(backslashes) + nested(133))).toBe(false);
    expect(isSafeJson(JSON.stringify(`${backslashes}"${"[".repeat(133)}`))).toBe(true);
  });

  it("takes as many digits as a text has", () => {
    expect(isSafeJson(JSON.stringify({ pi: "3".repeat(10_000) }))).toBe(true);
  });

  it("takes no time for a text of backslashes and quotes", () => {
    const started = performance.now();
    isSafeJson(`"${"\\".repeat(200_000)}`);
    isSafeJson(`"${'\\"'.repeat(100_000)}`);
    isSafeJson('"'.repeat(200_000));
    expect(performance.now() - started).toBeLessThan(200);
  });

  it("measures as the depth of what JSON.parse makes of it", () => {
    const depthOf = (value: unknown): number =>
      typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.nat({ max: 132 }), (text, around) => {
        const wrapped = "[".repeat(around) + text + "]".repeat(around);
        expect(isSafeJson(wrapped)).toBe(depthOf(JSON.parse(wrapped)) <= 132);
      }),
    );
  });
});
