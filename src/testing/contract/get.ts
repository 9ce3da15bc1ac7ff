import { LONG, type Suite } from "./suite.ts";

export function testGet({ test, expect, record }: Suite): void {
  test("answers undefined for a key that was never written", async ({ store, key }) => {
    expect(await store.get(key)).toBe(undefined);
  });

  test("gives back what was created", async ({ store, key, valueAt }) => {
    await store.create(key, record(1, "a"), LONG);
    expect(await valueAt(key)).toBe(record(1, "a"));
  });

  test("keeps every character of a text", async ({ seed }) => {
    const text = record(1, "línea\n\t\0 ✓ 🦊 \u2028 \uFEFF \\ \" ' base64:eA== {}");
    expect((await seed(text)).value).toBe(text);
  });

  test("keeps a record of 64 KiB", async ({ seed }) => {
    const text = record(1, "x".repeat(65_536));
    expect((await seed(text)).value).toBe(text);
  });

  test("keeps a record with no payload", async ({ seed }) => {
    expect((await seed(record(1, ""))).value).toBe(record(1, ""));
  });

  test("hands out copies, which change nothing in the store", async ({ key, seed, valueAt }) => {
    const entry = await seed(record(1, "a"));
    Object.assign(entry, { value: "spoilt" });
    expect(await valueAt(key)).toBe(record(1, "a"));
  });
}
