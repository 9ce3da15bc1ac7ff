import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { byteLength } from "../../src/byte-length.ts";

describe("byteLength", () => {
  it("is the length in UTF-8", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (text) => {
        expect(byteLength(text)).toBe(new TextEncoder().encode(text).length);
      }),
    );
  });

  it.each([
    ["", 0],
    ["abc", 3],
    ["é", 2],
    ["€", 3],
    ["🦊", 4],
    ["\u007f", 1],
    ["\u0080", 2],
    ["\u07ff", 2],
    ["\u0800", 3],
    ["\ud7ff", 3],
    ["\ue000", 3],
    ["\udbff\udfff", 4],
  ])("of %j is %d", (text, bytes) => {
    expect(byteLength(text)).toBe(bytes);
  });

  it("is the same where there is no Buffer", () => {
    vi.stubGlobal("Buffer", undefined);
    const bytes = byteLength("aé€🦊");
    vi.unstubAllGlobals();
    expect(bytes).toBe(10);
  });
});
