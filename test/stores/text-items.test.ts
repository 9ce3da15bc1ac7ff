import { afterEach, describe, expect, it } from "vitest";
import { TextItems, type StorageLike } from "../../src/stores/text-items.ts";
import { drivers, type Backing } from "./_drivers.ts";

const TEXT = "us1L žluť ✓ 🦊 \0 {}";
const bytes = new TextEncoder().encode(TEXT);

/** A record of bytes as it is in a store of text, and as the bytes that it stands for. */
const BYTES = `ub1${Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join("")}`;
const rawBytes = Buffer.from(BYTES, "latin1");

const itemsOf = (driver: StorageLike): TextItems => new TextItems(driver, "test");

/** A driver that answers one value for each key. */
const answering = (value: unknown): StorageLike => ({ getItem: () => value });

describe("the items of a driver", () => {
  it.each<[string, unknown]>([
    ["text", TEXT],
    ["a Uint8Array", bytes],
    ["part of a larger buffer", new Uint8Array([0, ...bytes, 0]).subarray(1, -1)],
    ["a Buffer", Buffer.from(bytes)],
    ["an ArrayBuffer", bytes.buffer],
    ["base64, as unstorage keeps bytes where there is only text", `base64:${Buffer.from(bytes).toString("base64")}`],
  ])("are text if it answers with %s", async (_kind, value) => {
    expect(await itemsOf(answering(value)).get("a")).toBe(TEXT);
    expect(await itemsOf(answering(Promise.resolve(value))).get("a")).toBe(TEXT);
  });

  it.each<[string, unknown]>([
    ["a Uint8Array", Uint8Array.from(rawBytes)],
    ["a Buffer", rawBytes],
    ["an ArrayBuffer", Uint8Array.from(rawBytes).buffer],
    ["part of a larger buffer", new Uint8Array([0, ...rawBytes, 0]).subarray(1, -1)],
    ["base64", `base64:${rawBytes.toString("base64")}`],
    ["the byte string itself", BYTES],
  ])("are a byte string if it answers with %s of a record of bytes", async (_kind, value) => {
    expect(await itemsOf(answering(value)).get("a")).toBe(BYTES);
  });

  it.each([null, undefined])("are absent if it answers with %s", async (value) => {
    expect(await itemsOf(answering(value)).get("a")).toBeUndefined();
  });

  it.each([{}, 7, true, [], "base64:*"])(
    "are no record, but neither absent nor an error, if it answers with %j",
    async (value) => {
      expect(await itemsOf(answering(value)).get("a")).toBe("");
    },
  );

  it("are an error if it answers with one", async () => {
    const failing: StorageLike = {
      getItem: () => new Error("EACCES"),
      setItem: () => new Error("EACCES"),
      removeItem: () => Promise.resolve(new Error("EACCES")),
    };
    const items = itemsOf(failing);
    await expect(items.get("a")).rejects.toThrow("EACCES");
    await expect(items.set("a", TEXT, undefined)).rejects.toThrow("EACCES");
    await expect(items.remove("a")).rejects.toThrow("EACCES");
  });

  it("are an error if it throws, whatever it says then, unless it is known to throw for what is absent", async () => {
    const throwing = (driver: string, hasItem: () => unknown): TextItems =>
      new TextItems({ getItem: () => Promise.reject(new Error("first")), hasItem }, driver);
    await expect(throwing("s3", () => false).get("a")).rejects.toThrow("first");
    expect(await throwing("http", () => false).get("a")).toBeUndefined();
    await expect(throwing("http", () => true).get("a")).rejects.toThrow("first");
    await expect(throwing("http", () => Promise.reject(new Error("second"))).get("a")).rejects.toThrow("second");
  });

  it("are written by the raw call where there is one, and always as a string", async () => {
    const calls: unknown[][] = [];
    const setItem = (...call: unknown[]): void => void calls.push(["setItem", ...call]);
    const setItemRaw = (...call: unknown[]): void => void calls.push(["setItemRaw", ...call]);
    await itemsOf({ ...answering(null), setItem }).set("a", TEXT, undefined);
    await itemsOf({ ...answering(null), setItem, setItemRaw }).set("a", TEXT, 1);
    await itemsOf({ ...answering(null), setItemRaw }).set("a", TEXT, 2_000);
    expect(calls).toEqual([
      ["setItem", "a", TEXT, {}],
      ["setItemRaw", "a", TEXT, { ttl: 1 }],
      ["setItemRaw", "a", TEXT, { ttl: 2 }],
    ]);
  });

  it("are written as bytes of their own if they are a byte string, and as base64 where there is no raw call", async () => {
    const calls: unknown[] = [];
    const setItem = (_key: string, value: unknown): void => void calls.push(value);
    await itemsOf({ ...answering(null), setItemRaw: setItem }).set("a", BYTES, undefined);
    await itemsOf({ ...answering(null), setItemRaw: setItem }).set("a", BYTES, undefined);
    await itemsOf({ ...answering(null), setItem }).set("a", BYTES, undefined);
    expect(calls).toEqual([Uint8Array.from(rawBytes), Uint8Array.from(rawBytes), `base64:${rawBytes.toString("base64")}`]);
    expect(calls[0]).not.toBe(calls[1]);
  });

  it("are listed by their prefix, whatever separator and base the driver uses", async () => {
    const bases: unknown[] = [];
    const items = itemsOf({
      ...answering(null),
      getKeys(base) {
        bases.push(base);
        return ["a/b/c", "a\\b\\cd", "a:b:d", "a:c", "ab"];
      },
    });
    expect(await items.keys("a:b:c")).toEqual(["a:b:c", "a:b:cd"]);
    expect(await items.keys("a")).toEqual(["a:b:c", "a:b:cd", "a:b:d", "a:c", "ab"]);
    expect(bases).toEqual(["a:b:", undefined]);
  });

  it("can be listed only where the driver can", () => {
    expect(itemsOf(answering(null)).list).toBe(false);
    expect(itemsOf({ ...answering(null), getKeys: () => [] }).list).toBe(true);
  });
});

describe.each(drivers)("the items of $name of unstorage $version", ({ name, open }) => {
  let backing: Backing;
  afterEach(() => backing.close());

  it.each([
    ["text", TEXT],
    ["bytes", BYTES],
  ])("come back as they were written, and go: %s", async (_kind, value) => {
    backing = await open();
    const items = new TextItems(backing.driver, name);
    await items.set("a:b", value, 1_000);
    expect([await items.get("a:b"), await items.get("a:c"), await items.keys("a:")]).toEqual([value, undefined, ["a:b"]]);
    await items.remove("a:b");
    expect([await items.get("a:b"), await items.keys("")]).toEqual([undefined, []]);
  });

  if (name.startsWith("fs"))
    it("cannot be read where the file system fails, and do not pass for absent", async () => {
      backing = await open();
      await expect(new TextItems(backing.driver, name).get("x".repeat(300))).rejects.toThrow("ENAMETOOLONG");
    });
});
