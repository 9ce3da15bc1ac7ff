import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Sequence, type Follower } from "../../src/stores/sequence.ts";

class Item implements Follower {
  readonly name: number;
  before: Follower = this;
  after: Follower = this;

  constructor(name: number) {
    this.name = name;
  }
}

describe("a sequence", () => {
  it("is walked in the order of what was added and not taken out", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20 }), { maxLength: 60 }), (names) => {
        const sequence = new Sequence<Item>();
        const present = new Map<number, Item>();
        for (const name of names) {
          const known = present.get(name);
          if (known === undefined) {
            const item = new Item(name);
            sequence.add(item);
            present.set(name, item);
          } else {
            sequence.delete(known);
            present.delete(name);
          }
        }
        expect(Array.from(sequence, (item) => item.name)).toEqual([...present.keys()]);
      }),
    );
  });

  it("is walked to its end from an item that is taken out meanwhile, with those after it", () => {
    const sequence = new Sequence<Item>();
    const items = Array.from({ length: 6 }, (_, name) => new Item(name));
    for (const item of items) sequence.add(item);
    const seen: number[] = [];
    for (const item of sequence) {
      seen.push(item.name);
      if (item.name === 1) for (const gone of [1, 2, 0, 3]) sequence.delete(items[gone] as Item);
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5].filter((name) => name < 2 || name > 3));
  });
});
