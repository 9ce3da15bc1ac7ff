import { beforeEach, describe, expect, it } from "vitest";
import { encodeRecord, firstWrite, type SessionRecord } from "../../src/record.ts";
import { createGenericStore } from "../../src/stores/generic.ts";
import type { Store } from "../../src/stores/store.ts";
import type { StorageLike } from "../../src/stores/text-items.ts";
import { unstorage2 } from "./_drivers.ts";
import { otherProcess } from "./_sessions.ts";
import { createClock, type Clock } from "./contract.ts";

const KEY = "session:id";
const TOMBSTONE = "session:t:id";
const WINDOW = 60_000;

let clock: Clock;
let driver: Omit<StorageLike, "getKeys"> & { readonly getKeys: () => string[] };
let store: Store;
/** What was written and removed, in order. */
let writes: string[];
let live: string;

const record = (changes: Partial<SessionRecord> = {}): string =>
  encodeRecord({
    state: "live",
    version: 1,
    createdAt: clock.now(),
    touchedAt: clock.now(),
    absoluteAt: 0,
    idleWindow: WINDOW,
    writes: firstWrite(),
    data: { serializer: "json", text: "{}" },
    flash: undefined,
    meta: {},
    ...changes,
  });

const end = async (state: "dead" | "moved" = "dead"): Promise<string> => {
  const value = record({ state, version: 2, idleWindow: 1_000 });
  expect(await store.replace(KEY, value, { value: live }, 1_000)).toEqual({ status: "ok", entry: { value } });
  return value;
};

const listed = async (): Promise<string[]> => {
  const keys: string[] = [];
  for await (const key of store.keys("session:")) keys.push(key);
  return keys;
};

beforeEach(async () => {
  clock = createClock();
  driver = unstorage2.memory();
  writes = [];
  const recorded = otherProcess(driver, (method, key, call) => {
    if (method === "setItemRaw" || method === "removeItem") writes.push(`${method} ${key}`);
    return call();
  });
  store = createGenericStore(recorded, { name: "memory", prefix: "session:", now: clock.now });
  live = record();
  await store.create(KEY, live, undefined);
  writes.length = 0;
});

describe.each(["dead", "moved"] as const)("a record that is replaced by a %s one", (state) => {
  it("gives way to a tombstone, which is there before the record goes", async () => {
    await end(state);
    expect(writes).toEqual([`setItemRaw ${TOMBSTONE}`, `removeItem ${KEY}`]);
    expect(driver.getKeys()).toEqual([TOMBSTONE]);
  });

  it("is answered by its tombstone", async () => {
    expect(await store.get(KEY)).toEqual({ value: live });
    const value = await end(state);
    expect(await store.get(KEY)).toEqual({ value });
  });
});

describe("a tombstone", () => {
  let tombstone: string;
  beforeEach(async () => {
    tombstone = await end();
    writes.length = 0;
  });

  it("is answered rather than what somebody left beside it", async () => {
    await driver.setItemRaw?.(KEY, live);
    expect(await store.get(KEY)).toEqual({ value: tombstone });
  });

  it("lets nothing be written, whatever is beside it", async () => {
    for (const beside of [undefined, live]) {
      if (beside !== undefined) await driver.setItemRaw?.(KEY, beside);
      const conflict = { status: "conflict", current: { value: tombstone } };
      expect(await store.create(KEY, record(), undefined)).toBe(false);
      expect(await store.replace(KEY, record({ version: 2 }), { value: live }, undefined)).toEqual(conflict);
      expect(await store.replace(KEY, record({ version: 3 }), { value: tombstone }, undefined)).toEqual(conflict);
      expect(await store.touch(KEY, live.slice(0, 100), { value: live }, undefined)).toEqual(conflict);
    }
    expect(writes).toEqual([]);
  });

  it("is not a key of a session", async () => {
    await store.create("session:other", record(), undefined);
    expect(await listed()).toEqual(["session:other"]);
  });

  it("goes when its key is removed", async () => {
    await store.remove(KEY);
    expect(driver.getKeys()).toEqual([]);
  });

  it("counts past its deadline, until it is swept with what is beside it", async () => {
    await driver.setItemRaw?.(KEY, live);
    expect(await store.sweep?.()).toBe(0);
    clock.advance(1_000);
    expect(await store.get(KEY)).toEqual({ value: tombstone });
    expect(await store.sweep?.()).toBe(1);
    expect(driver.getKeys()).toEqual([]);
    expect(writes.slice(-2)).toEqual([`removeItem ${KEY}`, `removeItem ${TOMBSTONE}`]);
  });
});

describe("a sweep", () => {
  it("drops expired records, and leaves those that live and those that nobody can read", async () => {
    await store.create("session:longer", record({ idleWindow: 2 * WINDOW }), undefined);
    await store.create("session:forever", record({ idleWindow: 0 }), undefined);
    await store.create("session:damaged", "?", undefined);
    clock.advance(WINDOW);
    expect(await store.sweep?.()).toBe(1);
    expect(driver.getKeys().sort()).toEqual(["session:damaged", "session:forever", "session:longer"]);
  });

  it("leaves a record that was renewed between the look at it and its turn", async () => {
    clock.advance(WINDOW);
    let looks = 0;
    const renewing = otherProcess(driver, async (method, key, call) => {
      const answer = await call();
      if (method === "getItemRaw" && ++looks === 1) await driver.setItemRaw?.(key, record({ version: 2 }));
      return answer;
    });
    const sweeping = createGenericStore(renewing, { name: "memory", prefix: "session:", now: clock.now });
    expect(await sweeping.sweep?.()).toBe(0);
    expect(driver.getKeys()).toEqual([KEY]);
  });
});
