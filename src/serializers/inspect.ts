import { tooLargeError, valueError, type SessionError } from "../errors.ts";
import { containerKind, isForbiddenKey, type Container } from "../tracking/kinds.ts";
import type { Path } from "../tracking/path.ts";

/** Deeper trees are refused: several serializers overflow the stack on them (devalue, msgpackr). */
export const MAX_DEPTH = 64;

/** Longer numbers are refused: parsing takes quadratic time (a million digits stall a process for 0.4 s). */
export const MAX_BIGINT_DIGITS = 4096;
const BIGINT_LIMIT = 10n ** BigInt(MAX_BIGINT_DIGITS);

/** What the built-in serializers keep beyond plain containers; `Buffer` and other subclasses come back as something else. */
const KEPT_PROTOTYPES = new Set<unknown>(
  [
    Date,
    RegExp,
    URL,
    Error,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
  ].map((type) => type.prototype),
);

/** Containers of another realm (a vm context, a test runner's sandbox) are unknown to serializers, which ask `instanceof Map`. */
const OWN_PROTOTYPES = new Set<unknown>([Object.prototype, Array.prototype, Map.prototype, Set.prototype, null]);

/** How data can be kept: by JSON as it is; only by a serializer with more types; or that, if it is copied into this realm first. */
export type Richness = "plain" | "rich" | "foreign";

/**
 * Walks data that is about to be stored, and tells whether JSON keeps all of it.
 *
 * `path` is where the data stands in a session. With `anyObject` the kinds of objects are left to the serializer; depth, keys and digits are checked all the same. Holes of
 * arrays are filled with `undefined`, which reads the same, since no serializer keeps them.
 *
 * @throws {SessionError} `ERR_SESSION_VALUE` for what would be dropped or changed, with its path.
 */
export function inspect(data: Container, maxNodes: number, anyObject: boolean, path: Path = []): Richness {
  const inspection = new Inspection(maxNodes, anyObject, path);
  for (const key of Object.keys(data)) {
    if (key.startsWith("$"))
      throw valueError([...path, key], "has a key that begins with `$`", "These names are controls of the session");
  }
  inspection.visit(data);
  if (!inspection.rich) return "plain";
  return inspection.foreign ? "foreign" : "rich";
}

class Inspection {
  rich = false;
  foreign = false;
  readonly #anyObject: boolean;
  readonly #maxNodes: number;
  #nodes = 0;
  readonly #path: unknown[];
  /** The containers around the one at hand, to tell a ring from a deep tree. */
  readonly #around: Container[] = [];

  constructor(maxNodes: number, anyObject: boolean, path: Path) {
    this.#path = [...path];
    this.#maxNodes = maxNodes;
    this.#anyObject = anyObject;
  }

  visit(value: unknown): void {
    switch (typeof value) {
      case "string":
      case "boolean":
        return;
      case "number":
        // JSON turns these into `null` and 0.
        if (!Number.isFinite(value) || Object.is(value, -0)) this.rich = true;
        return;
      case "undefined":
        this.rich = true;
        return;
      case "bigint":
        this.rich = true;
        if (value >= BIGINT_LIMIT || value <= -BIGINT_LIMIT) {
          throw this.#refuse(`is a bigint of more than ${MAX_BIGINT_DIGITS} digits`, "Store it as bytes, in a Uint8Array");
        }
        return;
      case "object":
        if (value !== null) this.#object(value);
        return;
      default:
        throw this.#refuse(`is a ${typeof value}`, "Keep only data in a session");
    }
  }

  #object(value: object): void {
    const kind = containerKind(value);
    if (kind === undefined) return this.#leaf(value);
    this.foreign ||= !OWN_PROTOTYPES.has(Object.getPrototypeOf(value));
    if (this.#around.includes(value)) {
      // A ring: JSON cannot, richer serializers can.
      this.rich = true;
      return;
    }
    this.#checkDepth();
    // Aliases multiply when they are written out: each node takes a byte at least.
    if (++this.#nodes > this.#maxNodes) throw tooLargeError(this.#nodes, this.#maxNodes, [`session.${String(this.#path[0])}`]);
    this.#around.push(value);
    if (kind === "object") this.#fields(value as Record<string, unknown>);
    else if (kind === "array") this.#items(value as unknown[]);
    else if (kind === "map") this.#entries(value as Map<unknown, unknown>);
    else this.#members(value as Set<unknown>);
    this.#around.pop();
  }

  #checkDepth(): void {
    if (this.#around.length > MAX_DEPTH) {
      throw this.#refuse(`is nested more than ${MAX_DEPTH} levels deep`, "Flatten the data");
    }
  }

  #fields(object: Record<string, unknown>): void {
    const keys = Object.keys(object);
    const own = Reflect.ownKeys(object);
    if (own.length > keys.length) {
      this.#path.push(own.find((key) => !Object.prototype.propertyIsEnumerable.call(object, key) || typeof key === "symbol"));
      throw this.#refuse("is a hidden property, which is not kept", "Use an enumerable one with a string as its key");
    }
    for (const key of keys) {
      if (isForbiddenKey(key)) {
        this.#path.push(key);
        throw this.#refuse("has a key that reaches a prototype", "Use another key");
      }
      // The same as no key at all.
      if (object[key] !== undefined) this.#step(key, object[key]);
    }
  }

  #items(items: unknown[]): void {
    if (items.length > this.#maxNodes) {
      throw this.#refuse(`has ${items.length} items, more than could be stored`, "Keep fewer, or raise `maxBytes`");
    }
    for (let index = 0; index < items.length; index++) {
      if (!(index in items) && !Reflect.set(items, index, undefined)) {
        this.#path.push(index);
        throw this.#refuse("is a hole in an array that cannot be filled", "Put `null` there before you freeze it");
      }
      this.#step(index, items[index]);
    }
  }

  #entries(map: Map<unknown, unknown>): void {
    this.rich = true;
    this.#checkRings(map.keys());
    for (const [key, value] of map) {
      this.#step(key, key);
      this.#step(key, value);
    }
  }

  #members(set: Set<unknown>): void {
    this.rich = true;
    this.#checkRings(set);
    for (const member of set) this.#step(member, member);
  }

  /** superjson writes `null` where a ring closes, so that of two such members, or keys, one would be left. */
  #checkRings(keys: Iterable<unknown>): void {
    if (this.#anyObject) return;
    let nulls = 0;
    for (const key of keys) {
      const isNull = key === null || (typeof key === "object" && this.#around.includes(key));
      if (isNull && ++nulls > 1) throw this.#refuse("holds more than one container of itself", "Refer to these by a name");
    }
  }

  #step(key: unknown, value: unknown): void {
    this.#path.push(key);
    this.visit(value);
    this.#path.pop();
  }

  #leaf(value: object): void {
    this.rich = true;
    if (this.#anyObject) return;
    const prototype: unknown = Object.getPrototypeOf(value);
    // A test's fake clock puts a Date of its own in the place of the real one.
    if (!KEPT_PROTOTYPES.has(prototype) && prototype !== Date.prototype) {
      throw this.#refuse(`is ${nameOf(value)}`, "Store its data as a plain object, or choose a `serializer` that knows it");
    }
    if (value instanceof Date && Number.isNaN(value.getTime())) {
      throw this.#refuse("is an invalid Date", "Store `null` instead");
    }
    if (value instanceof Error) this.#error(value);
    if (value instanceof Float32Array || value instanceof Float64Array) this.#floats(value);
  }

  /** Name, message and cause are kept; what else an error carries would be lost. */
  #error(error: Error): void {
    const lost = Object.keys(error).find((key) => key !== "name" && key !== "message" && key !== "cause");
    if (lost !== undefined) {
      this.#path.push(lost);
      throw this.#refuse("is a property of an Error, which is not kept", "Store a plain object instead");
    }
    if (error.cause === undefined) return;
    if (this.#around.includes(error)) throw this.#refuse("is its own cause", "Store a plain object instead");
    this.#checkDepth();
    this.#around.push(error);
    this.#step("cause", error.cause);
    this.#around.pop();
  }

  #floats(floats: Float32Array | Float64Array): void {
    const index = floats.findIndex((float) => !Number.isFinite(float) || Object.is(float, -0));
    if (index < 0) return;
    this.#path.push(index);
    throw this.#refuse("is NaN, infinite or -0 in a typed array, which is not kept", "Use a plain array");
  }

  #refuse(what: string, advice: string): SessionError {
    return valueError([...this.#path], what, advice);
  }
}

function nameOf(value: object): string {
  const { constructor } = value;
  const name = typeof constructor === "function" && constructor.name !== "" ? constructor.name : "an unnamed class";
  return `an instance of ${name}`;
}
