/** What can have a deadline. `slot` is where it stands in its {@link Deadlines}, −1 while it has none. */
export interface Scheduled {
  slot: number;
}

/**
 * Which item is due first: a binary heap that knows where each item stands, so that a deadline is moved or dropped in
 * O(log n) and no stale one stays behind.
 */
export class Deadlines<Item extends Scheduled> {
  // Side by side rather than as pairs: an array of numbers alone holds them unboxed, and sifting reads little else.
  readonly #times: number[] = [];
  readonly #items: Item[] = [];

  /** The item due first. */
  get first(): Item | undefined {
    return this.#items[0];
  }

  /** When the item is due; never, if it has no deadline. */
  of(item: Item): number {
    return item.slot === -1 ? Infinity : (this.#times[item.slot] as number);
  }

  /** Gives the item a deadline, or another one. */
  set(item: Item, time: number): void {
    this.#settle(item, time, item.slot === -1 ? this.#items.length : item.slot);
  }

  delete(item: Item): void {
    if (item.slot === -1) return;
    const last = this.#items.pop() as Item;
    const time = this.#times.pop() as number;
    if (last !== item) this.#settle(last, time, item.slot);
    item.slot = -1;
  }

  /** Lets the item rise or sink from `slot`, which is free, to where it belongs. */
  #settle(item: Item, time: number, slot: number): void {
    this.#put(item, time, this.#sink(time, this.#rise(time, slot)));
  }

  #rise(time: number, slot: number): number {
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      if (this.#timeAt(parent) <= time) break;
      this.#move(parent, slot);
      slot = parent;
    }
    return slot;
  }

  #sink(time: number, slot: number): number {
    for (;;) {
      const left = 2 * slot + 1;
      const child = this.#timeAt(left + 1) < this.#timeAt(left) ? left + 1 : left;
      if (time <= this.#timeAt(child)) return slot;
      this.#move(child, slot);
      slot = child;
    }
  }

  /** Past the end nothing is ever due, so that a missing child never rises. */
  #timeAt(slot: number): number {
    return slot < this.#times.length ? (this.#times[slot] as number) : Infinity;
  }

  #move(from: number, to: number): void {
    this.#put(this.#items[from] as Item, this.#times[from] as number, to);
  }

  #put(item: Item, time: number, slot: number): void {
    this.#items[slot] = item;
    this.#times[slot] = time;
    item.slot = slot;
  }
}
