import { deepEqual } from "./equal.ts";
import { haveSameId } from "./identity.ts";
import { containerKind, type Container } from "./kinds.ts";
import { Lookup } from "./lookup.ts";
import { entriesOf } from "./tracker.ts";

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

/**
 * Pairs the items of two lists, so that a reference follows an item that moved: equal ones wherever they stand, then changed ones
 * with what has the same `id`, or is most like them. Where that says nothing, an item continues in its place if the lists are as
 * long; if not, nobody can tell, and it ends: a reference to nothing throws, which is better than one to a neighbour.
 */
export function pairItems(live: readonly unknown[], fresh: readonly unknown[], pairs: Pairs): void {
  const lists = new Lists(live, fresh, pairs);
  lists.pairEqual();
  lists.pairAlike();
  if (live.length === fresh.length) lists.pairByIndex();
}

/** More comparisons than this are not worth their time. */
const MAX_COMPARED = 10_000;

/** Indexes of two lists still to be paired. */
class Lists {
  readonly #live: readonly unknown[];
  readonly #fresh: readonly unknown[];
  readonly #pairs: Pairs;
  readonly #free: Set<number>;
  readonly #waiting: Set<number>;

  constructor(live: readonly unknown[], fresh: readonly unknown[], pairs: Pairs) {
    const pairable = (items: readonly unknown[]): Set<number> =>
      new Set([...items.keys()].filter((index) => isPairable(items[index])));
    this.#live = live;
    this.#fresh = fresh;
    this.#pairs = pairs;
    this.#free = pairable(live);
    this.#waiting = pairable(fresh);
  }

  pairEqual(): void {
    const isEqual = (from: number, to: number): boolean => deepEqual(this.#live[from], this.#fresh[to]);
    for (const index of this.#waiting) if (this.#free.has(index) && isEqual(index, index)) this.#pair(index, index);
    if (this.#waiting.size === 0) return;
    const elsewhere = new Lookup(this.#free, (index) => this.#live[index]);
    for (const to of this.#waiting) {
      const from = elsewhere.take(this.#fresh[to], (index) => isEqual(index, to));
      if (from !== undefined) this.#pair(from, to);
    }
  }

  /** Pairs two items that are each other's likest. */
  pairAlike(): void {
    if (this.#free.size * this.#waiting.size > MAX_COMPARED) return;
    const likeness = (from: number, to: number): number => countShared(this.#live[from], this.#fresh[to]);
    for (const from of this.#free) {
      const to = likest(this.#waiting, (index) => likeness(from, index));
      if (to !== undefined && likest(this.#free, (index) => likeness(index, to)) === from) this.#pair(from, to);
    }
  }

  pairByIndex(): void {
    for (const index of this.#waiting) {
      if (this.#free.has(index) && haveSameId(this.#live[index], this.#fresh[index]) !== false) this.#pair(index, index);
    }
  }

  #pair(from: number, to: number): void {
    this.#free.delete(from);
    this.#waiting.delete(to);
    pairUp(this.#live[from], this.#fresh[to], this.#pairs);
  }
}

/** The one that scores higher than all others, if there is one. */
function likest(candidates: Iterable<number>, score: (candidate: number) => number): number | undefined {
  let best: number | undefined;
  let highest = 0;
  for (const candidate of candidates) {
    const its = score(candidate);
    if (its === highest) best = undefined;
    if (its <= highest) continue;
    highest = its;
    best = candidate;
  }
  return best;
}

/** How much two containers have in common: equal fields, or items wherever they stand; nothing counts beside an `id`. */
function countShared(a: unknown, b: unknown): number {
  const kind = containerKind(a);
  if (kind === undefined || kind !== containerKind(b)) return 0;
  const same = haveSameId(a, b);
  if (same !== undefined) return same ? Infinity : 0;
  const isBag = kind === "array" || kind === "set";
  const parts = (container: unknown): unknown[] =>
    [...entriesOf(container as Container)].map((entry) => (isBag ? entry[1] : entry));
  const others = new Lookup(parts(b), (part) => part);
  return parts(a).filter((part) => others.take(part, (other) => deepEqual(part, other)) !== undefined).length;
}

type Fields = Record<string, unknown>;

function isPairable(value: unknown): value is Container {
  return value instanceof Date || containerKind(value) !== undefined;
}
