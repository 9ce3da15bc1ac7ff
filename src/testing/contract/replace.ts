import { conflicting, count, inParallel, written } from "./answers.ts";
import { LONG, type Suite } from "./suite.ts";

export function testReplace({ test, expect, header, record }: Suite): void {
  test("writes over what it expected", async ({ store, key, seed, valueAt }) => {
    const read = await seed(record(1, "old"));
    expect((await store.replace(key, record(2, "new"), read, LONG)).status).toBe("ok");
    expect(await valueAt(key)).toBe(record(2, "new"));
  });

  test("answers with the entry that the next replace expects", async ({ store, key, seed, valueAt }) => {
    const read = await seed(record(1, "a"));
    const second = written(await store.replace(key, record(2, "b"), read, LONG));
    expect(second.value).toBe(record(2, "b"));
    expect((await store.replace(key, record(3, "c"), second, LONG)).status).toBe("ok");
    expect(await valueAt(key)).toBe(record(3, "c"));
  });

  test("shortens and lengthens a record", async ({ store, key, seed, valueAt }) => {
    const read = await seed(record(1, "x".repeat(1_000)));
    const short = written(await store.replace(key, record(2, ""), read, LONG));
    expect(await valueAt(key)).toBe(record(2, ""));
    await store.replace(key, record(3, "y".repeat(2_000)), short, LONG);
    expect(await valueAt(key)).toBe(record(3, "y".repeat(2_000)));
  });

  test("leaves alone what it did not expect", async ({ store, key, seed, valueAt }) => {
    const read = await seed(record(1, "a"));
    await store.replace(key, record(2, "theirs"), read, LONG);
    expect((await store.replace(key, record(2, "mine"), read, LONG)).status).toBe("conflict");
    expect(await valueAt(key)).toBe(record(2, "theirs"));
  });

  test("answers a conflict with the current entry, which the next replace may expect", async ({ store, key, seed }) => {
    const read = await seed(record(1, "a"));
    await store.replace(key, record(2, "theirs"), read, LONG);
    const current = conflicting(await store.replace(key, record(2, "mine"), read, LONG));
    expect(current.value).toBe(record(2, "theirs"));
    expect((await store.replace(key, record(3, "merged"), current, LONG)).status).toBe("ok");
  });

  test("does not take a record made anew for the one it expected", async ({ store, key, seed, valueAt }) => {
    const read = await seed(record(1, "a"));
    await store.remove(key);
    await seed(record(7, "another"));
    expect((await store.replace(key, record(2, "b"), read, LONG)).status).toBe("conflict");
    expect(await valueAt(key)).toBe(record(7, "another"));
  });

  test("never brings back a removed record", async ({ store, key, seed }) => {
    const read = await seed(record(1, "a"));
    await store.remove(key);
    expect(await store.replace(key, record(2, "b"), read, LONG)).toEqual({ status: "missing" });
    expect(await store.get(key)).toBe(undefined);
  });

  test("has exactly one winner among fifty concurrent calls", async ({ store, key, seed, valueAt }) => {
    const read = await seed(record(1, "a"));
    const answers = await inParallel(50, (n) => store.replace(key, record(2, `call ${n}`), read, LONG));
    const winner = record(2, `call ${answers.findIndex((answer) => answer.status === "ok")}`);
    expect(count(answers, "ok")).toBe(1);
    expect(answers.filter((answer) => answer.status === "conflict" && answer.current.value === winner).length).toBe(49);
    expect(await valueAt(key)).toBe(winner);
  });

  test("loses none of fifty concurrent increments that try until they win", async ({ store, key, seed, valueAt }) => {
    const zero = await seed(record(1, "0"));
    const width = header(1).length;
    await inParallel(50, async () => {
      let expected = zero;
      for (;;) {
        const next = Number(expected.value.slice(width)) + 1;
        const answer = await store.replace(key, record(next + 1, String(next)), expected, LONG);
        if (answer.status === "ok") return;
        expected = conflicting(answer);
      }
    });
    expect(await valueAt(key)).toBe(record(51, "50"));
  });

  test("loses to a concurrent remove, whichever comes first", async ({ store, key, seed }) => {
    const read = await seed(record(1, "a"));
    await inParallel(20, (n) => (n === 10 ? store.remove(key) : store.replace(key, record(2, `${n}`), read, LONG)));
    expect(await store.get(key)).toBe(undefined);
  });
}
