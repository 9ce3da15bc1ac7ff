import { valueError } from "../errors.ts";
import { admit } from "./admit.ts";
import type { ContainerKind } from "./kinds.ts";
import { Node } from "./node.ts";
import { kNode, nodeOf, toRaw } from "./raw.ts";
import { snapshot } from "./snapshot.ts";

type Method = (this: object, ...args: never[]) => unknown;
type Methods = Record<PropertyKey, Method>;
type AnyMap = Map<unknown, unknown>;
type AnySet = Set<unknown>;

/**
 * Traps of Maps and Sets. Their data is in internal slots that no trap reaches, so the methods are replaced, and anything else is
 * looked up on the real collection.
 */
abstract class CollectionNode extends Node {
  /** Inherits from the prototype of the collection. */
  protected abstract get methods(): Methods;

  override get(target: object, key: PropertyKey, self?: unknown): unknown {
    if (key === kNode) return super.get(target, key, self);
    if (Object.hasOwn(this.methods, key)) return this.methods[key];
    // `size` is a getter that must run on the collection itself.
    return key === "__proto__" ? undefined : Reflect.get(target, key, target);
  }

  /** Vue takes methods from the prototype, where the native ones would find no collection. */
  getPrototypeOf(target: object): object | null {
    return Object.isExtensible(target) ? this.methods : Reflect.getPrototypeOf(target);
  }

  protected override write(key: PropertyKey): boolean {
    throw valueError(this.path(key), "is a named property of a collection", "Use its methods");
  }
}

export class MapNode extends CollectionNode {
  override get kind(): ContainerKind {
    return "map";
  }

  protected override get methods(): Methods {
    return mapMethods;
  }

  protected override holds({ key, raw }: Node): boolean {
    const map = this.raw as AnyMap;
    return map.get(key) === raw || map.has(raw);
  }
}

export class SetNode extends CollectionNode {
  override get kind(): ContainerKind {
    return "set";
  }

  protected override get methods(): Methods {
    return setMethods;
  }

  protected override holds({ raw }: Node): boolean {
    return (this.raw as AnySet).has(raw);
  }
}

/** The node a method was called on; it throws what the native method throws when called on anything else. */
function receiver(self: object): Node {
  const node = nodeOf(self);
  if (node === undefined) throw new TypeError("Method called on incompatible receiver");
  return node;
}

function handOut(node: Node, value: unknown, key: unknown): unknown {
  return node.tracker.handOut(value, node, key);
}

/** Prepares a write: true if it is to be recorded. */
function begin(node: Node): boolean {
  node.tracker.guard();
  return node.tracker.attach(node);
}

function clear(this: object): void {
  const node = receiver(this);
  const collection = node.raw as AnyMap | AnySet;
  node.tracker.guard();
  if (collection.size === 0) return;
  const attached = begin(node);
  collection.clear();
  if (attached) node.tracker.wrote(() => ({ op: "clear", path: node.path() }));
}

function remove(this: object, key: unknown): boolean {
  const node = receiver(this);
  const collection = node.raw as AnyMap | AnySet;
  const raw = toRaw(key);
  node.tracker.guard();
  if (!collection.has(raw)) return false;
  const attached = begin(node);
  collection.delete(raw);
  if (attached) node.tracker.wrote(() => ({ op: "delete", path: node.path(snapshot(raw)) }));
  return true;
}

function has(this: object, key: unknown): boolean {
  return (receiver(this).raw as AnyMap | AnySet).has(toRaw(key));
}

function setEntry(node: Node, key: unknown, value: unknown): void {
  const { tracker } = node;
  const map = node.raw as AnyMap;
  tracker.guard();
  const place = (): unknown[] => node.path(key);
  const rawKey = admit(key, place, tracker);
  const raw = admit(value, place, tracker);
  if (map.has(rawKey) && Object.is(map.get(rawKey), raw)) return;
  const attached = tracker.attach(node);
  map.set(rawKey, raw);
  if (!attached) return;
  tracker.placed(node, rawKey, raw);
  tracker.wrote(() => ({ op: "set", path: node.path(snapshot(rawKey)), value: snapshot(raw) }));
}

function* mapEntries(node: Node): IterableIterator<[unknown, unknown]> {
  for (const [key, value] of node.raw as AnyMap) yield [handOut(node, key, key), handOut(node, value, key)];
}

function* only<T>(entries: Iterable<[unknown, T] | [T, unknown]>, which: 0 | 1): IterableIterator<unknown> {
  for (const entry of entries) yield entry[which];
}

const mapMethods: Methods = {
  get(this: object, key: unknown) {
    const node = receiver(this);
    const raw = toRaw(key);
    return handOut(node, (node.raw as AnyMap).get(raw), raw);
  },
  has,
  set(this: object, key: unknown, value: unknown) {
    setEntry(receiver(this), key, value);
    return this;
  },
  delete: remove,
  clear,
  forEach(this: object, callback: (value: unknown, key: unknown, map: object) => void, self: unknown) {
    for (const [key, value] of mapEntries(receiver(this))) callback.call(self, value, key, this);
  },
  keys(this: object) {
    return only(mapEntries(receiver(this)), 0);
  },
  values(this: object) {
    return only(mapEntries(receiver(this)), 1);
  },
  entries(this: object) {
    return mapEntries(receiver(this));
  },
  [Symbol.iterator](this: object) {
    return mapEntries(receiver(this));
  },
};

function* setMembers(node: Node): IterableIterator<unknown> {
  for (const member of node.raw as AnySet) yield handOut(node, member, member);
}

const setMethods: Methods = {
  has,
  add(this: object, member: unknown) {
    const node = receiver(this);
    const { tracker } = node;
    const members = node.raw as AnySet;
    tracker.guard();
    const raw = admit(member, () => node.path(member), tracker);
    if (members.has(raw)) return this;
    const attached = tracker.attach(node);
    members.add(raw);
    if (!attached) return this;
    tracker.placed(node, raw, raw);
    tracker.wrote(() => ({ op: "add", path: node.path(), value: snapshot(raw) }));
    return this;
  },
  delete: remove,
  clear,
  forEach(this: object, callback: (value: unknown, key: unknown, set: object) => void, self: unknown) {
    for (const member of setMembers(receiver(this))) callback.call(self, member, member, this);
  },
  keys(this: object) {
    return setMembers(receiver(this));
  },
  values(this: object) {
    return setMembers(receiver(this));
  },
  *entries(this: object) {
    for (const member of setMembers(receiver(this))) yield [member, member];
  },
  [Symbol.iterator](this: object) {
    return setMembers(receiver(this));
  },
};

// What newer engines add and reads only can run on a copy. What they add and writes must be known here, or it would be lost.
for (const name of [
  "union",
  "intersection",
  "difference",
  "symmetricDifference",
  "isSubsetOf",
  "isSupersetOf",
  "isDisjointFrom",
]) {
  const native: unknown = (Set.prototype as unknown as Record<string, unknown>)[name];
  if (typeof native !== "function") continue;
  setMethods[name] = function (this: object, ...args: unknown[]) {
    return (native as (...args: unknown[]) => unknown).apply(new Set(setMembers(receiver(this))), args);
  };
}
if ("getOrInsert" in Map.prototype) {
  const orInsert = (node: Node, key: unknown, make: () => unknown): unknown => {
    const raw = toRaw(key);
    if (!(node.raw as AnyMap).has(raw)) setEntry(node, key, make());
    return handOut(node, (node.raw as AnyMap).get(raw), raw);
  };
  mapMethods["getOrInsert"] = function (this: object, key: unknown, value: unknown) {
    return orInsert(receiver(this), key, () => value);
  };
  mapMethods["getOrInsertComputed"] = function (this: object, key: unknown, make: (key: unknown) => unknown) {
    return orInsert(receiver(this), key, () => make(key));
  };
}

// They are what a user sees as the prototype of a collection, and shared by all sessions.
Object.freeze(Object.setPrototypeOf(mapMethods, Map.prototype));
Object.freeze(Object.setPrototypeOf(setMethods, Set.prototype));
