import { inParallel } from "./answers.ts";
import { LONG, type Suite } from "./suite.ts";

export function testCreate({ test, expect, record }: Suite): void {
  test("refuses a key that is taken, and leaves it alone", async ({ store, key, seed, valueAt }) => {
    await seed(record(1, "first"));
    expect(await store.create(key, record(1, "second"), LONG)).toBe(false);
    expect(await valueAt(key)).toBe(record(1, "first"));
  });

  test("takes a key that was removed", async ({ store, key, seed }) => {
    await seed(record(1, "first"));
    await store.remove(key);
    expect((await seed(record(1, "second"))).value).toBe(record(1, "second"));
  });

  test("keeps keys apart", async ({ base, seed, valueAt }) => {
    await seed(record(1, "a"), LONG, `${base}a`);
    await seed(record(1, "ab"), LONG, `${base}ab`);
    expect(await valueAt(`${base}a`)).toBe(record(1, "a"));
    expect(await valueAt(`${base}ab`)).toBe(record(1, "ab"));
  });

  test("keeps the case of a key", async ({ store, base, seed }) => {
    await seed(record(1, "lower"), LONG, `${base}abc`);
    expect(await store.get(`${base}ABC`)).toBe(undefined);
  });

  test("lets exactly one of fifty concurrent calls in", async ({ store, key, valueAt }) => {
    const answers = await inParallel(50, (n) => store.create(key, record(1, `call ${n}`), LONG));
    expect(answers.filter(Boolean).length).toBe(1);
    expect(await valueAt(key)).toBe(record(1, `call ${answers.indexOf(true)}`));
  });
}
