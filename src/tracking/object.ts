import { valueError } from "../errors.ts";
import { admit, admitKey } from "./admit.ts";
import type { Node } from "./node.ts";
import { kNode } from "./raw.ts";
import { snapshot } from "./snapshot.ts";
import type { Tracker } from "./tracker.ts";

type Raw = Record<PropertyKey, unknown>;

/**
 * Traps of plain objects. One instance serves all objects of a session; arrays refine it.
 *
 * Reads of anything inherited pass through, so that tools find an ordinary object; writes reach own keys only.
 */
export class ObjectHandler implements ProxyHandler<object> {
  protected readonly tracker: Tracker;

  constructor(tracker: Tracker) {
    this.tracker = tracker;
  }

  get(target: object, key: PropertyKey, receiver?: unknown): unknown {
    if (key === kNode) return this.nodeFor(target, receiver);
    // `session.__proto__.x = 1` would otherwise reach the prototype of every object.
    if (key === "__proto__") return undefined;
    const value = (target as Raw)[key];
    if (typeof value !== "object" || value === null) return value;
    return this.tracker.handOut(value, target, key);
  }

  /** Answers whoever asks for the node of a proxy: not what merely inherits from it, or is around it. */
  protected nodeFor(target: object, receiver: unknown): Node | undefined {
    const node = this.tracker.node(target);
    return receiver === node.proxy ? node : undefined;
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
    if (receiver !== this.tracker.node(target).proxy) return Reflect.set(target, key, value, receiver);
    return this.write(target, key, value);
  }

  defineProperty(target: object, key: PropertyKey, descriptor: PropertyDescriptor): boolean {
    const present = Object.hasOwn(target, key);
    const plain = present
      ? descriptor.enumerable !== false && descriptor.configurable !== false && descriptor.writable !== false
      : descriptor.enumerable === true && descriptor.configurable === true && descriptor.writable === true;
    if (!plain || "get" in descriptor || "set" in descriptor) {
      throw valueError(
        this.place(target, key),
        "was defined as something other than a plain value",
        "Assign it, without accessors, hidden or read-only properties",
      );
    }
    return "value" in descriptor ? this.write(target, key, descriptor.value) : true;
  }

  deleteProperty(target: object, key: PropertyKey): boolean {
    this.tracker.guard();
    if (!Object.hasOwn(target, key)) return true;
    const node = this.tracker.node(target);
    const attached = this.tracker.attach(node);
    if (!Reflect.deleteProperty(target, key)) return false;
    if (attached) this.deleted(node, key);
    return true;
  }

  setPrototypeOf(target: object): boolean {
    throw valueError(this.place(target), "was given another prototype", "Keep only plain data in a session");
  }

  preventExtensions(target: object): boolean {
    throw valueError(this.place(target), "was frozen or sealed", "Freeze a copy, `$snapshot()`, instead");
  }

  /** The step of a path that a property key stands for. */
  protected step(key: PropertyKey): unknown {
    return key;
  }

  protected write(target: object, key: PropertyKey, value: unknown): boolean {
    // A key that holds `undefined` is the same as none in most serialized forms, so it is the same in memory.
    return value === undefined ? this.deleteProperty(target, key) : this.assign(target, key, value);
  }

  protected assign(target: object, key: PropertyKey, value: unknown, appended = false): boolean {
    const { tracker } = this;
    tracker.guard();
    const place = (): unknown[] => this.place(target, key);
    admitKey(key, place);
    const raw = admit(value, place, tracker);
    if (Object.hasOwn(target, key) && Object.is((target as Raw)[key], raw)) return true;
    const node = tracker.node(target);
    const attached = tracker.attach(node);
    if (!put(target as Raw, key, raw)) return false;
    if (attached) this.assigned(node, key, raw, appended);
    return true;
  }

  /** Takes note of an assignment that was made. */
  protected assigned(node: Node, key: PropertyKey, raw: unknown, _appended = false): void {
    const { tracker } = this;
    const step = this.step(key);
    tracker.placed(node, step, raw);
    tracker.wrote(() => ({ op: "set", path: [...tracker.pathOf(node), step], value: snapshot(raw) }));
  }

  /** Takes note of a deletion that was made. */
  protected deleted(node: Node, key: PropertyKey): void {
    this.tracker.wrote(() => ({ op: "delete", path: [...this.tracker.pathOf(node), this.step(key)] }));
  }

  protected place(target: object, key?: PropertyKey): unknown[] {
    const path = this.tracker.pathOf(this.tracker.node(target));
    return key === undefined ? path : [...path, this.step(key)];
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
