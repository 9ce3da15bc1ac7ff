import { deepEqual } from "./equal.ts";
import { containerKind, type Container } from "./kinds.ts";

/** For objects of a fresh tree, the object of the live tree that each continues. */
export type Pairs = Map<object, object>;

/** Pairs the containers, and Dates, of two values as far as their shapes agree. */
export function pairUp(live: unknown, fresh: unknown, pairs: Pairs): void {
  if (!isPairable(live) || !isPairable(fresh) || pairs.has(fresh)) return;
  const kind = containerKind(live);
  if (kind !== containerKind(fresh)) return;
  pairs.set(fresh, live);
  if (kind === "array") {
    pairItems(live as unknown[], fresh as unknown[], pairs);
  } else if (kind === "set") {
    pairItems([...(live as Set<unknown>)], [...(fresh as Set<unknown>)], pairs);
  } else if (kind === "map") {
    for (const [key, value] of fresh as Map<unknown, unknown>) pairUp((live as Map<unknown, unknown>).get(key), value, pairs);
  } else if (kind === "object") {
    for (const key of Object.keys(fresh)) {
      if (Object.hasOwn(live, key)) pairUp((live as Fields)[key], (fresh as Fields)[key], pairs);
    }
  }
}

/** Pairs the items of two lists: equal ones wherever they stand, so that a reference follows an item that moved; the rest by index. */
export function pairItems(live: readonly unknown[], fresh: readonly unknown[], pairs: Pairs): void {
  const free = new Set(live.keys());
  let waiting = [...fresh.keys()].filter((index) => isPairable(fresh[index]));
  /** Pairs what `find` finds a partner for, among the live items that have none yet; the others go on waiting. */
  const pairBy = (find: (index: number) => number | undefined): void => {
    waiting = waiting.filter((index) => {
      const partner = find(index);
      if (partner === undefined) return true;
      free.delete(partner);
      pairUp(live[partner], fresh[index], pairs);
      return false;
    });
  };
  pairBy((index) => (free.has(index) && deepEqual(live[index], fresh[index]) ? index : undefined));
  pairBy((index) => [...free].find((candidate) => deepEqual(live[candidate], fresh[index])));
  pairBy((index) => (free.has(index) ? index : undefined));
}

type Fields = Record<string, unknown>;

function isPairable(value: unknown): value is Container {
  return value instanceof Date || containerKind(value) !== undefined;
}
