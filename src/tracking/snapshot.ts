import { containerKind } from "./kinds.ts";
import { toRaw } from "./raw.ts";

/**
 * Copies a value deeply into plain data: no proxy in it, nothing shared with the session.
 *
 * Cycles and aliases are kept. Dates, URLs, typed arrays and the like are copied; an instance of a class of your own, which
 * a session cannot store anyway, is handed over as it is.
 *
 * @example
 * const cart = snapshot(session.cart); // safe to keep, to send, to structuredClone
 */
export function snapshot<V>(value: V): V {
  return copy(value, new Map()) as V;
}

/** Like {@link snapshot}, and fills `copies` with each container and the copy made of it. */
export function copy(value: unknown, copies: Map<object, object>): unknown {
  if (typeof value !== "object" || value === null) return value;
  const raw = toRaw(value);
  const known = copies.get(raw);
  if (known !== undefined) return known;
  switch (containerKind(raw)) {
    case "object": {
      const target: Record<string, unknown> = {};
      copies.set(raw, target);
      for (const [key, child] of Object.entries(raw)) {
        // Assigning to `__proto__` would set the prototype of the copy instead of a key.
        if (key !== "__proto__") target[key] = copy(child, copies);
      }
      return target;
    }
    case "array": {
      const target: unknown[] = Array.from({ length: (raw as unknown[]).length });
      copies.set(raw, target);
      for (let index = 0; index < target.length; index++) target[index] = copy((raw as unknown[])[index], copies);
      return target;
    }
    case "map": {
      const target = new Map<unknown, unknown>();
      copies.set(raw, target);
      for (const [key, child] of raw as Map<unknown, unknown>) target.set(copy(key, copies), copy(child, copies));
      return target;
    }
    case "set": {
      const target = new Set<unknown>();
      copies.set(raw, target);
      for (const member of raw as Set<unknown>) target.add(copy(member, copies));
      return target;
    }
    default: {
      const leaf = copyLeaf(raw);
      copies.set(raw, leaf);
      if (leaf instanceof Error && Object.hasOwn(leaf, "cause")) leaf.cause = copy(leaf.cause, copies);
      return leaf;
    }
  }
}

const TYPED_ARRAY = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;

function copyLeaf(value: object): object {
  if (value instanceof Date) return new Date(value);
  if (value instanceof URL) return new URL(value);
  if (value instanceof RegExp) return new RegExp(value);
  if (value instanceof Error) return copyError(value);
  if (value instanceof DataView) return structuredClone(value);
  // Of a view, only what it shows: the buffer behind it may be large and hold what is not of the session.
  if (ArrayBuffer.isView(value)) return TYPED_ARRAY.slice.call(value as Uint8Array);
  return value;
}

/** With its class and own properties; `structuredClone` would fail where a cause holds a proxy. */
function copyError(error: Error): Error {
  const copied = Object.defineProperties(new Error(), Object.getOwnPropertyDescriptors(error));
  return Object.setPrototypeOf(copied, Object.getPrototypeOf(error)) as Error;
}
