import { present } from "./answers.ts";
import { LONG, type Suite } from "./suite.ts";

export function testKeys({ test, expect, header, record }: Suite): void {
  test("are none for a prefix that nothing begins with", async ({ base, seed, listed }) => {
    await seed(record(1, "a"));
    expect(await listed(`${base}nothing`)).toEqual([]);
  });

  test("are those that begin with the prefix", async ({ base, seed, listed }) => {
    for (const each of ["s:a", "s:b", "t:s:c", "s"]) await seed(record(1, each), LONG, base + each);
    expect(await listed(`${base}s:`)).toEqual([`${base}s:a`, `${base}s:b`]);
  });

  test("come whole, with their prefix", async ({ base, key, seed, listed }) => {
    await seed(record(1, "a"));
    expect(await listed(base)).toEqual([key]);
  });

  test("take every character of the prefix literally", async ({ base, seed, listed }) => {
    const odd = `${base}*?[a-z]^$.+(\\)|{1}:`;
    await seed(record(1, "odd"), LONG, `${odd}a`);
    await seed(record(1, "plain"), LONG, `${base}plain`);
    expect(await listed(odd)).toEqual([`${odd}a`]);
    expect(await listed(`${base}*`)).toEqual([`${odd}a`]);
    expect(await listed(`${base}.`)).toEqual([]);
  });

  test("come once each, more than fit in one page", async ({ store, base, listed }) => {
    const all = Array.from({ length: 1_500 }, (_, n) => `${base}${String(n).padStart(4, "0")}`);
    await Promise.all(all.map(async (each) => store.create(each, record(1, each), LONG)));
    expect(await listed(base)).toEqual(all);
  });

  test("leave out what was removed", async ({ store, base, key, seed, listed }) => {
    await seed(record(1, "a"));
    await seed(record(1, "b"), LONG, `${base}removed`);
    await store.remove(`${base}removed`);
    expect(await listed(base)).toEqual([key]);
  });

  test("may be read, touched and removed during the walk", async ({ store, base, listed }) => {
    const all = Array.from({ length: 100 }, (_, n) => `${base}${String(n).padStart(3, "0")}`);
    await Promise.all(all.map(async (each) => store.create(each, record(1, each), LONG)));
    const seen: string[] = [];
    for await (const each of store.keys(base)) {
      seen.push(each);
      await store.touch(each, header(2), present(await store.get(each)), LONG);
      if (seen.length % 2 === 0) await store.remove(each);
    }
    expect(seen.sort()).toEqual(all);
    expect((await listed(base)).length).toBe(50);
  });

  test("may be walked part of the way", async ({ store, base, seed, listed }) => {
    for (const each of ["a", "b", "c"]) await seed(record(1, each), LONG, base + each);
    for await (const each of store.keys(base)) {
      expect(each.startsWith(base)).toBe(true);
      break;
    }
    expect((await listed(base)).length).toBe(3);
  });
}
