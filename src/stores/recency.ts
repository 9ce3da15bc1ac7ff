/** A place in a {@link Recency}: linked to itself while it stands in none. */
export interface Link {
  older: Link;
  newer: Link;
}

/**
 * Which item was used least recently: a ring of links.
 *
 * A `Map` whose entries are deleted and set again keeps the same order, but rehashes itself now and then, on mere reads too:
 * with a million entries everything stood still for 290 ms. And a walk over it would meet again what was used meanwhile.
 */
export class Recency<Item extends Link> {
  /** Stands between the newest and the oldest item, so that no end is a special case. */
  readonly #seam: Link;

  constructor() {
    const seam = {} as Link;
    seam.older = seam.newer = seam;
    this.#seam = seam;
  }

  /** The item that was not used for longest. */
  get oldest(): Item | undefined {
    const oldest = this.#seam.newer;
    return oldest === this.#seam ? undefined : (oldest as Item);
  }

  /** Makes the item the newest, and lets it in if it was not. */
  use(item: Item): void {
    this.delete(item);
    const seam = this.#seam;
    item.older = seam.older;
    item.newer = seam;
    seam.older.newer = item;
    seam.older = item;
  }

  delete(item: Item): void {
    item.older.newer = item.newer;
    item.newer.older = item.older;
    item.older = item.newer = item;
  }
}
