import { Aliases } from "./aliases.ts";
import { deepEqual } from "./equal.ts";
import { containerKind, type Container } from "./kinds.ts";
import { Lookup } from "./lookup.ts";
import type { Increment, Marks } from "./marks.ts";
import type { Path } from "./path.ts";
import { copy, snapshot } from "./snapshot.ts";
import type { Change, Tracker } from "./tracker.ts";

/** Where the marks of a container are found; a tree that nobody tracked has none. */
export type MarksOf = (raw: Container) => Marks | undefined;

type Fields = Record<string, unknown>;

/**
 * Lists what makes `base`, the tree as it was loaded, into the tree that is tracked.
 *
 * The list is minimal and in no order of time: a value that was changed and changed back is not in it. Applied to `base` in
 * order it gives the current tree.
 */
export function listChanges(base: Fields, tracker: Tracker): Change[] {
  const diff = new Diff(base, (raw) => tracker.marks(raw));
  diff.containers(base, tracker.root.raw, []);
  return diff.changes;
}

/** The increment at a place, if incrementing is all that happened there since `base` was loaded. */
export function pureIncrement(marks: Marks | undefined, key: unknown, base: unknown, mine: unknown): Increment | undefined {
  const increment = marks?.increments?.get(key);
  if (increment === undefined || !Object.is(increment.end, mine)) return undefined;
  return Object.is(increment.start, base) ? increment : undefined;
}

/** True if the container at a place is the one that was loaded there, perhaps changed inside, rather than a new value. */
export function isInPlace(marks: Marks | undefined, key: unknown, base: unknown, mine: unknown): boolean {
  const kind = containerKind(mine);
  return kind !== undefined && kind === containerKind(base) && marks?.replaced?.has(key) !== true;
}

/** Maps with objects as keys and the like cannot be told apart entry by entry. */
export function hasObjectKeys(map: ReadonlyMap<unknown, unknown>): boolean {
  for (const key of map.keys()) if (typeof key === "object" && key !== null) return true;
  return false;
}

/** The members of `members` that have no equal in `others`; one of the others is the equal of one member only. */
export function membersWithout(members: ReadonlySet<unknown>, others: ReadonlySet<unknown>): unknown[] {
  const free = new Lookup(
    [...others].filter((other) => isObject(other) && !members.has(other)),
    (other) => other,
  );
  return [...members].filter((member) => {
    if (others.has(member)) return false;
    return !isObject(member) || free.take(member, (other) => deepEqual(member, other)) === undefined;
  });
}

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

class Diff {
  readonly changes: Change[] = [];
  readonly #marksOf: MarksOf;
  readonly #aliases: Aliases;
  /** Pairs already compared: an alias that both trees have is one place, and a ring ends here. */
  readonly #compared = new Map<Container, Container>();

  constructor(base: Container, marksOf: MarksOf) {
    this.#marksOf = marksOf;
    this.#aliases = new Aliases(base);
  }

  containers(base: Container, mine: Container, path: Path): void {
    if (this.#compared.get(base) === mine) return;
    if (!this.#aliases.continues(base, mine)) return this.#set(mine, path);
    this.#compared.set(base, mine);
    switch (containerKind(mine)) {
      case "array":
        return this.#arrays(base as unknown[], mine as unknown[], path);
      case "map":
        return this.#maps(base as Map<unknown, unknown>, mine as Map<unknown, unknown>, path);
      case "set":
        return this.#sets(base as Set<unknown>, mine as Set<unknown>, path);
      default:
        return this.#objects(base as Fields, mine as Fields, path);
    }
  }

  #objects(base: Fields, mine: Fields, path: Path): void {
    const marks = this.#marksOf(mine);
    for (const key of Object.keys(base)) {
      if (base[key] !== undefined && !(Object.hasOwn(mine, key) && mine[key] !== undefined)) {
        this.changes.push({ op: "delete", path: [...path, key] });
      }
    }
    for (const key of Object.keys(mine)) {
      if (mine[key] === undefined) continue;
      this.#value(Object.hasOwn(base, key) ? base[key] : undefined, mine[key], [...path, key], marks);
    }
  }

  #value(base: unknown, mine: unknown, path: Path, marks: Marks | undefined): void {
    const key = path.at(-1);
    if (isInPlace(marks, key, base, mine)) return this.containers(base as Container, mine as Container, path);
    if (this.#isSame(base, mine)) return;
    const by = pureIncrement(marks, key, base, mine)?.by;
    // Fractions may add up to something else in one go than one by one.
    const adds = by !== undefined && Object.is(((base as number | undefined) ?? 0) + by, mine);
    if (adds) this.changes.push({ op: "increment", path, value: by });
    else this.#set(mine, path);
  }

  #arrays(base: unknown[], mine: unknown[], path: Path): void {
    const marks = this.#marksOf(mine);
    if (marks?.reordered || mine.length < base.length) return this.#whole(base, mine, path);
    for (let index = 0; index < base.length; index++) this.#value(base[index], mine[index], [...path, index], marks);
    // One memo for all items: two that are the same object are one object in the list as well.
    const copies = new Map<object, object>();
    for (const item of mine.slice(base.length)) this.changes.push({ op: "append", path, value: copy(item, copies) });
  }

  #maps(base: Map<unknown, unknown>, mine: Map<unknown, unknown>, path: Path): void {
    if (hasObjectKeys(base) || hasObjectKeys(mine)) return this.#whole(base, mine, path);
    for (const key of base.keys()) if (!mine.has(key)) this.changes.push({ op: "delete", path: [...path, key] });
    const marks = this.#marksOf(mine);
    for (const [key, value] of mine) {
      // `undefined` is a value in a Map: absence shows only by `has`.
      if (value === undefined && !base.has(key)) this.#set(value, [...path, key]);
      else this.#value(base.get(key), value, [...path, key], marks);
    }
  }

  #sets(base: Set<unknown>, mine: Set<unknown>, path: Path): void {
    if (this.#aliases.within(base)) return this.#whole(base, mine, path);
    for (const member of membersWithout(base, mine)) {
      this.changes.push({ op: "delete", path: [...path, snapshot(member)] });
    }
    for (const member of membersWithout(mine, base)) this.changes.push({ op: "add", path, value: snapshot(member) });
  }

  /** A container that counts as a whole: it is replaced, so its other places have to be as well. */
  #whole(base: Container, mine: Container, path: Path): void {
    if (this.#isSame(base, mine)) return;
    this.#compared.delete(base);
    this.#set(mine, path);
  }

  #isSame(base: unknown, mine: unknown): boolean {
    return deepEqual(base, mine) && this.#aliases.agree(base, mine);
  }

  #set(mine: unknown, path: Path): void {
    this.changes.push({ op: "set", path, value: snapshot(mine) });
  }
}
