import { valueError } from "../errors.ts";
import { arrayIndex, containerKind, isForbiddenKey, type Container } from "./kinds.ts";
import { isPlain } from "./plain.ts";
import { nodeOf, toRaw } from "./raw.ts";
import { copy } from "./snapshot.ts";
import type { Tracker } from "./tracker.ts";
import { unwrap } from "./unwrap.ts";

/** Deeper trees cannot be stored; the check at commit says so, with the path. */
const MAX_SCAN_DEPTH = 64;

/**
 * Prepares a value for the tree: proxies in it give way to what is behind them, and what no serializer could keep is refused.
 *
 * What is behind a proxy of another tree than the owner's is copied: a write to one would otherwise show in the other, unseen.
 *
 * Looks for what can be named at the line that wrote it: functions, symbols, properties that are no plain values and keys that
 * reach a prototype. Kinds of objects that a serializer may not know are its own to refuse, at commit.
 *
 * @throws {SessionError} `ERR_SESSION_VALUE`, with the path.
 */
export function admit(value: unknown, path: () => unknown[], owner?: Tracker): unknown {
  if (typeof value === "object" ? value === null : typeof value !== "function" && typeof value !== "symbol") return value;
  return isPlain(value) ? value : new Admission(path, owner).admit(value);
}

/** Keys of objects that may be written. */
export function admitKey(key: unknown, path: () => unknown[]): void {
  if (typeof key === "symbol") throw valueError(path(), "has a symbol as its key", "Use a string");
  if (isForbiddenKey(key)) throw valueError(path(), "has a key that reaches a prototype", "Use another key");
}

class Admission {
  readonly #path: () => unknown[];
  readonly #steps: unknown[] = [];
  readonly #seen = new Set<Container>();
  readonly #owner: Tracker | undefined;
  readonly #copies = new Map<object, object>();
  #holdsProxies = false;

  constructor(path: () => unknown[], owner: Tracker | undefined) {
    this.#path = path;
    this.#owner = owner;
  }

  admit(value: unknown): unknown {
    this.#check(value);
    return this.#holdsProxies ? unwrap(value, this.#seen, (inner) => this.#rawOf(inner)) : value;
  }

  #rawOf(value: unknown): unknown {
    const node = typeof value === "object" && value !== null ? nodeOf(value) : undefined;
    return node === undefined || node.tracker === this.#owner ? toRaw(value) : copy(value, this.#copies);
  }

  #check(value: unknown): void {
    if (typeof value === "function" || typeof value === "symbol") {
      throw this.#refuse(`is a ${typeof value}`, "Keep only data in a session");
    }
    if (typeof value !== "object" || value === null || this.#seen.has(value)) return;
    // What is behind a proxy has been admitted before.
    if (toRaw(value) !== value) this.#holdsProxies = true;
    else if (this.#steps.length <= MAX_SCAN_DEPTH) this.#checkInside(value);
  }

  #checkInside(value: Container): void {
    this.#seen.add(value);
    switch (containerKind(value)) {
      case "object":
      case "array":
        for (const key of Reflect.ownKeys(value)) this.#checkProperty(value, key);
        break;
      case "map":
        this.#checkNoProperties(value);
        for (const [key, child] of value as Map<unknown, unknown>) {
          this.#checkAt(key, key);
          this.#checkAt(key, child);
        }
        break;
      case "set":
        this.#checkNoProperties(value);
        for (const member of value as Set<unknown>) this.#checkAt(member, member);
        break;
      default:
        if (value instanceof Error) this.#checkAt("cause", value.cause);
    }
  }

  #checkAt(step: unknown, child: unknown): void {
    this.#steps.push(step);
    this.#check(child);
    this.#steps.pop();
  }

  #checkProperty(value: Container, key: string | symbol): void {
    const isArray = Array.isArray(value);
    if (isArray && key === "length") return;
    const index = isArray && typeof key === "string" ? arrayIndex(key) : undefined;
    this.#steps.push(index ?? key);
    admitKey(key, () => this.#here());
    if (isArray && index === undefined) {
      throw this.#refuse("is a named property of an array", "Use an object for named values");
    }
    const descriptor = Object.getOwnPropertyDescriptor(value, key) as PropertyDescriptor;
    if (!("value" in descriptor)) throw this.#refuse("is an accessor", "Store its value instead");
    if (!descriptor.enumerable) throw this.#refuse("is a hidden property, which is not kept", "Make it enumerable");
    if (!descriptor.writable && !Object.isFrozen(value)) {
      throw this.#refuse("is a read-only property", "Store a plain copy instead");
    }
    this.#check(descriptor.value);
    this.#steps.pop();
  }

  #checkNoProperties(collection: Container): void {
    const [key] = Reflect.ownKeys(collection);
    if (key === undefined) return;
    this.#steps.push(key);
    throw this.#refuse("is a named property of a collection", "Use its methods");
  }

  #here(): unknown[] {
    return [...this.#path(), ...this.#steps];
  }

  #refuse(what: string, advice: string): Error {
    return valueError(this.#here(), what, advice);
  }
}
