import { createStorage } from "unstorage";
import mongodb from "unstorage/drivers/mongodb";
import { openStore } from "../../src/stores/open.ts";
import type { Store } from "../../src/stores/store.ts";

export type StoreName = "redis" | "memcached" | "mongodb";

/** The store as an application gets it: by what it would give as `storage`. */
export function openStorage(name: StoreName, port: number): Promise<Store> {
  return openStore(sources[name](port), "session:", () => Date.now());
}

const sources: Record<StoreName, (port: number) => object> = {
  redis: () => ({}),
  memcached: () => ({}),
  mongodb: (port) =>
    createStorage({
      driver: mongodb({ connectionString: `mongodb://127.0.0.1:${port}/?directConnection=true`, databaseName: "histories" }),
    }),
};
