import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byteLength, checkSize } from "../../src/limits.ts";

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
});

describe("checkSize", () => {
  const messageOf = (bytes: number, limit: number, data: Record<string, unknown>): string => {
    try {
      checkSize(bytes, limit, data);
    } catch (error) {
      expect(error).toMatchObject({ name: "SessionError", code: "ERR_SESSION_TOO_LARGE", status: undefined });
      return (error as Error).message;
    }
    return "";
  };

  it("accepts what is exactly as large as it may be", () => {
    expect(messageOf(10, 10, {})).toBe("");
  });

  it("refuses one byte more, with both sizes", () => {
    expect(messageOf(11, 10, { a: "x" })).toContain("takes 11 bytes, over the limit of 10");
  });

  it("names the three largest paths, the largest first", () => {
    const data = { a: "x".repeat(10), b: "x".repeat(30), c: "x".repeat(20), d: "x", e: "x".repeat(25) };
    expect(messageOf(99, 10, data)).toContain(
      "largest: session.b (about 32 bytes), session.e (about 27 bytes), session.c (about 22 bytes).",
    );
  });

  it("names the large child of a large key", () => {
    const message = messageOf(99, 10, { cart: { items: ["x".repeat(50), "y"], note: "z" } });
    expect(message).toContain("session.cart (about ");
    expect(message).toContain("session.cart.items (about ");
  });

  it("names an item of an array by its index, and a key that is no name in quotes", () => {
    expect(messageOf(99, 10, { list: ["a", "x".repeat(50)] })).toContain("session.list[1] (about 52 bytes)");
    expect(messageOf(99, 10, { "a b": "x" })).toContain('session["a b"] (about 3 bytes)');
  });

  it.each([
    ["a Map", new Map([["k", "x".repeat(50)]])],
    ["a Set", new Set(["x".repeat(50)])],
    ["a bigint", 10n ** 50n],
    ["a Date", new Date(0)],
  ])("knows about how large %s is", (_, value) => {
    const size = /session\.it \(about (\d+) bytes\)/.exec(messageOf(99, 10, { it: value }))?.[1];
    expect(Number(size)).toBeGreaterThan(20);
  });

  it("does not fail on null", () => {
    expect(messageOf(99, 10, { nothing: null })).toContain("session.nothing (about 4 bytes)");
  });

  it("does not fail on a ring", () => {
    const ring: Record<string, unknown> = {};
    ring["self"] = ring;
    expect(messageOf(99, 10, { ring })).toContain("session.ring");
  });

  it("never shows a value", () => {
    expect(messageOf(99, 10, { password: "hunter2" })).not.toContain("hunter2");
  });
});
