import { isForbiddenKey } from "../tracking/kinds.ts";
import { parsePath } from "./aliases.ts";
import { toError, type ErrorFields } from "./error-fields.ts";
import { MAX_BIGINT_DIGITS } from "./inspect.ts";
import { HAS_OWN } from "./plain-tree.ts";
import { specialFloat } from "./value-kinds.ts";

type Fields = Record<string, unknown>;
/** Makes a value of a type that only superjson knows. */
type Others = (value: unknown, type: unknown) => unknown;

const TYPED_ARRAYS = new Map<unknown, { from(numbers: number[]): object }>(
  [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array].map(
    (type) => [type.name, type],
  ),
);

/**
 * Makes each annotated value of JSON what it was, in its place, what is inside it first.
 *
 * Annotations that superjson does not write are refused, since it goes by any: into a text in the place of a tree until the stack is
 * full, to an item far behind the end of a list, which it makes that long, and to a bigint of its own, which may be of any length.
 *
 * @throws {TypeError | SyntaxError | RangeError}
 */
export function restoreTypes(json: unknown, annotations: unknown, others: Others): unknown {
  if (!Array.isArray(annotations)) {
    restoreInside(json, annotations, others);
    return json;
  }
  // Destructuring would ask for an iterator.
  const inside: unknown = annotations[1];
  if (inside !== undefined) restoreInside(json, inside, others);
  return restore(json, annotations[0], others);
}

function restoreInside(value: unknown, tree: unknown, others: Others): void {
  if (typeof tree !== "object" || tree === null) throw new TypeError("annotations that are no tree");
  // Most stand beside the one before, and are reached the same way.
  let way = "";
  let at = value;
  for (const path in tree) {
    if (!HAS_OWN.call(tree, path)) continue;
    let last = path.slice(way.length);
    if (!path.startsWith(way) || last.includes(".") || path.includes("\\")) {
      const steps = parsePath(path);
      last = steps.pop() as string;
      at = steps.reduce(stepInto, value);
      way = path.slice(0, path.lastIndexOf(".") + 1);
    }
    const json = stepInto(at, last);
    const restored = restoreTypes(json, (tree as Fields)[path], others);
    if (restored !== json) (at as Fields)[last] = restored;
  }
}

function stepInto(at: unknown, step: string): unknown {
  if (!holds(at, step) || isForbiddenKey(step)) throw new TypeError("an annotation of nothing");
  return at[step];
}

/** False for what was restored already, into which no annotation leads. */
function holds(at: unknown, step: string): at is Fields {
  if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return false;
  return Array.isArray(at) ? step !== "length" : Object.getPrototypeOf(at) === Object.prototype;
}

function restore(value: unknown, type: unknown, others: Others): unknown {
  switch (type) {
    case "Date":
      return toDate(value as string);
    case "map":
      return new Map(listIn(value) as [unknown, unknown][]);
    case "set":
      return new Set(listIn(value));
    case "undefined":
      return undefined;
    case "number":
      return Number(value);
    case "URL":
      return new URL(value as string);
    case "bigint":
      throw new TypeError("a bigint of any length");
    default:
      return Array.isArray(type) ? restoreComposite(value, type as unknown[], others) : others(value, type);
  }
}

function restoreComposite(value: unknown, type: unknown[], others: Others): unknown {
  const [of, name] = type;
  if (of === "custom" && name === "bigint") return toBigint(value as string);
  if (of === "custom" && name === "Error") return toError(value as ErrorFields);
  const typedArray = of === "typed-array" ? TYPED_ARRAYS.get(name) : undefined;
  if (typedArray === undefined) return others(value, type);
  const restored = typedArray.from(listIn(value) as number[]);
  if (specialFloat(restored) >= 0) throw new TypeError("a float that JSON does not keep");
  return restored;
}

function toDate(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new TypeError("a Date that is none");
  return date;
}

/** A number in its place would be a length, and a text would be cut into characters. */
function listIn(value: unknown): unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  throw new TypeError("no list, where there should be one");
}

export function toBigint(digits: string): bigint {
  if (digits.length > MAX_BIGINT_DIGITS + "-".length) throw new TypeError("a bigint that is too long");
  return BigInt(digits);
}
