import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AnswerReader } from "../../../../src/drivers/memcached/answers.ts";

/** What is read from bytes that come in pieces, cut at these places. */
function readIn(bytes: Buffer, cuts: readonly number[]): unknown[] {
  const reader = new AnswerReader();
  const ends = [...new Set(cuts.map((cut) => cut % bytes.length)), bytes.length].sort((a, b) => a - b);
  return ends.flatMap((end, n) =>
    [...reader.read(bytes.subarray(ends[n - 1] ?? 0, end))].map(({ code, value, flag }) => [
      code,
      value?.toString("latin1"),
      flag("c"),
    ]),
  );
}

const read = (text: string): unknown[] => readIn(Buffer.from(text, "latin1"), []);

describe("answers of memcached", () => {
  it("have a code, flags and a value", () => {
    expect(read("HD\r\nHD c12\r\nEX c0\r\nEN\r\nVA 3 f8 c7\r\nabc\r\n")).toEqual([
      ["HD", undefined, undefined],
      ["HD", undefined, "12"],
      ["EX", undefined, "0"],
      ["EN", undefined, undefined],
      ["VA", "abc", "7"],
    ]);
  });

  it("have values of any bytes, and of none", () => {
    const value = `${Array.from({ length: 256 }, (_, n) => String.fromCharCode(n)).join("")}\r\nEN\r\n`;
    expect(read(`VA ${value.length} c1\r\n${value}\r\nVA 0 c2\r\n\r\nEN\r\n`)).toEqual([
      ["VA", value, "1"],
      ["VA", "", "2"],
      ["EN", undefined, undefined],
    ]);
  });

  it("are the same, however the stream is cut", () => {
    const bytes = Buffer.from(
      "HD c1\r\nVA 6 c22 f0\r\n\r\nEN\r\n\r\nVA 0 c3\r\n\r\nNF\r\nSERVER_ERROR out of memory\r\nVA 1 c4\r\n\r\r\n",
    );
    const whole = readIn(bytes, []);
    expect(whole).toHaveLength(6);
    fc.assert(fc.property(fc.array(fc.nat(bytes.length - 1)), (cuts) => void expect(readIn(bytes, cuts)).toEqual(whole)));
  });

  it("keep an error as it came", () => {
    const [answer] = new AnswerReader().read(Buffer.from("SERVER_ERROR object too large for cache\r\n"));
    expect([answer?.code, answer?.line]).toEqual(["SERVER_ERROR", "SERVER_ERROR object too large for cache"]);
  });

  it.each([
    ["a value longer than it says", "VA 2 c1\r\nabc\r\n"],
    ["a value of no size", "VA c1\r\nabc\r\n"],
    ["a value of less than nothing", "VA -1 c1\r\n\r\n"],
    ["a line without end", "x".repeat(3000)],
    ["a line that ends too late", `${"x".repeat(3000)}\r\n`],
  ])("are none with %s", (_, text) => {
    expect(() => read(text)).toThrow(/^it answered with/);
  });
});
