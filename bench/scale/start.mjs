// Starts Redis, and prints what changes with the number of sessions, with their size, and with writers of one session.
import { createJiti } from "jiti";
import { Redis } from "ioredis";
import { measureHotSession } from "./hot-session.mjs";
import { measureNumbers } from "./numbers.mjs";
import { measureSizes } from "./sizes.mjs";
import { inMemory, inRedis } from "./stores.mjs";

if (globalThis.gc === undefined) throw new Error("Run it by `npm run bench:scale`: the heap is measured after a collection.");

const { startRedis } = await createJiti(import.meta.url).import("../../test/services/redis.ts");
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

const server = await startRedis();
const redis = new Redis(server.url);
try {
  for (const open of [inMemory, () => inRedis(redis)]) await measureNumbers(open);
  for (const open of [inMemory, () => inRedis(redis)]) await measureSizes(open);
  for (const open of [inMemory, () => inRedis(redis)]) await measureHotSession(open);
} finally {
  redis.disconnect();
  await server.stop();
}
