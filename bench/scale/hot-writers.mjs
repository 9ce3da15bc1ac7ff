// The writers of one process: it says that it is there, is told what to write to, and answers how that went.
import { Redis } from "ioredis";
import { createSessionManager } from "unsession";
import { keepWriting } from "./requests.mjs";

process.once("message", async ({ url, cookie, writers }) => {
  const redis = new Redis(url);
  const sessions = createSessionManager({ storage: redis, idleTimeout: 3600 });
  process.send(await keepWriting(sessions, cookie, writers));
  redis.disconnect();
  process.disconnect();
});
process.send("ready");
