import { makeDocument } from "../document.mjs";

/** Where Redis is. */
export const redisUrl = process.env.REDIS_URL;

/** How long sessions live without a request, in seconds. */
export const LIFETIME = 3600;

export const SECRET = "a secret of forty characters, more or less";

let size = 800;

/** What `/new` puts into a session. */
export function newDocument() {
  return makeDocument(size);
}

/** Tells the benchmark where the server listens, and from then on what it asks for. */
export function announce(port) {
  process.on("message", (asked) => {
    if (asked.size !== undefined) size = asked.size;
    process.send({ cpu: process.cpuUsage() });
  });
  process.send({ port });
}

// Where profiles are written, they are on `exit`.
process.on("disconnect", () => process.exit());
