import { SessionError, type Session } from "unsession";
import type { Entropy } from "./entropy.ts";
import { isContainer, isObject } from "./trees.ts";
import { FORBIDDEN_KEYS, key } from "./values.ts";

type Fields = Record<PropertyKey, unknown>;

/** Increments what some path leads to, on both, or expects the session to refuse it. */
export function incrementBoth(plain: Fields, session: Session, entropy: Entropy): void {
  const path = choosePath(plain, entropy);
  const by = entropy.pick([1, 2, -1, 0.1, 0]);
  const end = incremented(plain, path, by);
  try {
    session.$increment(path.length === 1 ? (path[0] as string) : path, by);
  } catch (error) {
    if (end !== undefined || !SessionError.is(error) || error.code !== "ERR_SESSION_VALUE") throw error;
    return;
  }
  if (end === undefined) throw new Error(`the session incremented ${JSON.stringify(path)}`);
  if (by !== 0) end();
}

/** A way through what is there, then perhaps past it. */
function choosePath(plain: Fields, entropy: Entropy): unknown[] {
  const path: unknown[] = [];
  for (let at: unknown = plain; isContainer(at) && path.length < 4;) {
    const steps =
      at instanceof Map ? [...at.keys()].filter((step) => !isObject(step)) : at instanceof Set ? [0] : Object.keys(at);
    const step = steps.length > 0 && !entropy.chance(1, 4) ? entropy.pick(steps) : key(entropy);
    path.push(step);
    at = at instanceof Map ? at.get(step) : (at as Fields)[step as string];
  }
  if (entropy.chance(1, 8)) path.push(entropy.chance(1, 4) ? entropy.pick(FORBIDDEN_KEYS) : key(entropy));
  // Past the first step it is plain data, but on a ring it may lead to the root again, where it is refused at commit.
  return path.map((step, index) => (step === "$a" && index > 0 ? "a" : step));
}

/** What increments the plain tree; `undefined` if the session must refuse to. */
function incremented(plain: Fields, path: readonly unknown[], by: number): (() => void) | undefined {
  if (typeof path[0] === "string" && path[0].startsWith("$")) return undefined;
  let at: object = plain;
  for (const [index, step] of path.entries()) {
    const rest = path.slice(index + 1);
    if (!isStep(at, step)) return undefined;
    const value =
      at instanceof Map ? at.get(step) : Object.hasOwn(at, step as string) ? (at as Fields)[step as string] : undefined;
    if (value === undefined || rest.length === 0) {
      const isKept = value === undefined || typeof value === "number";
      if (!isKept || !canHold(at, step) || rest.some((one) => !isStep({}, one))) return undefined;
      const made = rest.reduceRight<unknown>(
        (inner, one) => ({ [one as string]: inner }),
        ((value as number | undefined) ?? 0) + by,
      );
      const target = at;
      return () => (target instanceof Map ? target.set(step, made) : void ((target as Fields)[step as string] = made));
    }
    if (!isContainer(value)) return undefined;
    at = value;
  }
  return undefined;
}

function isStep(container: object, step: unknown): boolean {
  return (
    container instanceof Map || ((typeof step === "string" || typeof step === "number") && !FORBIDDEN_KEYS.includes(String(step)))
  );
}

function canHold(container: object, step: unknown): boolean {
  if (container instanceof Map) return true;
  if (container instanceof Set || Object.isFrozen(container)) return false;
  return !Array.isArray(container) || (Object.hasOwn(container, step as string) && step !== "length");
}
