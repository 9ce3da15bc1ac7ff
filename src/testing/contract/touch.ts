import { conflicting, count, inParallel, written } from "./answers.ts";
import { LONG, type Suite } from "./suite.ts";

export function testTouch({ test, expect, header, record }: Suite): void {
  test("writes the header and keeps the payload", async ({ store, key, seed, valueAt }) => {
    const read = await seed(record(1, "payload: žluť 🦊"));
    expect((await store.touch(key, header(2), read, LONG)).status).toBe("ok");
    expect(await valueAt(key)).toBe(record(2, "payload: žluť 🦊"));
  });

  test("answers with the entry that the next write expects", async ({ store, key, seed }) => {
    const read = await seed(record(1, "a"));
    const touched = written(await store.touch(key, header(2), read, LONG));
    expect(touched.value).toBe(record(2, "a"));
    expect((await store.replace(key, record(3, "b"), touched, LONG)).status).toBe("ok");
  });

  test("leaves alone what it did not expect, and answers with the current entry", async ({ store, key, seed, valueAt }) => {
    const read = await seed(record(1, "a"));
    await store.replace(key, record(2, "theirs"), read, LONG);
    const current = conflicting(await store.touch(key, header(2), read, LONG));
    expect(current.value).toBe(record(2, "theirs"));
    expect(await valueAt(key)).toBe(record(2, "theirs"));
  });

  test("never brings back a removed record", async ({ store, key, seed }) => {
    const read = await seed(record(1, "a"));
    await store.remove(key);
    expect(await store.touch(key, header(2), read, LONG)).toEqual({ status: "missing" });
    expect(await store.get(key)).toBe(undefined);
  });

  test("and replace together have exactly one winner among fifty concurrent calls", async ({ store, key, seed }) => {
    const read = await seed(record(1, "a"));
    const answers = await inParallel(50, (n) =>
      n % 2 === 0 ? store.touch(key, header(2), read, LONG) : store.replace(key, record(2, `call ${n}`), read, LONG),
    );
    expect(count(answers, "ok")).toBe(1);
    expect(count(answers, "conflict")).toBe(49);
  });
}
