import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson } from "../../../src/serializers/parse-json.ts";

const nested = (steps: number, open = "[", close = "]"): string => open.repeat(steps + 1) + close.repeat(steps + 1);

describe("parseJson", () => {
  it("parses JSON, and nothing else", () => {
    expect(parseJson('{"a":[1]}', 1)).toEqual({ a: [1] });
    expect(parseJson('"a"', 0)).toBe("a");
    expect(parseJson("null", 0)).toBeNull();
    expect(() => parseJson("{", 1)).toThrow(SyntaxError);
  });

  it("takes what is nested just so deep", () => {
    expect(parseJson(nested(64), 64)).toEqual(JSON.parse(nested(64)));
  });

  it.each([
    ["arrays", nested(65)],
    ["objects", nested(65, '{"a":', "}").replace("}", "1}")],
    ["arrays behind others", `[[[]],${nested(64)}]`],
    ["a hundred thousand arrays", nested(100_000)],
  ])("refuses %s that are nested deeper", (_, text) => {
    expect(() => parseJson(text, 64)).toThrow("nested too deep");
  });

  it.each(["__proto__", "constructor", "prototype", "\\u005f_proto__"])("refuses a key %s, wherever it is", (key) => {
    for (const text of [`{"a":1,"${key}":1}`, `{"a":[{"${key}":null}]}`])
      expect(() => parseJson(text, 64)).toThrow("reaches a prototype");
  });

  it.each(["__proto__", "constructor", "prototype"])("takes a text %s", (text) => {
    expect(parseJson(JSON.stringify([text, { text }]), 64)).toEqual([text, { text }]);
  });

  it("measures the depth of what JSON.parse makes of it", () => {
    const depthOf = (value: unknown): number =>
      typeof value === "object" && value !== null ? 1 + Math.max(-1, ...Object.values(value).map(depthOf)) : -1;
    const isTaken = (text: string): boolean => {
      try {
        parseJson(text, 64);
        return true;
      } catch {
        return false;
      }
    };
    const key = fc.string().filter((name) => !["__proto__", "constructor", "prototype"].includes(name));
    const tree = fc.letrec((tie) => ({
      tree: fc.oneof(fc.jsonValue({ maxDepth: 0 }), fc.array(tie("tree")), fc.dictionary(key, tie("tree"))),
    })).tree;
    fc.assert(
      fc.property(tree, fc.nat({ max: 70 }), (value, around) => {
        const text = "[".repeat(around) + JSON.stringify(value) + "]".repeat(around);
        expect(isTaken(text)).toBe(depthOf(JSON.parse(text)) <= 64);
      }),
    );
  });
});
