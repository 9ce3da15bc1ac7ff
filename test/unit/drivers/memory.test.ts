import fc from "fast-check";
import { createStorage, prefixStorage, type Driver, type Storage } from "unstorage";
import { beforeEach, describe, expect, it } from "vitest";
import memory, { type MemoryStore } from "../../../src/drivers/memory.ts";
import { SessionError } from "../../../src/errors.ts";
import { kStore } from "../../../src/stores/store.ts";
import { createClock, type Clock } from "../../stores/contract.ts";

describe("the memory driver", () => {
  let clock: Clock;
  let driver: Driver;
  let storage: Storage;

  beforeEach(() => {
    clock = createClock();
    driver = memory({ maxEntries: 3, now: clock.now });
    storage = createStorage({ driver });
  });

  const instance = (of: Driver = driver): MemoryStore => of.getInstance?.() as MemoryStore;

  it("has a name that is not that of unstorage's own", () => {
    expect(driver.name).toBe("unsession-memory");
  });

  it("shows its options", () => {
    expect(driver.options).toEqual({ maxEntries: 3, now: clock.now });
  });

  it("refuses options as the store does", () => {
    expect(() => memory({ maxEntries: 0 })).toThrow("Option `maxEntries` is the number 0");
  });

  describe("in a storage", () => {
    it("answers null for a key that is absent", async () => {
      expect(await storage.getItem("a")).toBeNull();
      expect(await storage.getItemRaw("a")).toBeNull();
      expect(await storage.hasItem("a")).toBe(false);
    });

    it("keeps a value as JSON", async () => {
      await storage.setItem("a", { b: [1, "2"] });
      expect(await storage.getItem("a")).toEqual({ b: [1, "2"] });
      expect(await storage.hasItem("a")).toBe(true);
    });

    it("overwrites", async () => {
      await storage.setItem("a", "old");
      await storage.setItem("a", "new");
      expect(await storage.getItem("a")).toBe("new");
    });

    it("removes", async () => {
      await storage.setItem("a", "1");
      await storage.removeItem("a");
      expect(await storage.hasItem("a")).toBe(false);
    });

    it("lists the keys under a base", async () => {
      for (const key of ["a:1", "a:2", "b:1"]) await storage.setItem(key, "x");
      expect((await storage.getKeys("a")).sort()).toEqual(["a:1", "a:2"]);
      expect(await storage.getKeys()).toHaveLength(3);
      expect(await driver.getKeys("b:", {})).toEqual(["b:1"]);
    });

    it("lists down to a depth", async () => {
      for (const key of ["a", "a:1", "a:1:x"]) await storage.setItem(key, "x");
      expect((await storage.getKeys(undefined, { maxDepth: 1 })).sort()).toEqual(["a", "a:1"]);
    });

    it("clears the keys under a base and no others", async () => {
      for (const key of ["a:1", "a:2", "b:1"]) await storage.setItem(key, "x");
      // Straight to the driver: a storage clears whole mounts only.
      await driver.clear?.("a:", {});
      expect(await storage.getKeys()).toEqual(["b:1"]);
    });

    it("clears everything", async () => {
      for (const key of ["a:1", "b:1"]) await storage.setItem(key, "x");
      await storage.clear();
      expect(await storage.getKeys()).toEqual([]);
    });

    it("drops everything when it is disposed of", async () => {
      await storage.setItem("a", "1");
      await storage.dispose();
      expect(instance().size).toBe(0);
    });

    it("works under a mount and a prefix", async () => {
      const root = createStorage().mount("cache", driver);
      await prefixStorage(root, "cache:sessions").setItem("a", "1");
      expect(await root.getKeys("cache")).toEqual(["cache:sessions:a"]);
      expect([...instance().keys("")]).toEqual(["sessions:a"]);
    });

    it("keeps `maxEntries` items, those used last", async () => {
      for (const key of ["a", "b", "c"]) await storage.setItem(key, key);
      await storage.getItem("a");
      await storage.setItem("d", "d");
      expect((await storage.getKeys()).sort()).toEqual(["a", "c", "d"]);
    });
  });

  describe("with raw values", () => {
    it("gives back any text as it was", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: fc.constantFrom("\0", "b", "t") })),
          async (text) => {
            await storage.setItemRaw("a", text);
            expect(await storage.getItemRaw("a")).toBe(text);
          },
        ),
      );
    });

    it("gives back text that looks like unstorage's base64 as it was", async () => {
      await storage.setItemRaw("a", "base64:not really");
      expect(await storage.getItemRaw("a")).toBe("base64:not really");
    });

    it("gives back any bytes as they were", async () => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
          await storage.setItemRaw("a", bytes);
          expect(await storage.getItemRaw("a")).toEqual(bytes);
        }),
      );
    });

    it("gives back a megabyte of bytes", async () => {
      const bytes = Uint8Array.from({ length: 1 << 20 }, (_, n) => n);
      await storage.setItemRaw("a", bytes);
      expect(Buffer.compare(await storage.getItemRaw<Uint8Array>("a").then(defined), bytes)).toBe(0);
    });

    it("copies bytes on the way in", async () => {
      const bytes = Buffer.from([1, 2, 3]);
      await storage.setItemRaw("a", bytes);
      bytes[0] = 9;
      expect(await storage.getItemRaw("a")).toEqual(Uint8Array.of(1, 2, 3));
    });

    it("copies bytes on the way out", async () => {
      await storage.setItemRaw("a", Uint8Array.of(1, 2, 3));
      const bytes = await storage.getItemRaw<Uint8Array>("a").then(defined);
      bytes[0] = 9;
      expect(await storage.getItemRaw("a")).toEqual(Uint8Array.of(1, 2, 3));
    });

    it("refuses an object, which it would have to share", async () => {
      const write = storage.setItemRaw("a", { shared: true });
      await expect(write).rejects.toThrow(SessionError);
      await expect(write).rejects.toMatchObject({ code: "ERR_SESSION_UNSUPPORTED" });
      expect(await storage.hasItem("a")).toBe(false);
    });
  });

  describe("with a ttl", () => {
    it("counts in seconds", async () => {
      await storage.setItem("a", "1", { ttl: 2 });
      clock.advance(1_999);
      expect(await storage.hasItem("a")).toBe(true);
      clock.advance(1);
      expect(await storage.hasItem("a")).toBe(false);
    });

    it("honours it for raw values", async () => {
      await storage.setItemRaw("a", "1", { ttl: 2 });
      clock.advance(2_000);
      expect(await storage.getItemRaw("a")).toBeNull();
    });

    it("honours one of 30 days, which no timer can wait for", async () => {
      const days = 24 * 3_600_000;
      await storage.setItem("a", "1", { ttl: 30 * 24 * 3_600 });
      clock.advance(29 * days);
      expect(await storage.hasItem("a")).toBe(true);
      clock.advance(days);
      expect(await storage.hasItem("a")).toBe(false);
    });

    it("keeps an item for ever without one", async () => {
      for (const ttl of [undefined, 0, Number.NaN, Infinity]) {
        await storage.setItem("a", "1", { ttl });
        clock.advance(1e12);
        expect(await storage.hasItem("a")).toBe(true);
      }
    });

    it("ends an item at once whose ttl has already run out", async () => {
      await storage.setItem("a", "1", { ttl: -5 });
      expect(await storage.hasItem("a")).toBe(false);
    });

    it("does not list what has expired", async () => {
      await storage.setItem("a", "1", { ttl: 1 });
      await storage.setItem("b", "1");
      clock.advance(1_000);
      expect(await storage.getKeys()).toEqual(["b"]);
    });
  });

  describe("as a back end of sessions", () => {
    it("offers a store with every verb, under the symbol by which stores are recognised", () => {
      expect(instance()[kStore]).toBe(instance());
      expect(instance()[kStore]).toMatchObject({ name: "memory", class: "A" });
    });

    it("always offers the same one", () => {
      expect(instance()).toBe(instance());
    });

    it("lists what was written through the store", async () => {
      instance().create("session:abc", "record", undefined);
      expect(await storage.getKeys("session")).toEqual(["session:abc"]);
      expect(await storage.getItemRaw("session:abc")).toBe("record");
    });

    it("gives the store what was written through the storage", async () => {
      await storage.setItemRaw("session:abc", "record");
      expect(instance().get("session:abc")).toEqual({ value: "record" });
    });

    it("shares nothing with another driver", () => {
      instance().create("a", "1", undefined);
      expect(instance(memory()).has("a")).toBe(false);
    });
  });
});

function defined<T>(value: T | null): T {
  if (value === null) throw new Error("expected a value, and there is none");
  return value;
}
