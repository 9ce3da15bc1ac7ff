import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeUtf8, encodeUtf8, fromByteString, toByteString, utf8Of } from "../../src/byte-string.ts";

describe("a byte string", () => {
  it("has a character for each byte, and gives the bytes back", () => {
    const property = fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = toByteString(bytes);
      expect([...text].map((character) => character.charCodeAt(0))).toEqual([...bytes]);
      expect(fromByteString(text)).toEqual(Uint8Array.from(bytes));
    });
    fc.assert(property);
  });

  it("may be longer than any call takes arguments", () => {
    const bytes = Uint8Array.from({ length: 1_000_000 }, (_, index) => index % 251);
    expect(Buffer.compare(fromByteString(toByteString(bytes)), bytes)).toBe(0);
  });

  it("shows only what a view does", () => {
    expect(toByteString(Uint8Array.of(1, 2, 3, 4).subarray(1, 3))).toBe("\u0002\u0003");
  });

  it("holds text as its UTF-8", () => {
    const property = fc.property(fc.string({ unit: "grapheme" }), (text) => {
      expect(encodeUtf8(text)).toBe(Buffer.from(text).toString("latin1"));
      expect(decodeUtf8(encodeUtf8(text))).toBe(text);
    });
    fc.assert(property);
  });

  it("keeps a byte order mark", () => {
    expect(decodeUtf8(encodeUtf8("\ufeffa"))).toBe("\ufeffa");
    expect(utf8Of(Uint8Array.of(0xef, 0xbb, 0xbf))).toBe("\ufeff");
  });
});
