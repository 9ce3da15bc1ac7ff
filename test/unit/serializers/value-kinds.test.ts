import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, it, vi } from "vitest";
import { everyKindBut, kindOf, kindOfNumber, VALUE_KINDS } from "../../../src/serializers/value-kinds.ts";

afterEach(() => void vi.useRealTimers());

describe("the kind of an object", () => {
  it.each<[string | undefined, object]>([
    ["Date", new Date(0)],
    ["invalid Date", new Date(NaN)],
    ["RegExp", /a/],
    ["URL", new URL("http://a.com")],
    ["Error", new RangeError("x")],
    ["renamed Error", Object.assign(new RangeError("x"), { name: "Error" })],
    ["typed array", new Float32Array([1, 0])],
    ["special float", new Float32Array([1, -0])],
    ["bigint typed array", new BigUint64Array(1)],
    ["DataView", new DataView(new ArrayBuffer(1))],
    [undefined, Buffer.from("x")],
    [undefined, new ArrayBuffer(1)],
    [undefined, new AggregateError([])],
    [undefined, new (class Oops extends Error {})()],
    [undefined, new URLSearchParams()],
    [undefined, Object(1)],
    [undefined, runInNewContext("new Date()") as object],
  ])("is %s for %o", (kind, value) => {
    expect(kindOf(value)).toBe(kind);
  });

  it("is Date for one of a fake clock", () => {
    vi.useFakeTimers();
    expect([kindOf(new Date()), kindOf(new Date(NaN))]).toEqual(["Date", "invalid Date"]);
  });
});

describe("the kind of a number", () => {
  it.each([
    [undefined, 0],
    [undefined, -1.5],
    ["-0", -0],
    ["NaN", NaN],
    ["Infinity", Infinity],
    ["Infinity", -Infinity],
  ])("is %s for %d", (kind, value) => {
    expect(kindOfNumber(value)).toBe(kind);
  });
});

describe("every kind", () => {
  it("but some, or but none", () => {
    expect([...everyKindBut()]).toEqual(VALUE_KINDS);
    expect([...everyKindBut("Map", "-0")]).toEqual(VALUE_KINDS.filter((kind) => kind !== "Map" && kind !== "-0"));
  });
});
