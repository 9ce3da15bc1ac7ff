import { createStorage, type Driver, type Storage } from "unstorage";
import { counted } from "../inspector/count.ts";

/** What `STORAGE` may be, each with an example. A driver is imported when it is asked for. */
const schemes: readonly (readonly [example: string, open: (url: string) => Promise<Driver>])[] = [
  ["memory:", async () => (await import("unsession/drivers/memory")).default()],
  ["fs:./data", async (url) => (await import("unstorage/drivers/fs")).default({ base: rest(url), atomic: true })],
  ["fs-lite:./data", async (url) => (await import("unstorage/drivers/fs-lite")).default({ base: rest(url), atomic: true })],
  ["lru-cache:", async () => (await import("unstorage/drivers/lru-cache")).default({})],
  ["http://localhost:4000", async (url) => (await import("unstorage/drivers/http")).default({ base: url })],
  ["https://example.com", async (url) => (await import("unstorage/drivers/http")).default({ base: url })],
  ["redis://localhost:6379", async (url) => (await import("unstorage/drivers/redis")).default({ url })],
  [
    "memcached://localhost:11211",
    async (url) => (await import("unsession/drivers/memcached")).default({ servers: new URL(url).host }),
  ],
  [
    "mongodb://localhost:27017",
    async (url) => (await import("unstorage/drivers/mongodb")).default({ connectionString: url, databaseName: pathOf(url) }),
  ],
];

/**
 * The storage of a URL.
 *
 * @throws {Error} if no scheme fits: with all that do
 */
export async function openStorage(url: string): Promise<Storage> {
  const found = schemes.find(([example]) => url.startsWith(schemeOf(example)));
  if (found === undefined) {
    throw new Error(`${JSON.stringify(url)} is none of ${schemes.map(([example]) => example).join(", ")}`);
  }
  const [, open] = found;
  const driver = await open(url);
  // Imports what the driver needs now, and not while the first visitor waits for the store.
  await driver.getInstance?.();
  return createStorage({ driver: counted(driver) });
}

function pathOf(url: string): string {
  return new URL(url).pathname.slice(1);
}

function schemeOf(url: string): string {
  return url.slice(0, url.indexOf(":") + 1);
}

function rest(url: string): string {
  return url.slice(schemeOf(url).length);
}
