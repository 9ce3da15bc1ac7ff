import { describe, expect, it } from "vitest";
import { itemKey } from "../../../../src/drivers/memcached/key.ts";

const HASH = /^sha256:[A-Za-z0-9_-]{43}$/;

describe("the key of an item in memcached", () => {
  it("is the key itself where it can be one", () => {
    for (const key of ["session:abc-_.~", "k".repeat(250), "!", "~"]) expect(itemKey(key)).toBe(key);
  });

  it.each([
    ["too long", "k".repeat(251)],
    ["empty", ""],
    ["with a space", "a b"],
    ["with a line break", "a\r\nflush_all"],
    ["with a NUL", "a\0"],
    ["with a DEL", "a\x7F"],
    ["not ASCII", "žluť"],
    ["not ASCII, in one byte", "\xE9"],
  ])("is a hash for one that is %s", async (_, key) => {
    expect(await itemKey(key)).toMatch(HASH);
  });

  it("is the same hash each time", async () => {
    expect(await itemKey("a b")).toBe("sha256:yGh6CKpdbtIEQyj6aml6uOltw0KR6MIDSujDjm_MbWU");
  });

  it("is never that of another key which looks like a hash", async () => {
    const hash = await itemKey("a b");
    expect(await itemKey(hash)).toMatch(HASH);
    expect(await itemKey(hash)).not.toBe(hash);
  });
});
