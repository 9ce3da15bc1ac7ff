/** A place in a {@link Sequence}: before itself while it stands in none. */
export interface Follower {
  before: Follower;
  after: Follower;
}

/**
 * Items in the order in which they were added: a ring that a walk goes through while items come and go.
 *
 * As a `Recency`, but with links of its own, since an entry stands in both, and an object for each pair of links would take 50 bytes a
 * session. An item that was taken out still leads on, so that a walk which stands there comes back to those that are left.
 */
export class Sequence<Item extends Follower> {
  /** Stands between the last and the first item, so that no end is a special case. */
  readonly #seam: Follower;

  constructor() {
    const seam = {} as Follower;
    seam.before = seam.after = seam;
    this.#seam = seam;
  }

  add(item: Item): void {
    const seam = this.#seam;
    item.before = seam.before;
    item.after = seam;
    seam.before.after = item;
    seam.before = item;
  }

  delete(item: Item): void {
    item.before.after = item.after;
    item.after.before = item.before;
    item.before = item;
  }

  *[Symbol.iterator](): Generator<Item, void, undefined> {
    for (let item = this.#seam.after; item !== this.#seam; item = item.after) if (item.before !== item) yield item as Item;
  }
}
