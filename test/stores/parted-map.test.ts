import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PartedMap } from "../../src/stores/parted-map.ts";

const entriesOf = (map: PartedMap<number>): [string, number][] => map.parts.flatMap((part) => [...part]);

describe("a map in parts", () => {
  it("holds what a Map does, for keys of any length", () => {
    const operation = fc.record({ verb: fc.constantFrom("set", "delete"), key: fc.string({ maxLength: 3 }), value: fc.nat() });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const map = new PartedMap<number>();
        const model = new Map<string, number>();
        for (const { verb, key, value } of operations) {
          if (verb === "set") [map, model].forEach((each) => each.set(key, value));
          else [map, model].forEach((each) => each.delete(key));
          expect([map.size, map.has(key), map.get(key)]).toEqual([model.size, model.has(key), model.get(key)]);
        }
        expect(new Map(entriesOf(map))).toEqual(model);
      }),
    );
  });

  it("spreads keys that end in 32 random bytes, so that no part is copied for long", () => {
    const map = new PartedMap<number>();
    for (let n = 0; n < 64_000; n++)
      map.set(`session:${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url")}`, n);
    expect(Math.max(...map.parts.map(({ size }) => size))).toBeLessThan(2000);
  });
});
