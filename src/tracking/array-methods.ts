import { admit } from "./admit.ts";
import { Items } from "./items.ts";
import type { Node } from "./node.ts";
import { nodeOf, toRaw } from "./raw.ts";
import { snapshot } from "./snapshot.ts";

type Method = (this: Node, ...args: never[]) => unknown;

const itemsOf = (node: Node): unknown[] => node.raw as unknown[];

/** Methods as they run on the node of an array; see {@link arrayMethods}. */
const methods: Record<string, Method> = {
  includes(item: unknown, from?: number) {
    return itemsOf(this).includes(toRaw(item), from);
  },
  indexOf(item: unknown, from?: number) {
    return itemsOf(this).indexOf(toRaw(item), from);
  },
  lastIndexOf(item: unknown, ...from: number[]) {
    return (itemsOf(this).lastIndexOf as (...args: unknown[]) => number)(toRaw(item), ...from);
  },

  push(...items: unknown[]) {
    const array = itemsOf(this);
    const raws = admitAll(this, items);
    const attached = this.tracker.attach(this);
    const start = array.length;
    array.push(...raws);
    if (attached) noteAppended(this, raws, start);
    return array.length;
  },
  pop() {
    return take(this, (array) => array.pop());
  },
  shift() {
    return take(this, (array) => array.shift());
  },
  unshift(...items: unknown[]) {
    return rearrange(this, items, (array, raws) => array.unshift(...raws));
  },
  splice(start: number, count: number, ...items: unknown[]) {
    const given = arguments.length;
    return rearrange(this, items, (array, raws) => {
      // How many arguments were given decides how much `splice` removes.
      const removed = given === 0 ? [] : given === 1 ? array.splice(start) : array.splice(start, count, ...raws);
      return removed.map((item) => this.tracker.release(item, this));
    });
  },
  sort(compare?: (a: unknown, b: unknown) => number) {
    const seen = (item: unknown): unknown => this.tracker.handOut(item, this, undefined);
    rearrange(this, [], (array) => array.sort(compare === undefined ? undefined : (a, b) => compare(seen(a), seen(b))));
    return this.proxy;
  },
  reverse() {
    rearrange(this, [], (array) => array.reverse());
    return this.proxy;
  },
  fill(item: unknown, start?: number, end?: number) {
    rearrange(this, [item], (array, [raw]) => array.fill(raw, start, end));
    return this.proxy;
  },
  copyWithin(target: number, start: number, end?: number) {
    rearrange(this, [], (array) => array.copyWithin(target, start, end));
    return this.proxy;
  },

  /** A loop asks this for each item, in place of two traps: 1.6 of what a plain array takes, loading included, and not 2.2. */
  values() {
    return new Items(this);
  },
};

/**
 * Array methods that would go wrong, or record one write per item moved, if they ran through the traps.
 *
 * Those that search compare raw items, so that raw and proxied ones are found alike. Those that mutate work on the raw array and
 * say once what happened. All others read item by item through the traps and need nothing.
 */
export const arrayMethods: Record<PropertyKey, (this: unknown[], ...args: never[]) => unknown> = Object.create(null) as never;

for (const [name, method] of Object.entries(methods)) {
  const native = (Array.prototype as unknown as typeof arrayMethods)[name] as (typeof arrayMethods)[string];
  // Called on something else, an array of the user's or another library's proxy around ours, it is as any array's.
  arrayMethods[name] = function (this: unknown[], ...args: never[]) {
    const node = nodeOf(this);
    return node?.kind === "array" ? method.apply(node, args) : native.apply(this, args);
  };
}
// As in any array, one and the same function.
arrayMethods[Symbol.iterator] = arrayMethods["values"] as (typeof arrayMethods)[string];

/** Takes note that items were moved or removed: the array counts as a new value. */
export function rearranged(node: Node): void {
  const { tracker } = node;
  tracker.mark(node).reordered = true;
  tracker.wrote(() => ({ op: "set", path: node.path(), value: snapshot(node.raw) }));
}

/** Takes note of what a method did to the array that was `before`. */
function note(node: Node, before: readonly unknown[], raws: readonly unknown[]): void {
  const array = itemsOf(node);
  if (beginsWith(array, before)) return noteAppended(node, array.slice(before.length), before.length);
  if (raws.length > 0) array.forEach((item, index) => raws.includes(item) && node.tracker.placed(node, index, item));
  rearranged(node);
}

function beginsWith(array: readonly unknown[], before: readonly unknown[]): boolean {
  return before.length <= array.length && before.every((item, index) => Object.is(item, array[index]));
}

function noteAppended(node: Node, raws: readonly unknown[], start: number): void {
  const { tracker } = node;
  raws.forEach((raw, offset) => tracker.placed(node, start + offset, raw));
  for (const raw of raws) tracker.wrote(() => ({ op: "append", path: node.path(), value: snapshot(raw) }));
}

/** What a method that writes is given, prepared for the tree. */
function admitAll(node: Node, items: unknown[]): unknown[] {
  const { tracker } = node;
  tracker.guard();
  return items.map((item, index) => admit(item, () => node.path(itemsOf(node).length + index), tracker));
}

/** Runs a method that moves items, on the raw array with raw arguments, and takes note if it did. */
function rearrange<R>(node: Node, items: unknown[], run: (array: unknown[], raws: unknown[]) => R): R {
  const array = itemsOf(node);
  const raws = admitAll(node, items);
  const attached = node.tracker.attach(node);
  // Spread, so that a hole is there to be compared with what fills it.
  const before = [...array];
  const result = run(array, raws);
  if (attached) note(node, before, raws);
  return result;
}

/** Runs `pop` or `shift`. */
function take(node: Node, run: (array: unknown[]) => unknown): unknown {
  return rearrange(node, [], (array) => node.tracker.release(run(array), node));
}
