import assert from "node:assert/strict";
import { describe, expect, it } from "vitest";
import type { Store } from "unsession";
import { createMemoryStore, describeStoreContract, type StoreContractOptions, type TestRunner } from "unsession/testing";

/** Runs the suite as a test runner with nothing but asserts would, and says which tests failed. */
async function run(
  makeStore: (now: () => number) => Store,
  options?: StoreContractOptions,
): Promise<{ passed: number; failed: string[] }> {
  const path: string[] = [];
  const tests: { title: string; call: () => Promise<void> }[] = [];
  const runner: TestRunner = {
    describe(name, define) {
      path.push(name);
      define();
      path.pop();
    },
    it: (name, call) => tests.push({ title: [...path.slice(1), name].join(" "), call: () => call() }),
    expect: (actual) => ({
      toBe: (expected) => assert.equal(actual, expected),
      toEqual: (expected) => assert.deepEqual(actual, expected),
    }),
  };
  describeStoreContract("the store", ({ now }) => makeStore(now), runner, options);
  const failed: string[] = [];
  for (const { title, call } of tests) await call().catch(() => failed.push(title));
  return { passed: tests.length - failed.length, failed };
}

describe("describeStoreContract", () => {
  it("passes the memory store, under a runner with `toBe` and `toEqual` alone", async () => {
    expect(await run((now) => createMemoryStore({ now }))).toEqual({ passed: 56, failed: [] });
  });

  it("fails a store that writes over what it did not expect", async () => {
    const { failed } = await run((now) => {
      const memory = createMemoryStore({ now });
      return change(memory, {
        replace(key, value, _expected, ttl) {
          if (!memory.has(key)) return { status: "missing" };
          memory.set(key, value, ttl);
          return { status: "ok", entry: { value } };
        },
      });
    });
    expect(failed).toContain("replace leaves alone what it did not expect");
    expect(failed).toContain("replace loses none of fifty concurrent increments that try until they win");
  });

  it("fails a store that brings back what was removed", async () => {
    const { failed } = await run((now) => {
      const memory = createMemoryStore({ now });
      return change(memory, {
        touch(key, header, expected, ttl) {
          if (!memory.has(key)) memory.set(key, expected.value, ttl);
          return memory.touch(key, header, expected, ttl);
        },
      });
    });
    expect(failed).toEqual(["touch never brings back a removed record", "ttl that has passed makes replace and touch miss"]);
  });

  it("fails a store that does not keep time", async () => {
    const { failed } = await run(() => createMemoryStore({ now: () => 0 }));
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.every((title) => title.startsWith("ttl "))).toBe(true);
  });

  it("leaves out what a store cannot do, if both say so", async () => {
    const makeStore = (): Store => change(createMemoryStore({ now: () => 0 }), { ttl: false, list: false, binary: false });
    expect((await run(makeStore, { ttl: false, list: false, binary: false })).failed).toEqual([]);
    expect((await run(makeStore, { ttl: false, list: false })).failed).toEqual(["says what it can do"]);
  });

  it("fails a store that takes bytes for UTF-8", async () => {
    const { failed } = await run((now) => {
      const memory = createMemoryStore({ now });
      const mangled = (value: string): string => Buffer.from(value, "latin1").toString();
      return change(memory, { create: (key, value, ttl) => memory.create(key, mangled(value), ttl) });
    });
    expect(failed).toContain("bytes gives back every byte");
  });

  it("closes each store", async () => {
    let open = 0;
    await run((now) => {
      open++;
      return change(createMemoryStore({ now }), { close: () => void open-- });
    });
    expect(open).toBe(0);
  });
});

function change(store: Store, changes: Partial<Store>): Store {
  return {
    name: "changed",
    class: "A",
    ttl: true,
    list: true,
    binary: true,
    get: (key) => store.get(key),
    create: (key, value, ttl) => store.create(key, value, ttl),
    replace: (key, value, expected, ttl) => store.replace(key, value, expected, ttl),
    touch: (key, header, expected, ttl) => store.touch(key, header, expected, ttl),
    remove: (key) => store.remove(key),
    keys: (prefix) => store.keys(prefix),
    ...changes,
  };
}
