/** Kinds of values that JSON would lose or change. What a serializer keeps of them is in `docs/serializers.md`. */
export const VALUE_KINDS = [
  /** In an array, a Map or a Set; a key that holds it is no key. */
  "undefined",
  "NaN",
  "Infinity",
  "-0",
  "bigint",
  /** Half of a character of two UTF-16 units, in a text or a key. */
  "lone surrogate",
  "Map",
  "Set",
  /** A container that is inside itself. */
  "cycle",
  /** Several members of one Set, or keys of one Map, that it is inside of. */
  "cyclic keys",
  "Date",
  "invalid Date",
  "RegExp",
  "URL",
  /** With name, message and cause; of one of the classes of the language, but for AggregateError. */
  "Error",
  /** An error whose name is not that of its class. */
  "renamed Error",
  /** Of integers of up to 32 bits, or of finite floats. */
  "typed array",
  /** NaN, an infinity or -0 in a typed array. */
  "special float",
  "bigint typed array",
  "DataView",
] as const;

/** One of {@link VALUE_KINDS}. */
export type ValueKind = (typeof VALUE_KINDS)[number];

export function everyKindBut(...kinds: readonly ValueKind[]): ReadonlySet<ValueKind> {
  return new Set(VALUE_KINDS.filter((kind) => !kinds.includes(kind)));
}

/** The errors of the language that hold nothing of their own, which an AggregateError does. */
export const ERRORS: readonly ErrorConstructor[] = [
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
];

/** By prototype, which tells `Buffer` and other subclasses: they would come back as something else. */
const KINDS = new Map<unknown, ValueKind>([
  [Date.prototype, "Date"],
  [RegExp.prototype, "RegExp"],
  [URL.prototype, "URL"],
  [DataView.prototype, "DataView"],
  ...ERRORS.map((type) => [type.prototype, "Error"] as const),
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array].map(
    (type) => [type.prototype, "typed array"] as const,
  ),
  ...[BigInt64Array, BigUint64Array].map((type) => [type.prototype, "bigint typed array"] as const),
]);

/** The kind of an object that is no container; `undefined` for an instance of any other class. */
export function kindOf(value: object, prototype: unknown = Object.getPrototypeOf(value)): ValueKind | undefined {
  const kind = KINDS.get(prototype);
  // A test's fake clock puts a Date of its own in the place of the real one.
  if (kind === "Date" || prototype === Date.prototype) return Number.isNaN((value as Date).getTime()) ? "invalid Date" : "Date";
  if (kind === "Error") return (value as Error).name === (prototype as Error).name ? kind : "renamed Error";
  return specialFloat(value) < 0 ? kind : "special float";
}

/** The kind of a number that JSON would change. */
export function kindOfNumber(value: number): ValueKind | undefined {
  if (Object.is(value, -0)) return "-0";
  return Number.isFinite(value) ? undefined : Number.isNaN(value) ? "NaN" : "Infinity";
}

/** The index of a float that JSON would change, −1 if there is none. */
export function specialFloat(value: object): number {
  const isFloats = value instanceof Float32Array || value instanceof Float64Array;
  return isFloats ? value.findIndex((float) => kindOfNumber(float) !== undefined) : -1;
}
