import { containerKind, type Container } from "./kinds.ts";
import type { Pairs } from "./pairing.ts";
import type { Tracker } from "./tracker.ts";

/**
 * Makes the tracked tree equal to `fresh` by writing into its containers rather than replacing them.
 *
 * `pairs` says which live container continues as which fresh one; proxies of these stay valid and show the fresh values. A live
 * container that no fresh one continues is out of the tree, and a write through a reference to it throws. What is recorded as
 * written stays so: the caller knows what of it is still to be stored.
 */
export function adopt(tracker: Tracker, fresh: Container, pairs: Pairs): void {
  pairs.set(fresh, tracker.root.raw);
  new Adoption(tracker, pairs).settle(fresh);
}

class Adoption {
  readonly #tracker: Tracker;
  readonly #pairs: Pairs;
  readonly #settled = new Map<object, object>();
  readonly #taken = new Set<object>();

  constructor(tracker: Tracker, pairs: Pairs) {
    this.#tracker = tracker;
    this.#pairs = pairs;
  }

  /** The object that stands for `fresh` in the live tree, filled with its content. */
  settle(fresh: object): object {
    const known = this.#settled.get(fresh);
    if (known !== undefined) return known;
    const live = this.#liveFor(fresh);
    this.#settled.set(fresh, live);
    this.#taken.add(live);
    if (fresh instanceof Date) (live as Date).setTime(fresh.getTime());
    else this.#fill(live, fresh);
    return live;
  }

  #liveFor(fresh: object): object {
    const paired = this.#pairs.get(fresh);
    // Two copies may continue one original: the first is it, the other is on its own.
    return paired === undefined || this.#taken.has(paired) || !isWritable(paired) ? fresh : paired;
  }

  #child(value: unknown, parent: Container, key: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (containerKind(value) === undefined && !(value instanceof Date)) return value;
    const live = this.settle(value);
    this.#tracker.place(live, parent, key);
    return live;
  }

  #fill(live: Container, fresh: Container): void {
    switch (containerKind(fresh)) {
      case "array": {
        const items = (fresh as unknown[]).map((item, index) => this.#child(item, live, index));
        (live as unknown[]).length = 0;
        for (const item of items) (live as unknown[]).push(item);
        break;
      }
      case "map": {
        const entries = [...(fresh as Map<unknown, unknown>)].map(([key, value]) => [key, this.#child(value, live, key)]);
        (live as Map<unknown, unknown>).clear();
        for (const [key, value] of entries) (live as Map<unknown, unknown>).set(key, value);
        break;
      }
      case "set": {
        const members = [...(fresh as Set<unknown>)].map((member) => this.#child(member, live, member));
        (live as Set<unknown>).clear();
        for (const member of members) {
          (live as Set<unknown>).add(member);
          if (typeof member === "object" && member !== null) this.#tracker.place(member, live, member);
        }
        break;
      }
      default: {
        const entries = Object.entries(fresh).map(([key, value]) => [key, this.#child(value, live, key)] as const);
        // All keys anew: their order is part of the serialized form.
        for (const key of Object.keys(live)) delete (live as Record<string, unknown>)[key];
        for (const [key, value] of entries) (live as Record<string, unknown>)[key] = value;
      }
    }
  }
}

/** False for frozen, sealed and closed objects and arrays, which cannot be filled anew; Maps and Sets always can. */
function isWritable(container: object): boolean {
  return Object.isExtensible(container) || container instanceof Map || container instanceof Set || container instanceof Date;
}
