import type { Entropy } from "../tracking/entropy.ts";
import { clone } from "../tracking/trees.ts";
import { at, ways, type Fields, type Source, type Steps } from "./trees.ts";

/** One change that someone makes, to a plain tree or to a session. */
export interface Edit {
  /** The places it depends on: two edits are apart if none of these is below, or the same as, one of the other's. */
  readonly claims: readonly Steps[];
  readonly name: string;
  apply(tree: Fields): void;
}

type Make = (way: Steps, container: any, entropy: Entropy, source: Source) => Edit | undefined;

const edit = (name: string, claims: readonly Steps[], way: Steps, change: (container: any) => void): Edit => ({
  name: `${name} ${JSON.stringify(claims, (_, step: unknown) => (typeof step === "bigint" ? String(step) : step))}`,
  claims,
  apply: (tree) => {
    const container = at(tree, way);
    if (container !== undefined) change(container);
  },
});

/** Claims that do not touch: what is appended, and what is there already. */
const APPENDED = Symbol("appended");

/** All but the one that tells a container from any other. */
function keysOf(container: Fields | Map<unknown, unknown>): unknown[] {
  const keys = container instanceof Map ? [...container.keys()] : Object.keys(container);
  return keys.filter((key) => key !== "id");
}

const set: Make = (way, container, entropy, source) => {
  const keys = keysOf(container as Fields);
  const key: unknown = keys.length > 0 && entropy.chance(2, 3) ? entropy.pick(keys) : `new${source.next}`;
  const value = source.value(entropy, 1);
  return edit("set", [[...way, key]], way, (into) => {
    if (into instanceof Map) into.set(key, clone(value));
    else into[key as string] = clone(value);
  });
};

const remove: Make = (way, container, entropy) => {
  const keys = keysOf(container as Fields);
  if (keys.length === 0) return undefined;
  const key: unknown = entropy.pick(keys);
  return edit(
    "delete",
    [[...way, key]],
    way,
    (from) => void (from instanceof Map ? from.delete(key) : delete from[key as string]),
  );
};

const push: Make = (way, _, entropy, source) => {
  const items = Array.from({ length: 1 + entropy.below(2) }, () => source.value(entropy, 1));
  return edit("push", [[...way, APPENDED, source.next]], way, (array) => void array.push(...clone(items)));
};

const write: Make = (way, array, entropy, source) => {
  if (array.length === 0) return undefined;
  const index = entropy.below(array.length as number);
  const value = source.value(entropy, 1);
  return edit("write", [[...way, index]], way, (into) => void (into[index] = clone(value)));
};

const rearrange: Make = (way, array, entropy, source) => {
  const start = 1 + entropy.below(array.length as number);
  const item = source.value(entropy, 1);
  const change = entropy.pick<(items: unknown[]) => void>([
    (items) => void items.reverse(),
    (items) => void items.unshift(clone(item)),
    (items) => void items.splice(start, 1),
    (items) => void items.splice(start, 1, clone(item), 1),
    (items) => void items.splice(start),
  ]);
  return edit("rearrange", [way], way, change);
};

const add: Make = (way, _, __, source) => {
  const member = source.next;
  return edit("add", [[...way, member]], way, (into) => void into.add(member));
};

const drop: Make = (way, container, entropy) => {
  const member: unknown = entropy.pick([...(container as Set<unknown>)]);
  if (typeof member === "object") {
    const id = (member as { id: unknown }).id;
    return edit("drop", [[...way, id]], way, (from) => void from.delete([...from].find((one: any) => one.id === id)));
  }
  return edit("drop", [[...way, member]], way, (from) => void from.delete(member));
};

function makersFor(container: unknown): readonly Make[] {
  if (Array.isArray(container)) return [push, push, write, write, rearrange];
  if (container instanceof Set) return [add, add, drop];
  return [set, set, remove];
}

/** Edits that fit a tree, each apart from those in `others` and made in the order given. */
export function makeEdits(tree: Fields, entropy: Entropy, source: Source, others: readonly Edit[]): Edit[] {
  const edits: Edit[] = [];
  const now = clone(tree);
  for (let count = 1 + entropy.below(5); count > 0; count--) {
    const way = entropy.pick(ways(now));
    const container = at(tree, way);
    // What was pushed has no index yet that all would agree upon.
    if (kindOf(container) !== kindOf(at(now, way))) continue;
    const made = entropy.pick(makersFor(container))(way, container, entropy, source);
    if (made === undefined || others.some((other) => !areApart(made, other))) continue;
    edits.push(made);
    made.apply(now);
  }
  return edits;
}

function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value);
}

function areApart(one: Edit, other: Edit): boolean {
  return one.claims.every((claim) => other.claims.every((its) => !startsWith(claim, its) && !startsWith(its, claim)));
}

function startsWith(path: Steps, start: Steps): boolean {
  return start.every((step, index) => index < path.length && Object.is(step, path[index]));
}
