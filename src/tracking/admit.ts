import { valueError } from "../errors.ts";
import { containerKind, isForbiddenKey, type Container } from "./kinds.ts";
import { toRaw } from "./raw.ts";

/** Deeper trees cannot be stored; the check at commit says so, with the path. */
const MAX_SCAN_DEPTH = 64;

/**
 * Prepares a value for the tree: proxies in it give way to what is behind them, and what no serializer could keep is refused.
 *
 * Looks for what can be named at the line that wrote it: functions, symbols, accessors and keys that reach a prototype. Kinds of
 * objects that a serializer may not know are its own to refuse, at commit.
 *
 * @throws {SessionError} `ERR_SESSION_VALUE`, with the path.
 */
export function admit(value: unknown, path: () => unknown[]): unknown {
  if (typeof value === "function" || typeof value === "symbol") throw refuse(path(), value);
  if (typeof value !== "object" || value === null) return value;
  const raw = toRaw(value);
  // What is behind a proxy has been admitted before.
  return raw === value ? scan(value, path, 0, new Set()) : raw;
}

/** Keys of an object, and of a Map, that may be written. */
export function admitKey(key: unknown, path: () => unknown[]): void {
  if (typeof key === "symbol") throw valueError(path(), "has a symbol as its key", "Use a string");
  if (isForbiddenKey(key)) throw valueError(path(), "has a key that reaches a prototype", "Use another key");
}

type PathOf = () => unknown[];

function scan(value: Container, path: PathOf, depth: number, seen: Set<Container>): Container {
  if (seen.has(value) || depth > MAX_SCAN_DEPTH) return value;
  seen.add(value);
  const inner = (child: unknown, step: unknown): unknown => {
    const childPath = (): unknown[] => [...path(), step];
    if (typeof child === "function" || typeof child === "symbol") throw refuse(childPath(), child);
    if (typeof child !== "object" || child === null) return child;
    const raw = toRaw(child);
    return raw === child ? scan(child, childPath, depth + 1, seen) : raw;
  };
  switch (containerKind(value)) {
    case "object":
    case "array":
      return scanProperties(value, path, inner);
    case "map":
      for (const [key, child] of value as Map<unknown, unknown>) {
        const rawKey = inner(key, key);
        const rawChild = inner(child, key);
        if (rawKey !== key) (value as Map<unknown, unknown>).delete(key);
        if (rawKey !== key || rawChild !== child) (value as Map<unknown, unknown>).set(rawKey, rawChild);
      }
      return value;
    case "set": {
      const members = [...(value as Set<unknown>)];
      const raws = members.map((member) => inner(member, member));
      if (raws.some((raw, index) => raw !== members[index])) {
        // Refilled as a whole, so that the members keep their order.
        (value as Set<unknown>).clear();
        for (const raw of raws) (value as Set<unknown>).add(raw);
      }
      return value;
    }
    default:
      return value;
  }
}

function scanProperties(value: Container, path: PathOf, inner: (child: unknown, step: unknown) => unknown): Container {
  const isArray = Array.isArray(value);
  let target = value as Record<PropertyKey, unknown>;
  for (const key of Reflect.ownKeys(value)) {
    if (isArray && key === "length") continue;
    const step = isArray ? Number(key) : key;
    admitKey(key, () => [...path(), key]);
    if (isArray && !Number.isInteger(step)) {
      throw valueError([...path(), key], "is a named property of an array", "Use an object for named values");
    }
    const descriptor = Object.getOwnPropertyDescriptor(value, key) as PropertyDescriptor;
    if (descriptor.get !== undefined || descriptor.set !== undefined) {
      throw valueError([...path(), step], "is an accessor", "Store its value instead");
    }
    if (!descriptor.writable && !descriptor.configurable && !Object.isFrozen(value)) {
      throw valueError([...path(), step], "is a read-only property", "Store a plain copy instead");
    }
    const raw = inner(descriptor.value, step);
    if (raw !== descriptor.value) {
      // A frozen container that holds a proxy cannot be mended in place.
      if (Object.isFrozen(target)) target = (isArray ? [...(value as unknown[])] : { ...value }) as typeof target;
      target[key] = raw;
    }
  }
  return target;
}

function refuse(path: unknown[], value: unknown): Error {
  return valueError(path, `is a ${typeof value}`, "Keep only data in a session");
}
