import { valueError } from "../errors.ts";
import { admit, admitKey } from "./admit.ts";
import type { Container, ContainerKind } from "./kinds.ts";
import type { Marks } from "./marks.ts";
import { kNode } from "./raw.ts";
import { snapshot } from "./snapshot.ts";
import type { Tracker } from "./tracker.ts";

/** More steps than any tree that can be stored has: past it, parents form a ring. */
const MAX_CLIMB = 256;

type Raw = Record<PropertyKey, unknown>;

/**
 * What tracking knows of one raw container, and the traps of its proxy: here those of a plain object, which the other kinds refine.
 *
 * Reads of anything inherited pass through, so that tools find an ordinary object; writes reach own keys only. What is no trap must not
 * have the name of one: the engine looks for all of them here.
 */
export class Node implements ProxyHandler<object> {
  readonly raw: Container;
  readonly tracker: Tracker;
  proxy: object;
  /** Where it was last seen; checked before each write, since arrays shift and values move. */
  parent: Node | undefined;
  key: unknown;
  /** How it was written since the last commit, for those writes that comparing two trees cannot tell apart. */
  marks: Marks | undefined;

  constructor(raw: Container, tracker: Tracker, parent: Node | undefined, key: unknown) {
    this.raw = raw;
    this.tracker = tracker;
    this.proxy = raw;
    this.parent = parent;
    this.key = key;
    this.marks = undefined;
  }

  get kind(): ContainerKind {
    return "object";
  }

  /** Where the container is, or was last seen, and what is inside of it by further steps. */
  path(...inner: unknown[]): unknown[] {
    const { parent, key } = this;
    if (parent === undefined || inner.length >= MAX_CLIMB) return inner;
    // A member of a Set, or a key of a Map, is a step: a copy of it, since what is in the tree is reached by proxies alone.
    return parent.path(snapshot(parent.step(key)), ...inner);
  }

  /** True if it still is where it was last seen, and all that is around it too. */
  isIn(root: Node, left: number = MAX_CLIMB): boolean {
    if (this === root) return true;
    const { parent } = this;
    return parent !== undefined && left > 0 && parent.holds(this) && parent.isIn(root, left - 1);
  }

  /** True if a container is at the place inside this one where it was last seen, or at another that is as easily found. */
  protected holds({ key, raw }: Node): boolean {
    return (this.raw as Raw)[key as string] === raw;
  }

  /** The step of a path that a key stands for. */
  protected step(key: unknown): unknown {
    return key;
  }

  get(target: object, key: PropertyKey, receiver?: unknown): unknown {
    // Not what merely inherits from the proxy, or is around it.
    if (key === kNode) return receiver === this.proxy ? this : undefined;
    // `session.__proto__.x = 1` would otherwise reach the prototype of every object.
    if (key === "__proto__") return undefined;
    const value = (target as Raw)[key];
    if (typeof value !== "object" || value === null) return value;
    return this.tracker.handOut(value, this, key);
  }

  getOwnPropertyDescriptor(target: object, key: PropertyKey): PropertyDescriptor | undefined {
    const descriptor = Reflect.getOwnPropertyDescriptor(target, key);
    // A descriptor would otherwise be a way to the raw container.
    if (descriptor !== undefined && "value" in descriptor) descriptor.value = this.get(target, key);
    return descriptor;
  }

  set(target: object, key: PropertyKey, value: unknown, receiver: unknown): boolean {
    // Someone else's object with this proxy as its prototype, or around it: the write is the receiver's own, and reaches
    // `defineProperty` below if it comes back here.
    return receiver === this.proxy ? this.write(key, value) : Reflect.set(target, key, value, receiver);
  }

  defineProperty(target: object, key: PropertyKey, descriptor: PropertyDescriptor): boolean {
    const present = Object.hasOwn(target, key);
    const plain = present
      ? descriptor.enumerable !== false && descriptor.configurable !== false && descriptor.writable !== false
      : descriptor.enumerable === true && descriptor.configurable === true && descriptor.writable === true;
    if (!plain || "get" in descriptor || "set" in descriptor) {
      throw valueError(
        this.path(this.step(key)),
        "was defined as something other than a plain value",
        "Assign it, without accessors, hidden or read-only properties",
      );
    }
    return "value" in descriptor ? this.write(key, descriptor.value) : true;
  }

  deleteProperty(target: object, key: PropertyKey): boolean {
    const { tracker } = this;
    tracker.guard();
    if (!Object.hasOwn(target, key)) return true;
    const attached = tracker.attach(this);
    if (!Reflect.deleteProperty(target, key)) return false;
    if (attached) this.deleted(key);
    return true;
  }

  setPrototypeOf(): boolean {
    throw valueError(this.path(), "was given another prototype", "Keep only plain data in a session");
  }

  preventExtensions(): boolean {
    throw valueError(this.path(), "was frozen or sealed", "Freeze a copy, `$snapshot()`, instead");
  }

  protected write(key: PropertyKey, value: unknown): boolean {
    // A key that holds `undefined` is the same as none in most serialized forms, so it is the same in memory.
    return value === undefined ? this.deleteProperty(this.raw, key) : this.assign(key, value);
  }

  protected assign(key: PropertyKey, value: unknown, appended = false): boolean {
    const { tracker } = this;
    const target = this.raw as Raw;
    tracker.guard();
    const place = (): unknown[] => this.path(this.step(key));
    admitKey(key, place);
    const raw = admit(value, place, tracker);
    if (Object.hasOwn(target, key) && Object.is(target[key], raw)) return true;
    const attached = tracker.attach(this);
    if (!put(target, key, raw)) return false;
    if (attached) this.assigned(key, raw, appended);
    return true;
  }

  /** Takes note of an assignment that was made. */
  protected assigned(key: PropertyKey, raw: unknown, _appended = false): void {
    const { tracker } = this;
    tracker.placed(this, this.step(key), raw);
    tracker.wrote(() => ({ op: "set", path: this.path(this.step(key)), value: snapshot(raw) }));
  }

  /** Takes note of a deletion that was made. */
  protected deleted(key: PropertyKey): void {
    this.tracker.wrote(() => ({ op: "delete", path: this.path(this.step(key)) }));
  }
}

/** As `Reflect.set` answers, which takes five times as long as an assignment. */
function put(target: Raw, key: PropertyKey, value: unknown): boolean {
  try {
    target[key] = value;
    return true;
  } catch {
    return false;
  }
}
