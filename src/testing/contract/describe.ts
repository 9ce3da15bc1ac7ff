import { randomUUID } from "uncrypto";
import type { MaybePromise, Store } from "../../stores/store.ts";
import { createClock, type Clock } from "../clock.ts";
import { present } from "./answers.ts";
import { testBinary } from "./binary.ts";
import { testCreate } from "./create.ts";
import { testGet } from "./get.ts";
import { testKeys } from "./keys.ts";
import { testRemove } from "./remove.ts";
import { testReplace } from "./replace.ts";
import { LONG, type Bench, type StoreContractOptions, type Suite, type TestRunner } from "./suite.ts";
import { testTouch } from "./touch.ts";
import { testTtl } from "./ttl.ts";

/** Real servers wait, and race fifty writers. */
const TIMEOUT = 30_000;

/**
 * Defines the tests that hold a store to the contract of `Store`, one suite for all stores.
 *
 * Each test makes a store and closes it, with keys of its own, so that a server may be shared and hold anything else meanwhile.
 * What the options say it cannot do is not tested, but that the store says so too. The suite says nothing of class A across processes: for that, run writers in several.
 *
 * @param makeStore is given the clock that time passes on, unless `elapse` is given
 * @example
 * import { describe, expect, it } from "vitest";
 * describeStoreContract("my store", (clock) => createMyStore({ now: clock.now }), { describe, expect, it });
 */
export function describeStoreContract(
  name: string,
  makeStore: (clock: Clock) => MaybePromise<Store>,
  { describe, it, expect }: TestRunner,
  options: StoreContractOptions = {},
): void {
  const { ttl = true, list = true, binary = true } = options;
  const { header = (version: number) => `header/${String(version).padStart(10, "0")}:` } = options;

  async function setUp(): Promise<Bench> {
    const clock = createClock();
    const store = await makeStore(clock);
    const base = `contract:${randomUUID()}:`;
    const key = `${base}key`;
    return {
      store,
      base,
      key,
      elapse: options.elapse ?? (async (milliseconds) => clock.advance(milliseconds / 1000)),
      valueAt: async (at) => (await store.get(at))?.value,
      async seed(value, life = LONG, at = key) {
        expect(await store.create(at, value, life)).toBe(true);
        return present(await store.get(at));
      },
      async listed(prefix) {
        const keys: string[] = [];
        for await (const each of store.keys(prefix)) keys.push(each);
        return keys.sort();
      },
    };
  }

  const suite: Suite = {
    expect,
    header,
    record: (version, payload) => header(version) + payload,
    test(title, run) {
      const runOnBench = async (): Promise<void> => {
        const bench = await setUp();
        try {
          await run(bench);
        } finally {
          await bench.store.close?.();
        }
      };
      it(title, runOnBench, TIMEOUT);
    },
  };

  describe(`${name} as a store`, () => {
    suite.test("says what it can do", async ({ store }) => {
      expect([store.ttl, store.list, store.binary ?? false]).toEqual([ttl, list, binary]);
    });
    describe("get", () => testGet(suite));
    describe("create", () => testCreate(suite));
    describe("replace", () => testReplace(suite));
    describe("touch", () => testTouch(suite));
    describe("remove", () => testRemove(suite));
    if (ttl) describe("ttl", () => testTtl(suite));
    if (list) describe("keys", () => testKeys(suite));
    if (binary) describe("bytes", () => testBinary(suite));
  });
}
