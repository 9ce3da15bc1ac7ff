import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { describeStoreContract } from "unsession/testing";
import { SessionError } from "../../src/errors.ts";
import { createMemoryStore, type MemoryStore } from "../../src/stores/memory.ts";
import { kStore } from "../../src/stores/store.ts";
import { createClock, type Clock } from "./contract.ts";

describeStoreContract("the memory store", ({ now }) => createMemoryStore({ now }), { describe, expect, it });

describe("the memory store", () => {
  let clock: Clock;
  let store: MemoryStore;

  beforeEach(() => {
    clock = createClock();
    store = createMemoryStore({ maxEntries: 3, now: clock.now });
  });

  const fill = (...keys: string[]): void => keys.forEach((key) => store.create(key, key, undefined));
  const held = (): string[] => [...store.keys("")].sort();

  it("says what it is and can do", () => {
    expect(store).toMatchObject({ name: "memory", class: "A", ttl: true, list: true });
  });

  it("carries itself under the symbol by which stores are recognised", () => {
    expect(store[kStore]).toBe(store);
  });

  it("answers at once, without promises", () => {
    expect(store.create("a", "1", undefined)).toBe(true);
    expect(store.get("a")).toEqual({ value: "1" });
    expect(store.replace("a", "2", { value: "1" }, undefined)).toEqual({ status: "ok", entry: { value: "2" } });
    expect(store.remove("a")).toBeUndefined();
  });

  describe("when full", () => {
    it("never holds more than `maxEntries`", () => {
      fill("a", "b", "c", "d", "e");
      expect(store.size).toBe(3);
    });

    it("drops the record that was not used for longest", () => {
      fill("a", "b", "c", "d");
      expect(held()).toEqual(["b", "c", "d"]);
    });

    it("counts a get as a use", () => {
      fill("a", "b", "c");
      store.get("a");
      fill("d");
      expect(held()).toEqual(["a", "c", "d"]);
    });

    it("counts a replace as a use", () => {
      fill("a", "b", "c");
      store.replace("a", "A", { value: "a" }, undefined);
      fill("d");
      expect(held()).toEqual(["a", "c", "d"]);
    });

    it("counts a touch as a use", () => {
      fill("a", "b", "c");
      store.touch("a", "A", { value: "a" }, undefined);
      fill("d");
      expect(held()).toEqual(["a", "c", "d"]);
    });

    it("counts a set as a use", () => {
      fill("a", "b", "c");
      store.set("a", "A", undefined);
      fill("d");
      expect(held()).toEqual(["a", "c", "d"]);
    });

    it("does not count listing and `has` as a use", () => {
      fill("a", "b", "c");
      store.has("a");
      expect(held()).toEqual(["a", "b", "c"]);
      fill("d");
      expect(held()).toEqual(["b", "c", "d"]);
    });

    it("drops expired records before live ones", () => {
      fill("a", "b");
      store.create("expiring", "", 100);
      clock.advance(100);
      fill("c");
      expect(held()).toEqual(["a", "b", "c"]);
    });

    it("drops expired records first, however many there are", () => {
      store = createMemoryStore({ maxEntries: 100, now: clock.now });
      fill("oldest");
      for (let n = 0; n < 99; n++) store.create(`expiring:${n}`, "", 100);
      clock.advance(100);
      for (let n = 0; n < 99; n++) fill(`live:${n}`);
      expect([store.size, store.has("oldest")]).toEqual([100, true]);
    });

    it("drops nothing for a create that is refused", () => {
      fill("a", "b", "c");
      expect(store.create("a", "again", undefined)).toBe(false);
      expect(held()).toEqual(["a", "b", "c"]);
    });

    it("drops nothing for a key it already holds", () => {
      fill("a", "b", "c");
      store.set("b", "B", undefined);
      expect(held()).toEqual(["a", "b", "c"]);
    });

    it("still works with room for one", () => {
      store = createMemoryStore({ maxEntries: 1, now: clock.now });
      fill("a", "b");
      expect(held()).toEqual(["b"]);
    });
  });

  describe("expired records", () => {
    it("are gone at their deadline, and not before", () => {
      store.create("a", "", 100);
      clock.advance(99);
      expect(store.has("a")).toBe(true);
      clock.advance(1);
      expect(store.has("a")).toBe(false);
    });

    it("are not listed, though they are still held", () => {
      store.create("a", "", 100);
      clock.advance(100);
      expect([held(), store.size]).toEqual([[], 1]);
    });

    it("that are never asked for again leave as other traffic goes on", () => {
      store = createMemoryStore({ now: clock.now });
      for (let n = 0; n < 1_000; n++) store.create(`abandoned:${n}`, "", 100);
      clock.advance(100);
      for (let n = 0; n < 100; n++) store.get("somebody else's");
      expect(store.size).toBe(0);
    });

    it("never leave all at once, so that no request pays for a crowd", () => {
      store = createMemoryStore({ now: clock.now });
      for (let n = 0; n < 1_000; n++) store.create(`abandoned:${n}`, "", 100);
      clock.advance(100);
      store.get("somebody else's");
      expect(store.size).toBeGreaterThan(950);
    });

    it("leave faster than new ones can come", () => {
      store = createMemoryStore({ now: clock.now });
      for (let n = 0; n < 1_000; n++) store.create(`abandoned:${n}`, "", 100);
      clock.advance(100);
      for (let n = 0; n < 100; n++) store.create(`live:${n}`, "", 100);
      expect(store.size).toBe(100);
    });

    it("give way to a new record of the same key, also in a crowd", () => {
      store = createMemoryStore({ now: clock.now });
      for (let n = 0; n < 100; n++) store.create(`${n}`, "old", 100 + n);
      clock.advance(200);
      store.create("99", "new", undefined);
      store.sweep();
      expect([store.size, store.get("99")]).toEqual([1, { value: "new" }]);
    });

    it("are dropped by sweep, which counts them", () => {
      store = createMemoryStore({ now: clock.now });
      for (let n = 0; n < 50; n++) store.create(`short:${n}`, "", 100);
      for (let n = 0; n < 7; n++) store.create(`long:${n}`, "", 200);
      store.create("for ever", "", undefined);
      clock.advance(100);
      expect([store.sweep(), store.size]).toEqual([50, 8]);
    });

    it("are not swept twice", () => {
      store.create("a", "", 100);
      clock.advance(100);
      expect([store.sweep(), store.sweep()]).toEqual([1, 0]);
    });

    it("are not swept if they were extended in time", () => {
      store.create("a", "a", 100);
      store.touch("a", "", { value: "a" }, 200);
      clock.advance(100);
      expect([store.sweep(), store.has("a")]).toEqual([0, true]);
    });
  });

  describe("keys", () => {
    it("end, though the walker makes a key at each step", () => {
      store = createMemoryStore({ now: clock.now });
      fill("a", "b");
      const seen: string[] = [];
      for (const key of store.keys("")) {
        seen.push(key);
        fill(`${key}+`);
      }
      expect(seen).toEqual(["a", "b"]);
    });

    it("come once, though one is removed and made again meanwhile", () => {
      fill("a", "b");
      const seen: string[] = [];
      for (const key of store.keys("")) {
        seen.push(key);
        store.remove(key);
        fill(key);
      }
      expect(seen).toEqual(["a", "b"]);
    });

    it("leave out what expires during the walk", () => {
      store.create("a", "", 100);
      store.create("b", "", 100);
      const walk = store.keys("")[Symbol.iterator]();
      expect(walk.next().value).toBe("a");
      clock.advance(100);
      expect(walk.next().done).toBe(true);
    });
  });

  it("clears the keys with a prefix and no others", () => {
    fill("a:1", "a:2", "b:1");
    store.clear("a:");
    expect(held()).toEqual(["b:1"]);
  });

  it("sets a key with a new lifetime, whatever the old one was", () => {
    store.create("a", "old", 100);
    store.set("a", "new", undefined);
    clock.advance(100);
    expect(store.get("a")).toEqual({ value: "new" });
  });

  it("names a `maxEntries` that it cannot keep to", () => {
    for (const maxEntries of [0, -1, 1.5, Number.NaN, Infinity, 16_000_001]) {
      expect(() => createMemoryStore({ maxEntries })).toThrow(SessionError);
      expect(() => createMemoryStore({ maxEntries })).toThrow(`Option \`maxEntries\` is the number ${maxEntries}. Give it`);
    }
  });

  describe("without options", () => {
    afterEach(() => void vi.useRealTimers());

    it("holds 100,000 records", () => {
      store = createMemoryStore();
      for (let n = 0; n <= 100_000; n++) store.create(`${n}`, "", undefined);
      expect([store.size, store.has("0"), store.has("1")]).toEqual([100_000, false, true]);
    });

    it("follows the clock of the process, replaced or not", () => {
      store = createMemoryStore();
      vi.useFakeTimers();
      store.create("a", "", 1_000);
      vi.advanceTimersByTime(1_000);
      expect(store.has("a")).toBe(false);
    });

    it("sets no timer, however many records expire", () => {
      vi.useFakeTimers();
      store = createMemoryStore();
      for (let n = 0; n < 1_000; n++) store.create(`${n}`, "", 1_000 + n);
      for (const _ of store.keys("")) expect(vi.getTimerCount()).toBe(0);
      expect(vi.getTimerCount()).toBe(0);
    });
  });
});

describe("the memory store, against a naive one", () => {
  const key = fc.constantFrom("a", "b", "c", "d", "e", "f");
  const ttl = fc.constantFrom(undefined, 1, 2, 5, 10, 20);
  const text = fc.constantFrom("1", "2", "12", "123");
  const operation = fc.oneof(
    fc.record({ do: fc.constant("get" as const), key }),
    fc.record({ do: fc.constant("has" as const), key }),
    fc.record({ do: fc.constant("set" as const), key, value: text, ttl }),
    fc.record({ do: fc.constant("create" as const), key, value: text, ttl }),
    fc.record({ do: fc.constant("replace" as const), key, value: text, expected: text, ttl }),
    fc.record({ do: fc.constant("touch" as const), key, value: text, expected: text, ttl }),
    fc.record({ do: fc.constant("remove" as const), key }),
    fc.record({ do: fc.constant("clear" as const), key }),
    fc.record({ do: fc.constant("sweep" as const) }),
    fc.record({ do: fc.constant("elapse" as const), by: fc.integer({ min: 1, max: 8 }) }),
  );
  type Operation = typeof operation extends fc.Arbitrary<infer O> ? O : never;

  /** Does to a store what the operation says; what the store answers. */
  const perform = (store: Verbs, operation: Operation): unknown => {
    switch (operation.do) {
      case "get":
      case "has":
      case "remove":
      case "clear":
        return store[operation.do](operation.key);
      case "set":
      case "create":
        return store[operation.do](operation.key, operation.value, operation.ttl);
      case "replace":
      case "touch":
        return store[operation.do](operation.key, operation.value, { value: operation.expected }, operation.ttl);
      default:
        return undefined;
    }
  };

  it("answers the same and holds the same after any operations", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(operation, { maxLength: 60 }), (maxEntries, operations) => {
        const clock = createClock(0);
        const store = createMemoryStore({ maxEntries, now: clock.now });
        const oracle = new NaiveStore(maxEntries, clock.now);
        for (const operation of operations) {
          if (operation.do === "elapse") clock.advance(operation.by);
          if (operation.do === "sweep") store.sweep();
          expect(perform(store, operation)).toEqual(perform(oracle, operation));
          expect([...store.keys("")].sort()).toEqual(oracle.keys());
          expect(store.size).toBeLessThanOrEqual(maxEntries);
        }
        store.sweep();
        expect(store.size).toBe(oracle.keys().length);
      }),
      { numRuns: 1_000 },
    );
  });

  it("expires hundreds of records in the order of their deadlines, moved as they may be", () => {
    const step = fc.record({ key: fc.integer({ min: 0, max: 300 }), ttl: fc.integer({ min: 1, max: 500 }) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 100, maxLength: 600 }), (steps) => {
        const clock = createClock(0);
        const store = createMemoryStore({ now: clock.now });
        const oracle = new NaiveStore(Infinity, clock.now);
        for (const { key, ttl } of steps) {
          for (const each of [store, oracle]) {
            // Some lifetimes stand for a session that ends.
            if (ttl % 7 === 0) each.remove(`${key}`);
            else each.set(`${key}`, "", ttl);
          }
        }
        for (let time = 0; time <= 500; time += 50) {
          store.sweep();
          expect(store.size).toBe(oracle.keys().length);
          clock.advance(50);
        }
      }),
      { numRuns: 50 },
    );
  });
});

type Verbs = Pick<MemoryStore, "get" | "has" | "set" | "create" | "replace" | "touch" | "remove" | "clear">;

interface NaiveEntry {
  readonly key: string;
  readonly value: string;
  readonly deadline: number;
}

/** The same store with no thought for cost: a list, the least recently used first, scanned at every step. */
class NaiveStore implements Verbs {
  readonly #maxEntries: number;
  readonly #now: () => number;
  #entries: NaiveEntry[] = [];

  constructor(maxEntries: number, now: () => number) {
    this.#maxEntries = maxEntries;
    this.#now = now;
  }

  keys(): string[] {
    return this.#live()
      .map((entry) => entry.key)
      .sort();
  }

  has(key: string): boolean {
    return this.#live().some((entry) => entry.key === key);
  }

  get(key: string): { value: string } | undefined {
    const entry = this.#live().find((each) => each.key === key);
    if (entry === undefined) return undefined;
    this.#entries = [...this.#without(key), entry];
    return { value: entry.value };
  }

  set(key: string, value: string, ttl: number | undefined): void {
    const others = this.#without(key);
    if (others.length >= this.#maxEntries) others.shift();
    this.#entries = [...others, { key, value, deadline: this.#now() + (ttl ?? Infinity) }];
  }

  create(key: string, value: string, ttl: number | undefined): boolean {
    if (this.has(key)) return false;
    this.set(key, value, ttl);
    return true;
  }

  replace(key: string, value: string, expected: { value: string }, ttl: number | undefined): ReturnType<Verbs["replace"]> {
    const current = this.#live().find((each) => each.key === key);
    if (current === undefined) return { status: "missing" };
    if (current.value !== expected.value) return { status: "conflict", current: { value: current.value } };
    this.set(key, value, ttl);
    return { status: "ok", entry: { value } };
  }

  touch(key: string, header: string, expected: { value: string }, ttl: number | undefined): ReturnType<Verbs["touch"]> {
    return this.replace(key, header + expected.value.slice(header.length), expected, ttl);
  }

  remove(key: string): void {
    this.#entries = this.#without(key);
  }

  clear(prefix: string): void {
    this.#entries = this.#entries.filter((entry) => !entry.key.startsWith(prefix));
  }

  #live(): NaiveEntry[] {
    return (this.#entries = this.#entries.filter((entry) => entry.deadline > this.#now()));
  }

  #without(key: string): NaiveEntry[] {
    return this.#live().filter((entry) => entry.key !== key);
  }
}
