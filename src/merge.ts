import { deepEqual } from "./tracking/equal.ts";
import { hasObjectKeys, isInPlace, isObject, membersWithout, pureIncrement, type MarksOf } from "./tracking/changes.ts";
import { identityOf, isSameItem } from "./tracking/identity.ts";
import { containerKind, isContainer, type Container } from "./tracking/kinds.ts";
import { Lookup } from "./tracking/lookup.ts";
import type { Marks } from "./tracking/marks.ts";
import { pairItems, pairUp, type Pairs } from "./tracking/pairing.ts";
import type { Path } from "./tracking/path.ts";
import { replaceInside } from "./tracking/replace.ts";
import { copy, snapshot } from "./tracking/snapshot.ts";
import { entriesOf } from "./tracking/tracker.ts";

/** A place that two requests changed. */
export interface MergeConflict {
  readonly path: Path;
  /** The value both began with, `undefined` if there was none. */
  readonly base: unknown;
  /** What this request made of it, `undefined` if it was deleted. */
  readonly mine: unknown;
  /** What the other request, which committed first, made of it, `undefined` if it was deleted. */
  readonly theirs: unknown;
}

/** Decides what is kept where both sides changed a place: the value to store, `undefined` to delete it. */
export type Resolve = (conflict: MergeConflict) => unknown;

/** How conflicts are dealt with: each is reported, and resolved unless a rule decides it. */
export interface ConflictPolicy {
  readonly resolve: Resolve;
  readonly report: (conflict: MergeConflict) => void;
}

/** What {@link merge} gives. */
export interface Merged {
  /** `theirs`, rewritten. */
  readonly tree: Record<string, unknown>;
  /** Which containers of `tree` continue one of mine, so that references the user holds stay live. */
  readonly pairs: Pairs;
  /** Where what I appended came behind what they did, by my array. */
  readonly shifts: Shifts;
}

/** From which index on items of an array of mine stand so many places further on in the result. */
export type Shifts = ReadonlyMap<Container, { readonly from: number; readonly by: number }>;

type Fields = Record<string, unknown>;

/**
 * Brings what changed between `base` and `mine` into `theirs`, a newer state of the same session, and rewrites it.
 *
 * Different places are all kept. Object keys, Map entries and Set members merge one by one, pushes append, increments add; an
 * item of an array merges by index while neither side moved items, any other change of an array is a new value. A container that
 * both sides newly put at the same place merges as if it had been there, empty. A deletion by them wins over my writes below it.
 * For the rest the policy decides.
 *
 * @param shifts where items of mine stand in `theirs`, if that came of a merge of mine before
 */
export function merge(
  base: Fields,
  mine: Fields,
  theirs: Fields,
  marksOf: MarksOf,
  policy: ConflictPolicy,
  shifts: Shifts = new Map(),
): Merged {
  const merging = new Merge(marksOf, policy, shifts);
  merging.objects(base, mine, theirs, []);
  merging.joinAliases(theirs);
  return { tree: theirs, pairs: merging.pairs, shifts: merging.shifts };
}

/** What stands for "no value at this place" while merging; `undefined` is a value in Maps and arrays. */
const ABSENT: unique symbol = Symbol("absent");

class Merge {
  readonly pairs: Pairs = new Map();
  readonly shifts: Map<Container, { from: number; by: number }> = new Map();
  readonly #marksOf: MarksOf;
  readonly #policy: ConflictPolicy;
  readonly #known: Shifts;
  /** Copies that were made of objects of mine, with these. */
  readonly #taken = new Map<object, object>();

  constructor(marksOf: MarksOf, policy: ConflictPolicy, known: Shifts) {
    this.#marksOf = marksOf;
    this.#policy = policy;
    this.#known = known;
  }

  /** An object that I have at several places, or that is around itself, is one object in the result too. */
  joinAliases(tree: Container): void {
    const made = new Map([...this.pairs].map(([theirs, mine]) => [mine, theirs]));
    for (const [copied, mine] of this.#taken) {
      if (made.has(mine)) continue;
      made.set(mine, copied);
      this.pairs.set(copied, mine);
    }
    const joined = (value: unknown): unknown => made.get(this.#taken.get(value as object) as object) ?? value;
    const seen = new Set<Container>();
    const walk = (container: Container): void => {
      seen.add(container);
      replaceInside(container, joined);
      for (const [, child] of entriesOf(container)) if (isContainer(child) && !seen.has(child)) walk(child);
    };
    if (this.#taken.size > 0) walk(tree);
  }

  objects(base: Fields, mine: Fields, theirs: Fields, path: Path): void {
    const marks = this.#marksOf(mine);
    this.pairs.set(theirs, mine);
    for (const key of new Set([...Object.keys(base), ...Object.keys(mine)])) {
      const value = this.#value(field(base, key), field(mine, key), field(theirs, key), [...path, key], marks);
      if (value === ABSENT) delete theirs[key];
      else theirs[key] = value;
    }
  }

  #maps(base: Map<unknown, unknown>, mine: Map<unknown, unknown>, theirs: Map<unknown, unknown>, path: Path): void {
    const marks = this.#marksOf(mine);
    for (const key of new Set([...base.keys(), ...mine.keys()])) {
      const value = this.#value(entry(base, key), entry(mine, key), entry(theirs, key), [...path, key], marks);
      if (value === ABSENT) theirs.delete(key);
      else theirs.set(key, value);
    }
  }

  #sets(base: Set<unknown>, mine: Set<unknown>, theirs: Set<unknown>): void {
    const equals = new Lookup([...theirs].filter(isObject), (other) => other);
    for (const member of membersWithout(base, mine)) {
      const equal = equals.take(member, (other) => deepEqual(other, member));
      theirs.delete(equal ?? member);
    }
    const added = new Set(membersWithout(mine, base));
    const kept = [...mine].filter((member) => isObject(member) && !added.has(member));
    pairItems(kept, [...theirs], this.pairs);
    for (const member of membersWithout(added, theirs)) theirs.add(this.#take(member));
  }

  /** Items both sides began with merge by index, what I appended goes to the end. */
  #arrays(base: unknown[], mine: unknown[], theirs: unknown[], path: Path, shift = { from: base.length, by: 0 }): void {
    const marks = this.#marksOf(mine);
    this.shifts.set(mine, { from: base.length, by: theirs.length - base.length });
    for (let index = 0; index < base.length; index++) {
      const place = index < shift.from ? index : index + shift.by;
      const value = this.#value(base[index], mine[index], theirs[place], [...path, index], marks);
      // A position can be emptied, but not taken out: the others must not shift.
      theirs[place] = value === ABSENT ? undefined : value;
    }
    for (const item of mine.slice(base.length)) theirs.push(this.#take(item));
  }

  /** What stands at a place after the merge, {@link ABSENT} for nothing. */
  #value(base: unknown, mine: unknown, theirs: unknown, path: Path, marks: Marks | undefined): unknown {
    const key = path.at(-1);
    if (isInPlace(marks, key, base, mine)) return this.#inPlace(base as Container, mine as Container, theirs, path);
    if (mine === base || (mine !== ABSENT && base !== ABSENT && deepEqual(base, mine))) {
      pairUp(mine, theirs, this.pairs);
      return theirs;
    }
    // Both sides newly put a container here: each then only added to an empty one.
    if (isContainer(mine) && containerKind(base) !== containerKind(mine) && containerKind(theirs) === containerKind(mine)) {
      return this.#inPlace(emptyLike(mine), mine, theirs, path);
    }
    const increment = pureIncrement(marks, key, base === ABSENT ? undefined : base, mine);
    if (increment !== undefined && (typeof theirs === "number" || theirs === ABSENT)) {
      return (theirs === ABSENT ? 0 : theirs) + increment.by;
    }
    if (same(base, theirs)) return mine === ABSENT ? ABSENT : this.#take(mine);
    if (same(mine, theirs)) {
      pairUp(mine, theirs, this.pairs);
      return theirs;
    }
    return this.#conflict(base, mine, theirs, path);
  }

  /** A container that I changed inside, or not at all. */
  #inPlace(base: Container, mine: Container, theirs: unknown, path: Path): unknown {
    const kind = containerKind(mine);
    if (containerKind(theirs) !== kind) {
      // They deleted or replaced what I wrote into: deletion wins, and there is no place for my writes in what came instead.
      if (!deepEqual(base, mine)) this.#report(base, mine, theirs, path);
      return theirs;
    }
    // A ring, or an alias that both sides have: merged already.
    if (this.pairs.get(theirs as Container) === mine) return theirs;
    const target = theirs as Container;
    if (kind === "array") return this.#inPlaceArray(base as unknown[], mine as unknown[], target as unknown[], path);
    if (kind === "set") {
      this.pairs.set(target, mine);
      this.#sets(base as Set<unknown>, mine as Set<unknown>, target as Set<unknown>);
      return target;
    }
    if (kind === "map") {
      const maps = [base, mine, target] as [Map<unknown, unknown>, Map<unknown, unknown>, Map<unknown, unknown>];
      if (maps.some(hasObjectKeys)) return this.#whole(base, mine, target, path);
      this.pairs.set(target, mine);
      this.#maps(...maps, path);
      return target;
    }
    this.objects(base as Fields, mine as Fields, target as Fields, path);
    return target;
  }

  #inPlaceArray(base: unknown[], mine: unknown[], theirs: unknown[], path: Path): unknown {
    const moved = this.#marksOf(mine)?.reordered === true || mine.length < base.length;
    const shift = this.#known.get(mine);
    if (!moved && shift !== undefined && isShifted(base, theirs, shift)) {
      this.pairs.set(theirs, mine);
      this.#arrays(base, mine, theirs, path, shift);
      return theirs;
    }
    if (!moved && !isReordered(base, theirs)) {
      this.pairs.set(theirs, mine);
      this.#arrays(base, mine, theirs, path);
      return theirs;
    }
    const start = mine.slice(0, base.length);
    if (!moved && deepEqual(base, start)) {
      // Only pushes of mine: they append to whatever the array has become.
      this.pairs.set(theirs, mine);
      pairItems(start, theirs, this.pairs);
      for (const item of mine.slice(base.length)) theirs.push(this.#take(item));
      return theirs;
    }
    return this.#whole(base, mine, theirs, path);
  }

  /** A container that only counts as a whole. */
  #whole(base: Container, mine: Container, theirs: Container, path: Path): unknown {
    if (deepEqual(base, mine)) {
      pairUp(mine, theirs, this.pairs);
      return theirs;
    }
    if (deepEqual(base, theirs) || deepEqual(mine, theirs)) return this.#take(mine);
    return this.#conflict(base, mine, theirs, path);
  }

  #conflict(base: unknown, mine: unknown, theirs: unknown, path: Path): unknown {
    const conflict = this.#report(base, mine, theirs, path);
    const kept = this.#policy.resolve(conflict);
    if (kept === conflict.mine) return this.#take(mine);
    return kept === undefined ? ABSENT : snapshot(kept);
  }

  #report(base: unknown, mine: unknown, theirs: unknown, path: Path): MergeConflict {
    const show = (value: unknown): unknown => (value === ABSENT ? undefined : snapshot(value));
    const conflict = { path, base: show(base), mine: show(mine), theirs: show(theirs) };
    this.#policy.report(conflict);
    return conflict;
  }

  /** Copies a value of mine into the result. */
  #take(mine: unknown): unknown {
    if (mine === ABSENT) return ABSENT;
    const copies = new Map<object, object>();
    const taken = copy(mine, copies);
    for (const [raw, made] of copies) this.#taken.set(made, raw);
    return taken;
  }
}

function field(object: Fields, key: string): unknown {
  return Object.hasOwn(object, key) && object[key] !== undefined ? object[key] : ABSENT;
}

function entry(map: Map<unknown, unknown>, key: unknown): unknown {
  return map.has(key) ? map.get(key) : ABSENT;
}

function same(a: unknown, b: unknown): boolean {
  return a === ABSENT || b === ABSENT ? a === b : deepEqual(a, b);
}

function emptyLike(container: Container): Container {
  switch (containerKind(container)) {
    case "array":
      return [];
    case "map":
      return new Map();
    case "set":
      return new Set();
    default:
      return {};
  }
}

/** True if what I appended stands in their array where it was put. */
function isShifted(base: unknown[], theirs: unknown[], { from, by }: { readonly from: number; readonly by: number }): boolean {
  return by > 0 && base.slice(from).every((item, offset) => deepEqual(item, theirs[from + by + offset]));
}

/**
 * Tells whether items of `base` stand elsewhere in `theirs`, or are gone, so that an index no longer means the same item.
 *
 * Their request left no record of what it did, only its result: an item counts as moved if it left its own index and turned up at
 * another one whose item changed.
 */
function isReordered(base: unknown[], theirs: unknown[]): boolean {
  if (theirs.length < base.length) return true;
  const changed = [...base.keys()].filter((index) => !deepEqual(base[index], theirs[index]));
  if (changed.length === 0) return false;
  const added = Array.from({ length: theirs.length - base.length }, (_, offset) => base.length + offset);
  const landing = new Lookup([...changed, ...added], (index) => identityOf(theirs[index]));
  return changed.some((from) =>
    landing.near(identityOf(base[from])).some((to) => to !== from && isSameItem(base[from], theirs[to])),
  );
}
