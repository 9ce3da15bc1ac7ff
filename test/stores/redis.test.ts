import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../../src/stores/open.ts";
import type { Store } from "../../src/stores/store.ts";
import { startRedis, startRedisCluster, until, type RedisServer } from "../services/redis.ts";
import { elapse, header, overCluster, overServer, type Open, type Opened } from "./_redis.ts";
import { describeStoreContract } from "./contract.ts";

const HOUR = 3_600_000;

/** The store over servers that tests share, each way in which they can be given. */
function describeRedis(ways: Readonly<Record<string, Open>>, start: () => Promise<readonly RedisServer[]>): void {
  let servers: readonly RedisServer[];
  let admins: readonly Redis[];

  beforeAll(async () => {
    servers = await start();
    admins = servers.map(({ url }) => new Redis(url));
  });
  afterAll(async () => {
    for (const admin of admins) admin.disconnect();
    await Promise.all(servers.map((server) => server.stop()));
  });

  describe.each(Object.entries(ways))("%s", (way, open) => {
    let opened: Opened;
    let store: Store;
    beforeAll(async () => {
      opened = open(servers);
      store = await openStore(opened.storage, "contract:", Date.now);
    });
    afterAll(() => opened.close());

    describeStoreContract(way, () => store, {
      header,
      elapse: (milliseconds) => elapse(admins, milliseconds),
    });

    /** What Redis itself has: the bytes, and how long for. */
    const held = async (key: string): Promise<{ bytes: Buffer; ttl: number }> => {
      for (const admin of admins) {
        const answers = await Promise.allSettled([admin.getBuffer(opened.keyOf(key)), admin.pttl(opened.keyOf(key))]);
        // The nodes of a Cluster refuse the keys of others.
        if (answers[0].status === "fulfilled" && answers[0].value !== null && answers[1].status === "fulfilled") {
          return { bytes: answers[0].value, ttl: answers[1].value };
        }
      }
      throw new Error("there is no such key");
    };

    it("is of class A", () => {
      expect(store).toMatchObject({ name: "redis", class: "A", ttl: true, list: true, binary: true, maxBytes: 536_870_912 });
    });

    it("keeps a byte string as bytes, and text as UTF-8", async () => {
      const bytes = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
      const values = { bytes: `${header(1).replace("us1", "ub1")}${bytes}`, text: `${header(1)}žluť 🦊` };
      for (const [key, value] of Object.entries(values)) await store.create(`bytes:${way}:${key}`, value, HOUR);
      expect((await store.get(`bytes:${way}:bytes`))?.value).toBe(values.bytes);
      expect((await store.get(`bytes:${way}:text`))?.value).toBe(values.text);
      expect((await held(`bytes:${way}:bytes`)).bytes).toEqual(Buffer.from(values.bytes, "latin1"));
      expect((await held(`bytes:${way}:text`)).bytes).toEqual(Buffer.from(values.text, "utf8"));
    });

    it("replaces and touches byte strings, and answers a conflict with one", async () => {
      const key = `bytes:${way}:written`;
      const value = (version: number, payload: string): string => header(version).replace("us1", "ub1") + payload;
      await store.create(key, value(1, "\xff\x00\x80"), HOUR);
      const first = { value: value(1, "\xff\x00\x80") };
      await store.replace(key, value(2, "\xfe\xc3\xbc"), first, HOUR);
      expect(await store.touch(key, value(3, ""), { value: value(2, "\xfe\xc3\xbc") }, HOUR)).toMatchObject({ status: "ok" });
      expect(await store.replace(key, value(2, "late"), first, HOUR)).toMatchObject({
        status: "conflict",
        current: { value: value(3, "\xfe\xc3\xbc") },
      });
    });

    it("gives Redis the lifetime of each write in milliseconds", async () => {
      const key = `ttl:${way}`;
      const life = async (): Promise<number> => (await held(key)).ttl;
      await store.create(key, header(1), HOUR + 1);
      expect(await life()).toSatisfy((ttl: number) => ttl > HOUR - 60_000 && ttl <= HOUR + 1);
      await store.replace(key, header(2), { value: header(1) }, 2 * HOUR);
      expect(await life()).toSatisfy((ttl: number) => ttl > HOUR + 1 && ttl <= 2 * HOUR);
      await store.touch(key, header(3), { value: header(2) }, 3 * HOUR);
      expect(await life()).toSatisfy((ttl: number) => ttl > 2 * HOUR && ttl <= 3 * HOUR);
      await store.touch(key, header(4), { value: header(3) }, undefined);
      expect(await life()).toBe(-1);
    });

    it("leaves it to Redis to end a record", async () => {
      await store.create(`ends:${way}`, header(1), 20);
      await until("Redis ends a record", async () => (await store.get(`ends:${way}`)) === undefined);
      expect(await store.create(`ends:${way}`, header(1), HOUR)).toBe(true);
    });

    it("tells versions with equal payloads apart by any field of the header", async () => {
      const key = `fields:${way}`;
      const other = header(1).replace("L", "D");
      await store.create(key, header(1), HOUR);
      expect(await store.replace(key, header(2), { value: other }, HOUR)).toMatchObject({ status: "conflict" });
    });
  });
}

describe("over a server,", () => {
  describeRedis(overServer, async () => [await startRedis()]);
});

if (process.env["ALL"] === "1") {
  describe("over three nodes,", () => {
    describeRedis(overCluster, startRedisCluster);
  });
}
