import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { H3 } from "h3";
import { toNodeHandler } from "h3/node";
import * as v2 from "unstorage";
import v2Fs from "unstorage/drivers/fs";
import v2FsLite from "unstorage/drivers/fs-lite";
import v2Http from "unstorage/drivers/http";
import v2Lru from "unstorage/drivers/lru-cache";
import v2Memory from "unstorage/drivers/memory";
import v2Overlay from "unstorage/drivers/overlay";
import { createStorageHandler } from "unstorage/server";
import * as v1 from "unstorage-v1";
import v1Fs from "unstorage-v1/drivers/fs";
import v1FsLite from "unstorage-v1/drivers/fs-lite";
import v1Http from "unstorage-v1/drivers/http";
import v1Lru from "unstorage-v1/drivers/lru-cache";
import v1Memory from "unstorage-v1/drivers/memory";
import v1Overlay from "unstorage-v1/drivers/overlay";
import { createStorageServer } from "unstorage-v1/server";
import type { StorageLike } from "../../src/stores/text-items.ts";

/** One version of unstorage: what tests use of it. */
interface Unstorage {
  readonly createStorage: (options: { driver: any }) => any;
  readonly prefixStorage: (storage: any, base: string) => any;
  readonly fs: (options: { base: string; readOnly?: boolean }) => any;
  readonly fsLite: (options: { base: string }) => any;
  readonly http: (options: { base: string }) => any;
  readonly lru: (options: { max: number }) => any;
  readonly memory: () => any;
  readonly overlay: (options: { layers: any[] }) => any;
  /** Its own storage server, as a listener of `node:http`. */
  readonly serve: (storage: any) => RequestListener;
}

export const unstorage1: Unstorage = {
  ...v1,
  fs: v1Fs,
  fsLite: v1FsLite,
  http: v1Http,
  lru: v1Lru,
  memory: () => v1Memory(),
  overlay: v1Overlay,
  serve: (storage) => createStorageServer(storage).handle,
};

export const unstorage2: Unstorage = {
  ...v2,
  fs: v2Fs,
  fsLite: v2FsLite,
  http: v2Http,
  lru: v2Lru,
  memory: v2Memory,
  overlay: v2Overlay,
  serve(storage) {
    const handle = createStorageHandler(storage);
    return toNodeHandler(new H3().all("/**", (event) => handle(event.req))) as RequestListener;
  },
};

/** A driver of one version of unstorage, over a back end of its own. */
export interface Backing {
  readonly driver: StorageLike & { readonly name?: string };
  readonly unstorage: Unstorage;
  /** Removes what is behind it: folders, servers. */
  readonly close: () => Promise<void>;
}

type Open = (unstorage: Unstorage) => Promise<Backing>;

/** Every driver that class C is tested with, by the name under which unstorage exports it. */
const kinds: Readonly<Record<string, Open>> = {
  memory: async (unstorage) => ({ driver: unstorage.memory(), unstorage, close: async () => {} }),
  fs: inFolder((unstorage, base) => unstorage.fs({ base })),
  "fs-lite": inFolder((unstorage, base) => unstorage.fsLite({ base })),
  // As unstorage documents it: writes go to memory, files below are only read.
  overlay: inFolder((unstorage, base) =>
    unstorage.overlay({ layers: [unstorage.memory(), unstorage.fs({ base, readOnly: true })] }),
  ),
  // Its own default of 1000 is fewer than the contract lists.
  "lru-cache": async (unstorage) => ({ driver: unstorage.lru({ max: 10_000 }), unstorage, close: async () => {} }),
  async http(unstorage) {
    const storage = unstorage.createStorage({ driver: unstorage.memory() });
    const server = createServer(unstorage.serve(storage)).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    return {
      driver: pooled(unstorage.http({ base: `http://127.0.0.1:${port}` }), 16),
      unstorage,
      async close() {
        const closed = new Promise((resolve) => server.close(resolve));
        server.closeAllConnections();
        await closed;
      },
    };
  },
};

/** Keeps to so many calls at once: Node would open a connection for each of thousands, which takes it seconds. */
function pooled<D extends object>(driver: D, size: number): D {
  let free = size;
  const waiting: (() => void)[] = [];
  const limit =
    (call: (...args: unknown[]) => unknown) =>
    async (...args: unknown[]) => {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => void waiting.push(resolve));
      try {
        return await call(...args);
      } finally {
        const next = waiting.shift();
        if (next === undefined) free++;
        else next();
      }
    };
  return Object.fromEntries(
    Object.entries(driver).map(([name, value]) => [name, typeof value === "function" ? limit(value) : value]),
  ) as D;
}

function inFolder(make: (unstorage: Unstorage, base: string) => StorageLike): Open {
  return async (unstorage) => {
    const base = await mkdtemp(join(tmpdir(), "unsession-"));
    return { driver: make(unstorage, base), unstorage, close: () => rm(base, { recursive: true }) };
  };
}

export interface Kind {
  readonly name: string;
  readonly version: string;
  readonly open: () => Promise<Backing>;
}

/** Every driver in every version. */
export const allDrivers: readonly Kind[] = (
  await Promise.all(
    (
      [
        ["unstorage-v1", unstorage1],
        ["unstorage", unstorage2],
      ] as const
    ).map(async ([folder, unstorage]) => {
      const manifest = await readFile(new URL(`../../node_modules/${folder}/package.json`, import.meta.url), "utf8");
      const { version } = JSON.parse(manifest) as { version: string };
      return Object.entries(kinds).map(([name, open]) => ({ name, version, open: () => open(unstorage) }));
    }),
  )
).flat();

/** Those that a quick run tests: memory in both versions, and one of files. */
export const drivers: readonly Kind[] =
  process.env["ALL"] === "1"
    ? allDrivers
    : allDrivers.filter(({ name, version }) => name === "memory" || (name === "fs-lite" && version.startsWith("2.")));
