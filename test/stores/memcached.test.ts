import { MemcacheClient } from "memcache-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Replaced, Store, StoreEntry } from "unsession";
import memcached, { type MemcachedOptions } from "unsession/drivers/memcached";
import { describeStoreContract } from "unsession/testing";
import { startMemcached, stopMemcached, type MemcachedServer } from "../services/memcached.ts";
import { startTcpProxy, type TcpProxy } from "../services/tcp-proxy.ts";

let server: MemcachedServer;
let proxy: TcpProxy;

beforeAll(async () => {
  server = await startMemcached();
  proxy = await startTcpProxy(server.address);
});

afterAll(async () => {
  await proxy.close();
  await stopMemcached();
});

/** At once, since each test of a lifetime waits for the clock of the server. */
const concurrently = { describe, expect, it: it.concurrent };

const storeOf = async (options: MemcachedOptions): Promise<Store> => (await memcached(options).getInstance?.()) as Store;

const contract = { list: false, elapse: (milliseconds: number) => server.elapse(milliseconds) };

describeStoreContract("memcached", () => storeOf({ servers: server.address }), concurrently, contract);

describe("with a client of memcache-client", () => {
  let client: MemcacheClient;
  beforeAll(() => void (client = new MemcacheClient({ server: server.address })));
  afterAll(() => client.shutdown());

  describeStoreContract("memcached", () => storeOf({ client }), concurrently, contract);
});

describe("the memcached store", () => {
  let store: Store;
  let key: string;
  let lastKey = 0;

  const create = async (value: string): Promise<void> => void expect(await store.create(key, value, 60_000)).toBe(true);
  const valueAt = async (at: string): Promise<string | undefined> => (await store.get(at))?.value;

  beforeAll(async () => {
    store = await storeOf({ servers: proxy.address });
  });

  const test = (name: string, run: () => Promise<void>): void => {
    it(name, async () => {
      key = `test:${++lastKey}`;
      proxy.chop(Infinity);
      await run();
    });
  };

  test("says what it is and can do", async () => {
    const { name, ttl, list, binary, maxBytes } = store;
    expect({ name, class: store.class, ttl, list, binary }).toEqual({
      name: "memcached",
      class: "A",
      ttl: true,
      list: false,
      binary: true,
    });
    expect(maxBytes).toBe(1024 * 1024 - 320);
  });

  test("refuses to list, and never gives an empty list", async () => {
    expect(() => store.keys("")).toThrow(expect.objectContaining({ code: "ERR_SESSION_UNSUPPORTED" }));
  });

  describe("keeps a byte string", () => {
    const bytes = `ub1${Array.from({ length: 512 }, (_, n) => String.fromCharCode(n % 256)).join("")}\r\nEND\r\n`;

    test("as it was, in one byte for each character", async () => {
      await create(bytes);
      expect(await valueAt(key)).toBe(bytes);
      expect(await server.ask(`mg ${key} s`)).toBe(`HD s${bytes.length}\r\n`);
    });

    test("through replace and touch", async () => {
      await create(bytes);
      const read = (await store.get(key)) as StoreEntry;
      const { entry } = (await store.replace(key, `${bytes}more`, read, 60_000)) as Extract<Replaced, { status: "ok" }>;
      expect((await store.touch(key, "ub1\xFF", entry, 60_000)).status).toBe("ok");
      expect(await valueAt(key)).toBe(`ub1\xFF${bytes.slice(4)}more`);
    });

    test("apart from text that holds the same characters", async () => {
      await create("us1\xE9\xFF\0");
      expect(await valueAt(key)).toBe("us1\xE9\xFF\0");
      expect(await server.ask(`mg ${key} s`)).toBe("HD s8\r\n");
    });
  });

  describe("whose entry has no number of its version, as one that was just created", () => {
    test("replaces what is equal to it", async () => {
      await create("a");
      expect(await store.replace(key, "b", { value: "a" }, 60_000)).toMatchObject({ status: "ok", entry: { value: "b" } });
    });

    test("answers what is not equal with what there is", async () => {
      await create("a");
      expect(await store.replace(key, "b", { value: "z" }, 60_000)).toMatchObject({
        status: "conflict",
        current: { value: "a" },
      });
      expect(await store.replace("absent", "b", { value: "z" }, 60_000)).toEqual({ status: "missing" });
    });

    test("has exactly one winner among fifty", async () => {
      await create("a");
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, n) => store.replace(key, `b${n}`, { value: "a" }, 60_000)),
      );
      const won = answers.filter(({ status }) => status === "ok");
      expect([won.length, await valueAt(key)]).toEqual([1, (won[0] as { entry: { value: string } }).entry.value]);
    });
  });

  describe("whose connection is cut", () => {
    const replaceCut = async (when: "before" | "answered"): Promise<Replaced> => {
      await create("a");
      const read = (await store.get(key)) as StoreEntry;
      proxy.cutNext(when);
      return store.replace(key, "b", read, 60_000);
    };

    test("rejects a write that did not arrive, and connects again", async () => {
      await expect(replaceCut("before")).rejects.toThrow(`The memcached server ${proxy.address} failed`);
      expect(await valueAt(key)).toBe("a");
    });

    test("rejects a write whose answer was lost, and does not send it again", async () => {
      await expect(replaceCut("answered")).rejects.toThrow(`The memcached server ${proxy.address} failed`);
      expect(await valueAt(key)).toBe("b");
      expect(await server.ask(`md ${key}`)).toBe("HD\r\n");
      expect(await valueAt(key)).toBeUndefined();
    });

    test("rejects all that was on its way, and nothing else", async () => {
      await create("a");
      proxy.cutNext("before");
      const lost = await Promise.allSettled(Array.from({ length: 20 }, () => store.get(key)));
      expect(lost.every(({ status }) => status === "rejected")).toBe(true);
      expect(await Promise.all(Array.from({ length: 20 }, () => valueAt(key)))).toEqual(Array(20).fill("a"));
    });
  });

  it.each([1, 2, 3, 7, 100])("reads answers that come in pieces of %i bytes", async (bytes) => {
    key = `pieces:${bytes}`;
    const text = `VA 3 c1 f0\r\n\r\nEN\r\n${"línea".repeat(40)}\r`;
    await create(text);
    proxy.chop(bytes);
    expect(await Promise.all([valueAt(key), valueAt("absent"), valueAt(key)])).toEqual([text, undefined, text]);
    expect(await store.create(key, "b", 60_000)).toBe(false);
  });
});
