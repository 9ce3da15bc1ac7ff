import { valueError } from "../errors.ts";
import { arrayMethods, rearranged } from "./array-methods.ts";
import { arrayIndex, type ContainerKind } from "./kinds.ts";
import { Node } from "./node.ts";
import { snapshot } from "./snapshot.ts";

/** Traps of arrays: an item written in place, an item appended, and everything else, which moves items. */
export class ArrayNode extends Node {
  override get kind(): ContainerKind {
    return "array";
  }

  protected override holds(child: Node): boolean {
    const items = this.raw as unknown[];
    if (items[child.key as number] === child.raw) return true;
    const index = items.indexOf(child.raw);
    if (index >= 0) child.key = index;
    return index >= 0;
  }

  /** An item that was read by a trap is known by the text of its index. */
  protected override step(key: unknown): unknown {
    return (typeof key === "string" ? arrayIndex(key) : undefined) ?? key;
  }

  override get(target: object, key: PropertyKey, receiver?: unknown): unknown {
    const value = super.get(target, key, receiver);
    // No item is a function, so those alone are looked up: a look-up of each index would be a third of a loop over an array.
    return typeof value === "function" ? (arrayMethods[key] ?? value) : value;
  }

  protected override write(key: PropertyKey, value: unknown): boolean {
    if (key === "length") return this.#resize(value);
    const index = this.step(key);
    if (typeof index !== "number") {
      throw valueError(this.path(key), "is a named property of an array", "Use an object for named values");
    }
    const { length } = this.raw as unknown[];
    if (!this.assign(key, value, index === length)) return false;
    // Past the end: the holes in between are new items too.
    if (index > length) this.tracker.mark(this).reordered = true;
    return true;
  }

  protected override assigned(key: PropertyKey, raw: unknown, appended: boolean): void {
    if (!appended) return super.assigned(key, raw);
    const { tracker } = this;
    tracker.placed(this, this.step(key), raw);
    tracker.wrote(() => ({ op: "append", path: this.path(), value: snapshot(raw) }));
  }

  protected override deleted(): void {
    rearranged(this);
  }

  #resize(length: unknown): boolean {
    const { tracker, raw } = this;
    tracker.guard();
    if ((raw as unknown[]).length === length) return true;
    const attached = tracker.attach(this);
    if (!Reflect.set(raw, "length", length)) return false;
    if (attached) rearranged(this);
    return true;
  }
}
