import { randomBytes } from "node:crypto";
import memory from "unsession/drivers/memory";

/** Records sent at a time. */
const BATCH = 5000;

/** A store that sessions can be put into without going through requests: a million would take minutes. */
export async function inMemory(now) {
  const driver = memory({ maxEntries: 2_000_000, now });
  return {
    name: "memory",
    storage: driver,
    async fill(count, record) {
      for (let n = 0; n < count; n++) driver.setItem(randomKey(), another(record), { ttl: 3600 });
    },
    read: async (key) => driver.getItem(key),
    clear: async () => driver.clear(),
  };
}

export async function inRedis(redis) {
  return {
    name: "Redis",
    url: `redis://${redis.options.host}:${redis.options.port}`,
    storage: redis,
    async fill(count, record) {
      for (let done = 0; done < count; done += BATCH) {
        const batch = redis.pipeline();
        for (let n = 0; n < Math.min(BATCH, count - done); n++) batch.set(randomKey(), record, "EX", 3600);
        await batch.exec();
      }
    },
    read: (key) => redis.get(key),
    clear: () => redis.flushall(),
  };
}

function randomKey() {
  return `session:${randomBytes(32).toString("base64url")}`;
}

/** The same text with memory of its own, as each record has. */
function another(record) {
  return Buffer.from(record).toString("latin1");
}
