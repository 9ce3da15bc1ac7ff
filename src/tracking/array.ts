import { valueError } from "../errors.ts";
import { arrayMethods, rearranged } from "./array-methods.ts";
import { arrayIndex } from "./kinds.ts";
import type { Node } from "./node.ts";
import { ObjectHandler } from "./object.ts";
import { snapshot } from "./snapshot.ts";

/** Traps of arrays: an item written in place, an item appended, and everything else, which moves items. */
export class ArrayHandler extends ObjectHandler {
  override get(target: object, key: PropertyKey, receiver?: unknown): unknown {
    // No item is a function, so those alone are looked up: a look-up of each index would be a third of a loop over an array.
    const value = (target as Record<PropertyKey, unknown>)[key];
    return typeof value === "function" ? (arrayMethods[key] ?? value) : super.get(target, key, receiver);
  }

  protected override step(key: PropertyKey): unknown {
    return (typeof key === "string" ? arrayIndex(key) : undefined) ?? key;
  }

  protected override write(target: object, key: PropertyKey, value: unknown): boolean {
    const items = target as unknown[];
    if (key === "length") return this.#resize(items, value);
    const index = this.step(key);
    if (typeof index !== "number") {
      throw valueError(this.place(target, key), "is a named property of an array", "Use an object for named values");
    }
    const { length } = items;
    if (!this.assign(target, key, value, index === length)) return false;
    // Past the end: the holes in between are new items too.
    if (index > length) this.tracker.mark(this.tracker.node(target)).reordered = true;
    return true;
  }

  protected override assigned(node: Node, key: PropertyKey, raw: unknown, appended: boolean): void {
    if (!appended) return super.assigned(node, key, raw);
    const { tracker } = this;
    tracker.placed(node, this.step(key), raw);
    tracker.wrote(() => ({ op: "append", path: tracker.pathOf(node), value: snapshot(raw) }));
  }

  protected override deleted(node: Node): void {
    rearranged(node);
  }

  #resize(items: unknown[], length: unknown): boolean {
    this.tracker.guard();
    if (items.length === length) return true;
    const node = this.tracker.node(items);
    const attached = this.tracker.attach(node);
    if (!Reflect.set(items, "length", length)) return false;
    if (attached) rearranged(node);
    return true;
  }
}
