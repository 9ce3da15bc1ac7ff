import { defaultStringifyOperations, stringify, unflatten, type StringifyOptions } from "devalue";
import { fromError, isError, toError } from "./error-fields.ts";
import { MAX_BIGINT_DIGITS } from "./inspect.ts";
import { MAX_DEPTH } from "./plain-tree.ts";
import { parseJson } from "./parse-json.ts";

const REDUCERS = { Error: (value: unknown) => isError(value) && fromError(value) };
const REVIVERS = { Error: toError };

const WRITING: StringifyOptions = {
  operations: {
    // Of a view, only what it shows: the buffer behind it may be large and hold what is not of the session.
    viewInfo(view: ArrayBufferView & { readonly length: number }) {
      const { byteOffset, byteLength, length } = view;
      const buffer = new Uint8Array(view.buffer, byteOffset, byteLength).slice().buffer;
      return { buffer, byteOffset: 0, byteLength, length, bufferByteLength: byteLength };
    },
    // An object without a prototype comes back as a plain one, as from any other serializer.
    shapeOf(value: unknown) {
      const shape = defaultStringifyOperations.shapeOf(value);
      return shape.kind === "null-proto" ? { ...shape, kind: "plain" } : shape;
    },
  },
};

export function serialize(data: unknown): string {
  return stringify(data, REDUCERS, WRITING);
}

export function deserialize(text: string): unknown {
  const values = parseJson(text, MAX_STEPS);
  if (!Array.isArray(values)) throw new TypeError("no list of values");
  checkValues(values);
  return unflatten(values, REVIVERS);
}

/** A session, its containers, and for each cause of an error the list of its fields. */
const MAX_STEPS = 2 * MAX_DEPTH + 4;

/** Indices below zero stand for values such as NaN; the lowest begins an array of any length. */
const SPARSE = -7;

/**
 * Refuses what would take long or overflow the stack to revive, and indices of no meaning. Walks as devalue does: from reference to
 * reference, and into each value once.
 */
function checkValues(values: readonly unknown[]): void {
  const seen = new Set<unknown>();
  const visit = (index: unknown, depth: number): void => {
    if (typeof index !== "number" || seen.has(index)) return;
    if (!Number.isInteger(index) || index <= SPARSE) throw new TypeError("an index that is none");
    if (depth > MAX_STEPS) throw new TypeError("values that are nested too deep");
    seen.add(index);
    for (const child of references(values[index])) visit(child, depth + 1);
  };
  visit(0, 0);
}

/** The places of the values inside a value, and perhaps what is none. */
function references(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) return typeof value === "object" && value !== null ? Object.values(value) : [];
  const [type, content] = value as unknown[];
  if (type === "BigInt" && String(content).length > MAX_BIGINT_DIGITS + "-".length)
    throw new TypeError("a bigint that is too long");
  const isList = typeof type !== "string" || type === "Map" || type === "Set" || type === "null";
  return isList ? value : [content];
}
