import { LONG, type Suite } from "./suite.ts";

export function testRemove({ test, expect, record }: Suite): void {
  test("removes the key, whatever it holds", async ({ store, key, seed }) => {
    const read = await seed(record(1, "a"));
    await store.replace(key, record(2, "b"), read, LONG);
    await store.remove(key);
    expect(await store.get(key)).toBe(undefined);
  });

  test("does nothing to a key that is absent", async ({ store, key }) => {
    await store.remove(key);
    expect(await store.get(key)).toBe(undefined);
  });

  test("leaves every other key alone", async ({ store, base, key, seed, valueAt }) => {
    await seed(record(1, "other"), LONG, `${base}other`);
    await seed(record(1, "a"));
    await store.remove(key);
    expect(await valueAt(`${base}other`)).toBe(record(1, "other"));
  });
}
