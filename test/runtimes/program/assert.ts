// `node:assert` is not everywhere.
import type { SessionError } from "unsession";

export function equal(actual: unknown, expected: unknown): void {
  if (!isSame(actual, expected)) throw new Error(`${show(actual)} is not ${show(expected)}`);
}

export function includes(text: string | readonly string[], part: string): void {
  if (!text.includes(part)) throw new Error(`${show(text)} does not include ${show(part)}`);
}

/** What a call rejects with. */
export async function rejects(call: () => Promise<unknown>): Promise<SessionError> {
  let result: unknown;
  try {
    result = await call();
  } catch (error) {
    return error as SessionError;
  }
  throw new Error(`It did not fail, but gave ${show(result)}`);
}

function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false;
  if (one instanceof Date || one instanceof URL) return one.toJSON() === (other as Date | URL).toJSON();
  const [left, right] = [partsOf(one), partsOf(other)];
  return (
    left.length === right.length && left.every(([key, value], at) => isSame(key, right[at]?.[0]) && isSame(value, right[at]?.[1]))
  );
}

/** Keys and values: those of objects in the order of their names. */
function partsOf(value: object): [unknown, unknown][] {
  if (value instanceof Map || value instanceof Set) return [...value.entries()];
  return Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
}

function show(value: unknown): string {
  return (
    JSON.stringify(value, (_, part) => (typeof part === "bigint" ? `${part}n` : part instanceof Map ? [...part] : part)) ??
    String(value)
  );
}
