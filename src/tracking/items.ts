import type { Node } from "./node.ts";

/** What every iterator of the language inherits from: methods that newer engines give them are here too. */
const ITERATOR = Object.getPrototypeOf(Object.getPrototypeOf([].values())) as object;

/** Goes through the items of a tracked array as `values` of any array does: over what it holds by then, and never again once it was done. */
export class Items {
  readonly #node: Node;
  #index = 0;

  constructor(node: Node) {
    this.#node = node;
  }

  next(): IteratorResult<unknown, undefined> {
    const node = this.#node;
    const items = node.raw as unknown[];
    const index = this.#index;
    if (index >= items.length) {
      this.#index = Infinity;
      return { value: undefined, done: true };
    }
    this.#index = index + 1;
    return { value: node.tracker.handOut(items[index], node, index), done: false };
  }
}

Object.setPrototypeOf(Items.prototype, ITERATOR);
