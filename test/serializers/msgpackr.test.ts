import { addExtension, Packr } from "msgpackr/pack";
import { describe, expect, it } from "vitest";
import { msgpackr } from "unsession/serializers/msgpackr";
import { describeSerializer } from "./contract.ts";

const packr = new Packr({ structuredClone: true, mapsAsObjects: false });
const pack = (value: unknown, by = packr): Uint8Array => Uint8Array.from(by.pack(value));
const bytes = (...parts: (number | Uint8Array | string)[]): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === "number" ? Uint8Array.of(part) : Buffer.from(part))));

/** `{ a: value }`, as a record of one key. */
const sessionOf = (...value: Parameters<typeof bytes>): Uint8Array => bytes(0xd4, 0x72, 0x40, 0x91, 0xa1, "a", ...value);

/** Each holds the one before twice: 2^n paths in n × 20 bytes. */
function aliasBomb(levels: number): unknown {
  let bomb: unknown = ["x"];
  for (let level = 0; level < levels; level++) bomb = [bomb, bomb];
  return bomb;
}

/** A chain of which each link stands at the top too. */
function chain(links: number): unknown[] {
  const list: unknown[] = [[]];
  for (let link = 1; link < links; link++) list.push([list[link - 1]]);
  return list;
}

const nest = (levels: number, ...opening: number[]): Uint8Array =>
  bytes(...Array.from({ length: levels }, () => opening).flat(), 1);
const bigint = (size: number): Uint8Array => bytes(0xc8, size >> 8, size & 0xff, 0x42, new Uint8Array(size).fill(0x7f));

describeSerializer("msgpackr", {
  make: msgpackr,
  hostile: [
    ["nothing", bytes()],
    ["a number", bytes(5)],
    ["nil", bytes(0xc0)],
    ["a text", pack("x")],
    ["a list", pack([1])],
    ["a Map", pack(new Map([["a", 1]]))],
    ["a Set", pack(new Set())],
    ["a Date", pack(new Date(0))],
    ["an object as a map", pack({ a: 1 }, new Packr({ useRecords: false }))],
    ["text", "a text where there should be bytes"],
    ["a key constructor", bytes(0xd4, 0x72, 0x40, 0x91, 0xab, "constructor", 1)],
    ["a key prototype below", sessionOf(0xd4, 0x72, 0x41, 0x91, 0xa9, "prototype", 1)],
    ["a key of a control", bytes(0xd4, 0x72, 0x40, 0x91, 0xa3, "$id", 1)],
    ["a record that nobody described", bytes(0x40)],
    ["a record that nobody described, below", sessionOf(0x55)],
    ["a record that is described by a number", bytes(0xd4, 0x72, 0x40, 5)],
    ["a record whose key is a list", bytes(0xd4, 0x72, 0x40, 0x91, 0x90, 1)],
    ["a record whose key is a number", bytes(0xd4, 0x72, 0x40, 0x91, 1, 1)],
    ["a record of two bytes", bytes(0xd5, 0x72, 0x60, 0, 0x91, 0xa1, "a", 1)],
    ["a record of shared structures", pack({ a: 1 }, new Packr({ structures: [] }))],
    ["keys that point to nothing", bytes(0xd4, 0x72, 0x40, 0xd6, 0x70, 0, 0, 0, 1, 1)],
    ["a pointer to nothing", sessionOf(0xd6, 0x70, 0, 0, 0, 9)],
    ["bundled strings", pack({ a: "a text", b: "another text" }, new Packr({ bundleStrings: true }))],
    ["bundled strings somewhere else", sessionOf(0xd6, 0x62, 0xff, 0xff, 0xff, 0xf0, 0xc1, 5)],
    ["the token that is never used", sessionOf(0xc1)],
    ["an extension of an unknown type", sessionOf(0xd4, 0x20, 0)],
    ["an extension of a known type and another size", sessionOf(0xd5, 0x73, 0, 0, 0x90)],
    ["an extension that is longer than all", sessionOf(0xc9, 0xff, 0xff, 0xff, 0xff, 0x74, 1)],
    ["an ArrayBuffer", pack({ a: new ArrayBuffer(2) })],
    ["a typed array of an unknown type", sessionOf(0xd5, 0x74, 0x63, 0)],
    ["a list of four billion", sessionOf(0xdd, 0xff, 0xff, 0xff, 0xff)],
    ["lists of 60,000, each in the one before", sessionOf(nest(200, 0xdc, 0xea, 0x60))],
    ["a map of four billion", sessionOf(0xdf, 0xff, 0xff, 0xff, 0xff)],
    ["a text of four billion", sessionOf(0xdb, 0xff, 0xff, 0xff, 0xff)],
    ["bytes of four billion", sessionOf(0xc6, 0xff, 0xff, 0xff, 0xff)],
    ["70 levels", sessionOf(nest(70, 0x91))],
    ["60,000 levels of lists", sessionOf(nest(60_000, 0x91))],
    ["60,000 levels of maps", sessionOf(nest(60_000, 0x81, 1))],
    ["20,000 levels of Sets", sessionOf(nest(15_000, 0xd4, 0x73, 0, 0x91))],
    ["10,000 levels of ids", sessionOf(nest(10_000, 0xd6, 0x69, 0, 0, 0, 1))],
    ["20,000 levels of errors", sessionOf(nest(15_000, 0xd4, 0x65, 0, 0x91))],
    ["a bigint of 2,000 bytes", sessionOf(bigint(2000))],
    ["a bigint of 60,000 bytes", sessionOf(bigint(60_000))],
    ["an error that is called as what every object has", sessionOf(0xd4, 0x65, 0, 0x93, 0xa7, "valueOf", 0xa1, "x", 0xc0)],
    ["an error of a name that is none of the language", sessionOf(0xd4, 0x65, 0, 0x93, 0xa4, "Oops", 0xa1, "x", 0xc0)],
    ["an AggregateError", pack({ a: new AggregateError([]) })],
    ["a pattern that is none", sessionOf(0xd4, 0x78, 0, 0x92, 0xa1, "(", 0xa0)],
    ["three thousand levels that stand at the top too", pack({ list: chain(3000) })],
    ["aliases that multiply, with a byte behind", bytes(pack({ bomb: aliasBomb(40) }), 0)],
    ["aliases that multiply, in 80 levels", pack({ bomb: aliasBomb(80) })],
    ["more than a session may hold", pack({ a: "x".repeat(65_536) })],
  ],
});

describe("msgpackr", () => {
  it("keeps a key that reaches a prototype out of it", async () => {
    const data = (await msgpackr().deserialize(bytes(0xd4, 0x72, 0x40, 0x91, 0xa9, "__proto__", 0xc3))) as object;
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
    expect(Object.keys(data)).not.toContain("__proto__");
  });

  it("writes nothing that it would not read because the application taught msgpackr another way", async () => {
    class Flag {}
    const own = msgpackr();
    addExtension({ Class: Flag, type: 0x21, write: () => 1, read: () => new Flag() });
    await expect((async () => own.serialize({ flag: new Flag() }))()).rejects.toThrow("an extension of an unknown type");
    await expect((async () => own.deserialize(sessionOf(0xd4, 0x21, 0, 1)))()).rejects.toThrow("an extension of an unknown type");
  });

  it("gives bytes that stay as they are when others are written", async () => {
    const own = msgpackr();
    const first = await own.serialize({ a: "first" });
    const before = [...first];
    for (let times = 0; times < 1000; times++) await own.serialize({ b: "x".repeat(times) });
    expect([...first]).toEqual(before);
    expect(first.constructor).toBe(Uint8Array);
  });
});
