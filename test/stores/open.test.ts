import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import memory from "unsession/drivers/memory";
import { openStore } from "../../src/stores/open.ts";
import type { Store } from "../../src/stores/store.ts";
import { unstorage1, unstorage2 } from "./_drivers.ts";

const base = mkdtempSync(join(tmpdir(), "unsession-"));
afterAll(() => rmSync(base, { recursive: true }));

const open = (source: object | (() => any) | undefined): ReturnType<typeof openStore> => openStore(source, "session:", Date.now);

describe.each([
  ["1.17.6", unstorage1],
  ["2.0.0-beta.0", unstorage2],
])("the store behind unstorage %s", (_version, unstorage) => {
  it("is of class A if its driver has one", async () => {
    expect(await open(unstorage.createStorage({ driver: memory() }))).toMatchObject({ name: "memory", class: "A" });
    const mounted = unstorage.createStorage({ driver: unstorage.memory() }).mount("session", memory());
    expect(await open(mounted)).toMatchObject({ name: "memory", class: "A" });
  });

  it("is of class C for any other driver, mounted or bare", async () => {
    const fs = unstorage.fs({ base });
    const mounted = unstorage.createStorage({ driver: memory() }).mount("session", fs);
    for (const given of [fs, () => fs, async () => unstorage.createStorage({ driver: fs }), mounted]) {
      expect(await open(given)).toMatchObject({ name: "fs", class: "C", ttl: false, list: true });
    }
  });

  it("keeps deadlines if the driver says that it does", async () => {
    const driver = { ...unstorage.memory(), flags: { ttl: true } };
    expect(await open(unstorage.createStorage({ driver }))).toMatchObject({ class: "C", ttl: true });
  });

  it("is refused where it cannot be written", async () => {
    const { setItem: _, setItemRaw: __, ...readOnly } = unstorage.memory();
    for (const driver of [readOnly, unstorage.fs({ base, readOnly: true })]) {
      for (const given of [driver, unstorage.createStorage({ driver })]) {
        await expect(open(given)).rejects.toMatchObject({ code: "ERR_SESSION_UNSUPPORTED" });
      }
    }
  });
});

describe.each([
  ["1.17.6", unstorage1],
  ["2.0.0-beta.0", unstorage2],
])("the store behind a prefixStorage of unstorage %s", (_version, { createStorage, prefixStorage, memory: plain }) => {
  const keysOf = async (store: Store, prefix: string): Promise<string[]> => {
    const keys: string[] = [];
    for await (const key of store.keys(prefix)) keys.push(key);
    return keys;
  };

  it("keeps its keys below the prefix, apart from those of others", async () => {
    const driver = memory();
    const root = createStorage({ driver });
    const one = await open(prefixStorage(root, "one"));
    const two = await open(prefixStorage(prefixStorage(root, "two"), "deep"));
    await one.create("session:a", "of one", undefined);
    await two.create("session:a", "of two", undefined);
    expect(await one.get("session:a")).toEqual({ value: "of one" });
    expect(await two.replace("session:a", "new", { value: "of two" }, undefined)).toMatchObject({ status: "ok" });
    expect([await keysOf(one, "session:"), await keysOf(two, "session:")]).toEqual([["session:a"], ["session:a"]]);
    expect(await keysOf(await open(root), "")).toEqual(["one:session:a", "two:deep:session:a"]);
    await one.remove("session:a");
    expect([await one.get("session:a"), await two.get("session:a")]).toEqual([undefined, { value: "new" }]);
  });

  it("is that of the driver mounted at the prefix, as Nitro's useStorage gives it", async () => {
    const driver = memory();
    const root = createStorage({ driver: plain() }).mount("session", driver);
    const store = await open(prefixStorage(root, "session"));
    expect(store).toMatchObject({ name: "memory", class: "A" });
    await store.create("session:a", "1", undefined);
    expect(await keysOf(store, "session:")).toEqual(["session:a"]);
    expect(driver.getKeys("", {})).toEqual(["session:a"]);
  });

  it("is that of the driver mounted below the prefix", async () => {
    const driver = memory();
    const root = createStorage({ driver: plain() }).mount("app:session", driver);
    const store = await open(prefixStorage(root, "app"));
    await store.create("session:a", "1", undefined);
    expect(await keysOf(store, "session:")).toEqual(["session:a"]);
    expect(driver.getKeys("", {})).toEqual(["a"]);
  });

  it("leaves the storage as it was, watched or not", async () => {
    const root = createStorage({ driver: memory() });
    const unwatch = await root.watch(() => {});
    const mounts = (): unknown => root.getMounts("", {}).map(({ base }: { base: string }) => base);
    await open(prefixStorage(root, "app"));
    await open(root);
    expect(mounts()).toEqual([""]);
    await unwatch();
  });
});

describe("the store behind", () => {
  it.each<[string, object]>([
    ["an empty object", {}],
    ["a Map", new Map()],
    ["a driver that only reads", { getItem: () => null, getKeys: () => [] }],
  ])("%s is refused", async (_what, given) => {
    await expect(open(given)).rejects.toMatchObject({ code: "ERR_SESSION_UNSUPPORTED" });
  });

  it.each([undefined, null, "redis://localhost", 7])("a function that gives %j is refused", async (given) => {
    await expect(open(() => given)).rejects.toMatchObject({ code: "ERR_SESSION_OPTIONS" });
  });

  it("a driver that cannot list says so", async () => {
    const { getKeys: _, ...driver } = unstorage2.memory();
    expect(await open(driver)).toMatchObject({ class: "C", list: false });
  });
});

describe("the notice that a store is exact within one process only", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  it("is given once in production, and not in development", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const driver = { ...unstorage2.memory(), name: "noticed" };
    await open(driver);
    expect(warn).not.toHaveBeenCalled();
    vi.stubEnv("NODE_ENV", "production");
    await open(driver);
    await open(unstorage2.createStorage({ driver }));
    expect(warn.mock.calls).toEqual([
      [
        '[unsession] The store "noticed" has no conditional writes: concurrent changes of a session are all kept within one process only.',
      ],
    ]);
  });
});
