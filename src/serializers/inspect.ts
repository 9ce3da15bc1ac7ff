import { tooLargeError, valueError, type SessionError } from "../errors.ts";
import { containerKind, isForbiddenKey, type Container } from "../tracking/kinds.ts";
import type { Path } from "../tracking/path.ts";
import { HAS_OWN, hidesProperties, isAsItIs, isForbiddenName, isPlainField, isPlainObject, MAX_DEPTH } from "./plain-tree.ts";
import { kindOf, kindOfNumber, specialFloat, type ValueKind } from "./value-kinds.ts";

/** Longer numbers are refused: parsing takes quadratic time (a million digits stall a process for 0.4 s). */
export const MAX_BIGINT_DIGITS = 4096;
const BIGINT_LIMIT = 10n ** BigInt(MAX_BIGINT_DIGITS);

/** Containers of another realm (a vm context, a test runner's sandbox) are unknown to serializers, which ask `instanceof Map`. */
const OWN_PROTOTYPES = new Set<unknown>([Object.prototype, Array.prototype, Map.prototype, Set.prototype, null]);

type Fields = Record<string, unknown>;

/** How data can be kept: by JSON as it is; only by a serializer with more types; or that, if it is copied into this realm first. */
export type Richness = "plain" | "rich" | "foreign";

/** What a serializer keeps beyond JSON; `undefined` if that is its own matter. */
export type Keeps = ReadonlySet<ValueKind> | undefined;

/**
 * Walks data that is about to be stored, and tells whether JSON keeps all of it.
 *
 * `path` is where the data stands in a session; `held` is false if nobody else can hold a part of it. Depth, keys and digits are
 * checked whatever the serializer keeps. Holes of arrays are filled with `undefined`, which reads the same, since no serializer
 * keeps them.
 *
 * @throws {SessionError} `ERR_SESSION_VALUE` for what would be dropped or changed, with its path.
 */
export function inspect(data: Container, maxNodes: number, keeps: Keeps, path: Path = [], held = true): Richness {
  const bounds = { left: maxNodes, held };
  const keepsAnyText = keeps === undefined || keeps.has("lone surrogate");
  let [keys, nodes] = [0, 0];
  // Most fields are plain beside a rich one. Further in, trying each would take the square of the time.
  const others: string[] = [];
  for (const key in data) {
    if (!HAS_OWN.call(data, key)) continue;
    keys++;
    if (key[0] === "$")
      throw valueError([...path, key], "has a key that begins with `$`", "These names are controls of the session");
    const { left } = bounds;
    if (keepsAnyText && !isForbiddenName(key) && isPlainField((data as Fields)[key], bounds)) nodes += left - bounds.left;
    else others.push(key);
  }
  if (others.length === 0 && isPlainObject(data) && !(held && hidesProperties(data, keys))) return "plain";
  const inspection = new Inspection(maxNodes, keeps, path, nodes);
  inspection.visit(data, others);
  if (!inspection.rich) return "plain";
  return inspection.foreign ? "foreign" : "rich";
}

const OTHER_SERIALIZER = "Choose a `serializer` that keeps it, or store something else";

class Inspection {
  rich = false;
  foreign = false;
  readonly #keeps: Keeps;
  readonly #keepsAnyText: boolean;
  readonly #maxNodes: number;
  #nodes: number;
  readonly #path: unknown[];
  /** The containers around the one at hand, to tell a ring from a deep tree. */
  readonly #around: Container[] = [];

  constructor(maxNodes: number, keeps: Keeps, path: Path, nodes: number) {
    this.#nodes = nodes;
    this.#keepsAnyText = keeps === undefined || keeps.has("lone surrogate");
    this.#path = [...path];
    this.#maxNodes = maxNodes;
    this.#keeps = keeps;
  }

  /** @param among the fields to look into, if it is known of the others that they are plain */
  visit(value: unknown, among?: readonly string[]): void {
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "boolean":
        return;
      case "number":
        return this.#number(value);
      case "undefined":
        return this.#need("undefined", "is undefined", "Store `null` instead");
      case "bigint":
        this.#need("bigint", "is a bigint");
        if (value >= BIGINT_LIMIT || value <= -BIGINT_LIMIT) {
          throw this.#refuse(`is a bigint of more than ${MAX_BIGINT_DIGITS} digits`, "Store it as bytes, in a Uint8Array");
        }
        return;
      case "object":
        if (value !== null) this.#object(value, among);
        return;
      default:
        throw this.#refuse(`is a ${typeof value}`, "Keep only data in a session");
    }
  }

  #object(value: object, among?: readonly string[]): void {
    const leaf = kindOf(value);
    const kind = leaf === undefined ? containerKind(value) : undefined;
    if (kind === undefined) return this.#leaf(value, leaf);
    this.foreign ||= !OWN_PROTOTYPES.has(Object.getPrototypeOf(value));
    if (this.#around.includes(value)) return this.#need("cycle", "is inside itself");
    this.#checkDepth();
    // Aliases multiply when they are written out: each node takes a byte at least.
    if (++this.#nodes > this.#maxNodes) throw tooLargeError(this.#nodes, this.#maxNodes, [`session.${String(this.#path[0])}`]);
    this.#around.push(value);
    if (kind === "object") this.#fields(value as Fields, among);
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

  #fields(object: Fields, among?: readonly string[]): void {
    const keys = Object.keys(object);
    if (hidesProperties(object, keys.length)) {
      const isHidden = (key: string | symbol): boolean =>
        !Object.prototype.propertyIsEnumerable.call(object, key) || typeof key === "symbol";
      this.#path.push(Reflect.ownKeys(object).find(isHidden));
      throw this.#refuse("is a hidden property, which is not kept", "Use an enumerable one with a string as its key");
    }
    for (const key of among ?? keys) {
      if (isForbiddenKey(key)) {
        this.#path.push(key);
        throw this.#refuse("has a key that reaches a prototype", "Use another key");
      }
      this.#text(key);
      const value = object[key];
      // As `undefined`, the same as no key at all.
      if (value !== undefined) this.#step(key, value);
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
    this.#need("Map", "is a Map");
    this.#checkRings(map.keys());
    for (const [key, value] of map) {
      this.#step(key, key);
      this.#step(key, value);
    }
  }

  #members(set: Set<unknown>): void {
    this.#need("Set", "is a Set");
    this.#checkRings(set);
    for (const member of set) this.#step(member, member);
  }

  /** superjson writes `null` where a ring closes, so that of two such members, or keys, one would be left. */
  #checkRings(keys: Iterable<unknown>): void {
    if (this.#may("cyclic keys")) return;
    let nulls = 0;
    for (const key of keys) {
      const isNull = key === null || (typeof key === "object" && this.#around.includes(key));
      if (isNull && ++nulls > 1) throw this.#refuse("holds more than one container of itself", "Refer to these by a name");
    }
  }

  #step(key: unknown, value: unknown): void {
    if (this.#keepsAnyText && isAsItIs(value)) return;
    this.#path.push(key);
    this.visit(value);
    this.#path.pop();
  }

  #text(text: string): void {
    if (!this.#keepsAnyText && /\p{Surrogate}/u.test(text)) {
      throw this.#refuse("holds half a surrogate pair", OTHER_SERIALIZER);
    }
  }

  #number(value: number): void {
    const kind = kindOfNumber(value);
    if (kind !== undefined) this.#need(kind, `is ${kind}`);
  }

  #leaf(value: object, kind: ValueKind | undefined): void {
    this.rich = true;
    if (this.#keeps === undefined) return;
    if (kind === undefined || !this.#may(kind)) throw this.#unkept(value, kind);
    if (value instanceof Error) this.#error(value);
  }

  #unkept(value: object, kind: ValueKind | undefined): SessionError {
    if (kind === "invalid Date") return this.#refuse("is an invalid Date", "Store `null` instead");
    if (kind === "special float" && this.#may("typed array")) {
      this.#path.push(specialFloat(value));
      return this.#refuse("is NaN, infinite or -0 in a typed array, which is not kept", "Use a plain array");
    }
    return this.#refuse(`is ${nameOf(value)}`, "Store its data as a plain object, or choose a `serializer` that knows it");
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

  /** Takes note of what JSON does not keep, and refuses it if the serializer does not either. */
  #need(kind: ValueKind, what: string, advice: string = OTHER_SERIALIZER): void {
    this.rich = true;
    if (!this.#may(kind)) throw this.#refuse(what, advice);
  }

  #may(kind: ValueKind): boolean {
    return this.#keeps === undefined || this.#keeps.has(kind);
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
