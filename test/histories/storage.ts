import type { Driver } from "unstorage";
import { openStore } from "../../src/stores/open.ts";
import type { Store } from "../../src/stores/store.ts";

export type StoreName = "redis" | "memcached" | "mongodb";

/** Where a store is, and under which prefix a history keeps its sessions there. */
export interface Address {
  readonly store: StoreName;
  readonly url: string;
  readonly prefix: string;
}

export const DATABASE = "histories";

export interface Opened {
  readonly store: Store;
  close(): unknown;
}

/** The store as an application gets it: by what it would give as `storage`. */
export async function openStorage({ store, url, prefix }: Address, now: () => number = Date.now): Promise<Opened> {
  const { storage, close } = await sources[store](url);
  return { store: await openStore(storage, prefix, now), close };
}

interface Source {
  readonly storage: object;
  close(): unknown;
}

/** Imported when it is needed: a worker that was killed is soon there again. */
const sources: Record<StoreName, (url: string) => Promise<Source>> = {
  async redis(url) {
    const { Redis } = await import("ioredis");
    const client = new Redis(url);
    return { storage: client, close: () => client.disconnect() };
  },
  async memcached(url) {
    const { default: memcached } = await import("unsession/drivers/memcached");
    return mounted(memcached({ servers: new URL(url).host }));
  },
  async mongodb(url) {
    const { default: mongodb } = await import("unstorage/drivers/mongodb");
    const connectionString = new URL(url);
    // Else it would go by the addresses that the server knows of itself, past the proxy.
    connectionString.searchParams.set("directConnection", "true");
    return mounted(mongodb({ connectionString: connectionString.href, databaseName: DATABASE }));
  },
};

async function mounted(driver: Driver): Promise<Source> {
  const { createStorage } = await import("unstorage");
  const storage = createStorage({ driver });
  return { storage, close: () => storage.dispose() };
}
