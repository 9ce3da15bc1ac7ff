import fc from "fast-check";
import type { ValueKind } from "unsession";

/** Keys that no session may have, and that look dangerous to a format. */
export const keys: fc.Arbitrary<string> = fc
  .oneof(
    fc.string(),
    fc.constantFrom(
      "",
      "0",
      "a.b",
      "a\\.b",
      "\\",
      ".",
      "then",
      "toJSON",
      "length",
      "json",
      "meta",
      "values",
      "hasOwnProperty",
      "null",
    ),
  )
  .filter((name) => !["__proto__", "constructor", "prototype"].includes(name));

/** What JSON keeps, but for containers. */
export const plain: fc.Arbitrary<unknown> = fc.oneof(
  fc.string(),
  fc.string({ unit: "grapheme", maxLength: 100 }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (number === 0 ? 0 : number)),
  fc.boolean(),
  fc.constant(null),
);

const errors = fc.constantFrom(Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError);
const causes = fc.option(plain, { nil: undefined });
const error = fc
  .tuple(errors, fc.string(), causes)
  .map(([Type, message, cause]) => new Type(message, cause === undefined ? undefined : { cause }));
const integers = fc.constantFrom(Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array);
const floats = fc.constantFrom(Float32Array, Float64Array);
const finite = fc.float({ noNaN: true, noDefaultInfinity: true }).map((number) => (number === 0 ? 0 : number));
const buffers = fc.uint8Array({ maxLength: 40 }).map((bytes) => Uint8Array.from(bytes).buffer);

/** Part of a larger buffer, which is nobody's business. */
function inLarger<V extends ArrayBufferView>(make: (buffer: ArrayBuffer, offset: number) => V, length: number): V {
  return make(new ArrayBuffer(length + 64), 16);
}

/** Values of each kind, by themselves: nothing but what JSON keeps, and Maps and Sets around cycles, is in them beside. */
export const samples: Record<ValueKind, fc.Arbitrary<unknown>> = {
  undefined: fc.constant([undefined, 1]),
  NaN: fc.constant(NaN),
  Infinity: fc.constantFrom(Infinity, -Infinity),
  "-0": fc.constant(-0),
  bigint: fc.oneof(
    fc.bigInt(),
    fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
    fc.constantFrom(
      0n,
      64n,
      2n ** 63n,
      -(2n ** 63n),
      2n ** 64n - 1n,
      2n ** 64n,
      -(2n ** 64n),
      10n ** 4096n - 1n,
      1n - 10n ** 4096n,
    ),
  ),
  "lone surrogate": fc.constantFrom("\ud800", "a\udc00b", { "\udfff": 1 }),
  Map: fc.oneof(
    fc.array(fc.tuple(plain, plain), { maxLength: 20 }).map((entries) => new Map(entries)),
    fc.constant(new Map([[{ a: 1 }, new Map([[["k"], 1]])]])),
  ),
  Set: fc.array(plain, { maxLength: 20 }).map((members) => new Set(members)),
  cycle: fc.constantFrom(objectRing(), arrayRing()),
  "cyclic keys": fc.constant(cyclicKeys()),
  Date: fc.date({ noInvalidDate: true }),
  "invalid Date": fc.constant(new Date(NaN)),
  RegExp: fc.constantFrom(/a\/b/giu, /(?<year>\d{4})/, new RegExp("")),
  URL: fc.webUrl({ withQueryParameters: true }).map((url) => new URL(url)),
  Error: error,
  "renamed Error": error.map((one) => Object.assign(one, { name: "PaymentError" })),
  "typed array": fc.oneof(
    fc.tuple(integers, fc.array(fc.integer(), { maxLength: 40 })).map(([Type, numbers]) => Type.from(numbers)),
    fc.tuple(floats, fc.array(finite, { maxLength: 40 })).map(([Type, numbers]) => Type.from(numbers)),
    fc.constant(inLarger((buffer, offset) => new Uint8Array(buffer, offset, 3), 3)),
  ),
  "special float": floats.map((Type) => Type.of(1, NaN, Infinity, -Infinity, -0)),
  "bigint typed array": fc.oneof(
    fc
      .array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { maxLength: 9 })
      .map((numbers) => BigInt64Array.from(numbers)),
    fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: 9 }).map((numbers) => BigUint64Array.from(numbers)),
  ),
  DataView: fc.oneof(
    buffers.map((buffer) => new DataView(buffer)),
    fc.constant(inLarger((buffer, offset) => new DataView(buffer, offset, 3), 3)),
  ),
};

function objectRing(): unknown {
  const ring: Record<string, unknown> = { list: [] };
  ring["self"] = ring;
  (ring["list"] as unknown[]).push(ring, ring["list"]);
  return ring;
}

function arrayRing(): unknown {
  const ring: unknown[] = [1];
  ring.push({ ring });
  return ring;
}

function cyclicKeys(): unknown {
  const inner: unknown[] = [];
  const outer = { inner };
  inner.push(new Set([inner, outer]));
  return outer;
}

/** Trees of what JSON keeps and of some kinds more. */
export function trees(kinds: ReadonlySet<ValueKind>): fc.Arbitrary<unknown> {
  // Cycles are for graphs, and lone surrogates would be in no key here.
  const leaves = [...kinds].filter((kind) => !kind.startsWith("cycl")).map((kind) => samples[kind]);
  return fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.oneof(plain, ...leaves),
      fc.array(tie("tree"), { maxLength: 5 }),
      fc.dictionary(keys, tie("tree"), { maxKeys: 5 }),
      ...(kinds.has("Map")
        ? [fc.array(fc.tuple(tie("tree"), tie("tree")), { maxLength: 3 }).map((entries) => new Map(entries))]
        : []),
      ...(kinds.has("Set") ? [fc.array(tie("tree"), { maxLength: 3 }).map((members) => new Set(members))] : []),
    ),
  })).tree;
}

/** Sessions made of trees. */
export function sessionsOf(tree: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> {
  const names = keys.filter((name) => !name.startsWith("$"));
  return fc.dictionary(names, tree, { maxKeys: 5, noNullPrototype: true });
}
