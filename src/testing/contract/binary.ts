import { conflicting, written } from "./answers.ts";
import { LONG, type Suite } from "./suite.ts";

/** Every byte there is, and what would be another text if it were taken for UTF-8. */
const BYTES =
  Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join("") + "\u00c5\u00be base64:eA== \u00ff\u00fe";

export function testBinary({ test, expect, header, record }: Suite): void {
  const byteHeader = (version: number): string => `ub1${header(version).slice(3)}`;
  const bytes = (version: number, payload: string): string => byteHeader(version) + payload;

  test("gives back every byte", async ({ seed }) => {
    expect((await seed(bytes(1, BYTES))).value).toBe(bytes(1, BYTES));
  });

  test("keeps bytes of 64 KiB", async ({ seed }) => {
    const large = bytes(1, BYTES.repeat(240));
    expect((await seed(large)).value).toBe(large);
  });

  test("keeps bytes with no payload", async ({ seed }) => {
    expect((await seed(bytes(1, ""))).value).toBe(bytes(1, ""));
  });

  test("replaces bytes, and text by bytes, and bytes by text", async ({ store, key, seed, valueAt }) => {
    let entry = await seed(record(1, "text: žluť"));
    for (const value of [bytes(2, BYTES), bytes(3, "\u0080"), record(4, "text: žluť"), bytes(5, "\u00ff")]) {
      entry = written(await store.replace(key, value, entry, LONG));
      expect([entry.value, await valueAt(key)]).toEqual([value, value]);
    }
  });

  test("answers a conflict with the current bytes, which the next replace may expect", async ({ store, key, seed, valueAt }) => {
    const read = await seed(bytes(1, BYTES));
    await store.replace(key, bytes(2, `${BYTES}theirs`), read, LONG);
    const current = conflicting(await store.replace(key, bytes(2, `${BYTES}mine`), read, LONG));
    expect(current.value).toBe(bytes(2, `${BYTES}theirs`));
    expect((await store.replace(key, bytes(3, BYTES), current, LONG)).status).toBe("ok");
    expect(await valueAt(key)).toBe(bytes(3, BYTES));
  });

  test("touches the header, and keeps every byte behind it", async ({ store, key, seed, valueAt }) => {
    const read = await seed(bytes(1, BYTES));
    const touched = written(await store.touch(key, byteHeader(2), read, LONG));
    expect([touched.value, await valueAt(key)]).toEqual([bytes(2, BYTES), bytes(2, BYTES)]);
    expect((await store.replace(key, bytes(3, ""), touched, LONG)).status).toBe("ok");
  });
}
