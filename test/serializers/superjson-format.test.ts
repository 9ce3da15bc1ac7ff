import fc from "fast-check";
import { SuperJSON } from "superjson";
import { describe, expect, it } from "vitest";
import type { ValueKind } from "unsession";
import { superjson } from "unsession/serializers/superjson";
import { fromError, isError, toError, type ErrorFields } from "../../src/serializers/error-fields.ts";
import { graphs } from "./_graphs.ts";
import { samples, sessionsOf, trees } from "./_samples.ts";

/** superjson itself, with the two types that sessions write in their own way. */
const library = new SuperJSON();
library.registerCustom<bigint, string>(
  { isApplicable: (value): value is bigint => typeof value === "bigint", serialize: String, deserialize: BigInt },
  "bigint",
);
library.registerCustom<Error, never>(
  {
    isApplicable: isError,
    serialize: (error) => fromError(error) as never,
    deserialize: (fields) => toError(fields as ErrorFields),
  },
  "Error",
);

const numRuns = process.env["LONG"] === undefined ? 500 : 20_000;

const ours = superjson();
const keeps = ours.keeps as ReadonlySet<ValueKind>;

const shared = { at: new Date(0) };
const ring: Record<string, unknown> = { "a.b": shared, "\\": [shared, NaN, NaN, 7n, 7n] };
ring["self"] = ring;

const texts: [string, unknown][] = [
  ["plain data", { a: [1, "b", null, { c: true }] }],
  ["keys with dots and backslashes", { "a.b": { "c\\.d": new Set([new Date(0)]) }, "\\": undefined }],
  ["keys that are numbers, out of order", { b: [new Date(0)], 1: new Date(1), 0: { 2: -0, "1.x": NaN } }],
  ["an object in several places, and in itself", ring],
  ["a ring of the root alone", Object.assign({}, { self: undefined }, { list: [ring] })],
  ["a Map whose keys are Maps", { map: new Map([[new Map([[{ at: new Date(0) }, undefined]]), new Set([1n])]]) }],
  ["a Map in itself", { map: ((map) => map.set("self", map))(new Map<string, unknown>()) }],
  ["an error with an error as its cause", { error: new TypeError("a", { cause: new Error("b", { cause: 1n }) }) }],
  ["a hole", { list: Object.assign([1], { 2: new Date(0) }) }],
  ["an object without a prototype", { bare: Object.assign(Object.create(null) as object, { at: new Date(0) }) }],
  ["what only superjson knows", { at: new Date(NaN), inside: [new DataView(new ArrayBuffer(1))], run: () => 1 }],
];

describe("The superjson format", () => {
  it.each(texts)("is written as superjson writes it: %s", async (_, data) => {
    expect(await ours.serialize(data)).toBe(library.stringify(data));
  });

  it.each([...keeps])("is written as superjson writes it: any %s", (kind) =>
    fc.assert(
      fc.asyncProperty(fc.array(samples[kind], { maxLength: 3 }), async (values) => {
        expect(await ours.serialize({ values })).toBe(library.stringify({ values }));
      }),
    ),
  );

  it("is written as superjson writes it: any tree", () =>
    fc.assert(
      fc.asyncProperty(sessionsOf(trees(keeps)), async (data) => {
        expect(await ours.serialize(data)).toBe(library.stringify(data));
      }),
      { numRuns },
    ));

  it("is written as superjson writes it: any graph", () =>
    fc.assert(
      fc.asyncProperty(graphs(true), async (data) => {
        expect(await ours.serialize(data)).toBe(library.stringify(data));
      }),
      { numRuns },
    ));

  it("is refused where a typed array would be made of a length", async () => {
    const text = '{"json":{"a":4000000000},"meta":{"values":{"a":[["typed-array","Uint8Array"]]},"v":1}}';
    await expect(async () => await ours.deserialize(text)).rejects.toThrow("no list");
  });

  it("is refused where an item of a Set would be annotated that is no longer at hand", async () => {
    const text = '{"json":{"a":["1970"]},"meta":{"values":{"a":["set"],"a.0":["Date"]},"v":1}}';
    await expect(async () => await ours.deserialize(text)).rejects.toThrow("an annotation of nothing");
  });
});
