import { present } from "./answers.ts";
import { FORTY_DAYS, LONG, PAST_SHORT, SHORT, type Suite } from "./suite.ts";

export function testTtl({ test, expect, header, record }: Suite): void {
  test("ends a record", async ({ store, key, elapse, seed }) => {
    await seed(record(1, "a"), SHORT);
    await elapse(PAST_SHORT);
    expect(await store.get(key)).toBe(undefined);
  });

  test("does not end a record early", async ({ key, elapse, seed, valueAt }) => {
    await seed(record(1, "a"), LONG);
    await elapse(SHORT);
    expect(await valueAt(key)).toBe(record(1, "a"));
  });

  test("may be longer than 30 days", async ({ key, elapse, seed, valueAt }) => {
    await seed(record(1, "a"), FORTY_DAYS);
    await elapse(SHORT);
    expect(await valueAt(key)).toBe(record(1, "a"));
  });

  test("may be none", async ({ store, key, elapse, valueAt }) => {
    expect(await store.create(key, record(1, "a"), undefined)).toBe(true);
    await elapse(PAST_SHORT);
    expect(await valueAt(key)).toBe(record(1, "a"));
  });

  test("frees the key for another create", async ({ store, key, elapse, seed, valueAt }) => {
    await seed(record(1, "a"), SHORT);
    await elapse(PAST_SHORT);
    expect(await store.create(key, record(1, "b"), LONG)).toBe(true);
    expect(await valueAt(key)).toBe(record(1, "b"));
  });

  test("that has passed makes replace and touch miss", async ({ store, key, elapse, seed }) => {
    const read = await seed(record(1, "a"), SHORT);
    await elapse(PAST_SHORT);
    expect(await store.replace(key, record(2, "b"), read, LONG)).toEqual({ status: "missing" });
    expect(await store.touch(key, header(2), read, LONG)).toEqual({ status: "missing" });
  });

  test("is extended by replace", async ({ store, key, elapse, seed, valueAt }) => {
    const read = await seed(record(1, "a"), SHORT);
    await store.replace(key, record(2, "b"), read, LONG);
    await elapse(PAST_SHORT);
    expect(await valueAt(key)).toBe(record(2, "b"));
  });

  test("is extended by touch", async ({ store, key, elapse, seed, valueAt }) => {
    const read = await seed(record(1, "a"), SHORT);
    await store.touch(key, header(2), read, LONG);
    await elapse(PAST_SHORT);
    expect(await valueAt(key)).toBe(record(2, "a"));
  });

  test("is shortened by replace", async ({ store, key, elapse, seed }) => {
    const read = await seed(record(1, "a"), LONG);
    await store.replace(key, record(2, "dead"), read, SHORT);
    await elapse(PAST_SHORT);
    expect(await store.get(key)).toBe(undefined);
  });

  test("is taken away by a replace without one", async ({ store, key, elapse, seed, valueAt }) => {
    const read = await seed(record(1, "a"), SHORT);
    await store.replace(key, record(2, "b"), read, undefined);
    await elapse(PAST_SHORT);
    expect(await valueAt(key)).toBe(record(2, "b"));
  });

  test("is given to a record without one by touch", async ({ store, key, elapse }) => {
    expect(await store.create(key, record(1, "a"), undefined)).toBe(true);
    await store.touch(key, header(2), present(await store.get(key)), SHORT);
    await elapse(PAST_SHORT);
    expect(await store.get(key)).toBe(undefined);
  });

  test("is not extended by reads, refused creates and conflicts", async ({ store, key, elapse, seed }) => {
    const read = await seed(record(1, "a"), LONG);
    await store.replace(key, record(2, "b"), read, SHORT);
    await store.get(key);
    await store.create(key, record(1, "c"), LONG);
    await store.replace(key, record(2, "c"), read, LONG);
    await store.touch(key, header(2), read, LONG);
    await elapse(PAST_SHORT);
    expect(await store.get(key)).toBe(undefined);
  });
}
