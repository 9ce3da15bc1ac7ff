import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import memory from "unsession/drivers/memory";
import { createGenericStore } from "../../src/stores/generic.ts";
import type { Store } from "../../src/stores/store.ts";
import { allDrivers, drivers, unstorage2, type Backing } from "./_drivers.ts";
import { describeStoreContract } from "./contract.ts";

const PREFIX = "contract:";

const opened: Backing[] = [];
afterEach(async () => {
  for (const { close } of opened.splice(0)) await close();
});

for (const { name, version, open } of drivers) {
  // A request takes long enough for once; sessions over the bare http driver are in generic-sessions.test.ts.
  for (const through of name === "http" ? ["a Storage"] : ["a Storage", "the bare driver"]) {
    describeStoreContract(
      `${name} of unstorage ${version}, through ${through},`,
      async (clock) => {
        const backing = await open();
        opened.push(backing);
        const { driver, unstorage } = backing;
        const storage = through === "a Storage" ? unstorage.createStorage({ driver }) : driver;
        return withPlainKeys(createGenericStore(storage, { name, prefix: PREFIX, now: clock.now }));
      },
      { ttl: false },
    );
  }
}

describeStoreContract("any driver that is known to keep deadlines", ({ now }) =>
  withPlainKeys(createGenericStore(memory({ now }), { name: "ttl", prefix: PREFIX, now, ttl: true })),
);

describe("with the timers of unstorage's memory driver", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  describeStoreContract(
    "memory of unstorage 2",
    ({ now }) => withPlainKeys(createGenericStore(unstorage2.memory(), { name: "memory", prefix: PREFIX, now, ttl: true })),
    { elapse: async (milliseconds) => void (await vi.advanceTimersByTimeAsync(milliseconds)) },
  );
});

describe("docs/stores.md", () => {
  it("lists the drivers and versions that are tested here", async () => {
    const page = await readFile(new URL("../../docs/stores.md", import.meta.url), "utf8");
    const [, head = "", , ...rows] = page
      .split("\n")
      .slice(page.split("\n").findIndex((line) => line.startsWith("| driver |")) - 1);
    const cells = (line: string): string[] =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim());
    const versions = cells(head).slice(1, 3);
    const listed = rows
      .slice(0, rows.indexOf(""))
      .map(cells)
      .flatMap(([name = "", ...passes]) => versions.filter((_, n) => passes[n] === "●").map((version) => `${name} ${version}`));
    expect(listed.sort()).toEqual(allDrivers.map(({ name, version }) => `\`${name}\` ${version}`).sort());
  });
});

/**
 * The contract's keys hold any character, and one may be the folder of another. Those of sessions hold `A-Z a-z 0-9 _ -` below their
 * prefix, all that unstorage keeps apart, so what else is in a key is spelt out, character by character.
 */
function withPlainKeys(store: Store): Store {
  const start = PREFIX.length + 37;
  const encode = (key: string): string =>
    key.slice(0, start) + key.slice(start).replaceAll(/[^A-Za-z0-9_-]/g, (odd) => `.${odd.charCodeAt(0).toString(16)}`);
  const decode = (key: string): string =>
    key.slice(0, start) + key.slice(start).replaceAll(/\.(..)/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));
  return {
    name: store.name,
    class: store.class,
    ttl: store.ttl,
    list: store.list,
    binary: store.binary,
    get: (key) => store.get(encode(key)),
    create: (key, ...rest) => store.create(encode(key), ...rest),
    replace: (key, ...rest) => store.replace(encode(key), ...rest),
    touch: (key, ...rest) => store.touch(encode(key), ...rest),
    remove: (key) => store.remove(encode(key)),
    async *keys(prefix) {
      for await (const key of store.keys(encode(prefix))) yield decode(key);
    },
  };
}
