import { spawn } from "node:child_process";
import { createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { MemcacheClient } from "memcache-client";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as unstorage2 from "unstorage";
import * as unstorage1 from "unstorage-v1";
import memcached from "unsession/drivers/memcached";
import { root } from "../../scripts/entries.ts";
import { start } from "../_playground-start.ts";
import { startMemcached, stopMemcached, until, type MemcachedServer } from "../services/memcached.ts";

const DAY = 24 * 60 * 60;
const MIB = 1024 * 1024;

let server: MemcachedServer;
beforeAll(async () => {
  server = await startMemcached();
});
afterAll(stopMemcached);

describe.each([
  ["1", unstorage1 as unknown as typeof unstorage2],
  ["2", unstorage2],
])("the memcached driver in unstorage %s", (_, { createStorage }) => {
  let storage: unstorage2.Storage;

  beforeEach(async () => {
    await server.ask("flush_all");
    storage = createStorage({ driver: memcached({ servers: server.address }) });
  });

  it.each([
    ["a text", "text"],
    ["an empty text", ""],
    ["an object", { a: [1, null, "línea"] }],
    ["a number", 7],
    ["null", null],
  ])("keeps %s", async (_title, value) => {
    await storage.setItem("key", value);
    expect(await storage.getItem("key")).toEqual(value);
  });

  it("answers null for what was never written", async () => {
    expect(await storage.getItem("absent")).toBeNull();
    expect(await storage.getItemRaw("absent")).toBeNull();
    expect(await storage.hasItem("absent")).toBe(false);
  });

  it("keeps bytes as bytes, whatever they are", async () => {
    const bytes = Uint8Array.from({ length: 1024 }, (_byte, n) => n % 256);
    await storage.setItemRaw("bytes", bytes);
    expect(new Uint8Array((await storage.getItemRaw("bytes")) as Uint8Array)).toEqual(bytes);
  });

  it("keeps raw text as text, also such as looks like something else", async () => {
    for (const text of ["123", "base64:eA==", "ub1\xFF", "VALUE a 0 1\r\nEND\r\n"]) {
      await storage.setItemRaw("text", text);
      expect(await storage.getItemRaw("text")).toBe(text);
    }
  });

  it("keeps what it was given, not what becomes of it", async () => {
    const bytes = Uint8Array.of(1, 2);
    const kept = storage.setItemRaw("bytes", bytes);
    bytes[0] = 9;
    await kept;
    expect([...((await storage.getItemRaw("bytes")) as Uint8Array)]).toEqual([1, 2]);
  });

  it("refuses raw values that are neither", async () => {
    await expect(storage.setItemRaw("key", { a: 1 })).rejects.toMatchObject({ code: "ERR_SESSION_UNSUPPORTED" });
  });

  it("removes an item, and one that is not there", async () => {
    await storage.setItem("key", "a");
    await storage.removeItem("key");
    await storage.removeItem("key");
    expect(await storage.hasItem("key")).toBe(false);
  });

  it("refuses to list and to clear, and removes nothing", async () => {
    await storage.setItem("key", "a");
    await expect(storage.getKeys()).rejects.toMatchObject({ code: "ERR_SESSION_UNSUPPORTED" });
    await expect(storage.clear()).rejects.toMatchObject({ code: "ERR_SESSION_UNSUPPORTED" });
    expect(await storage.getItem("key")).toBe("a");
  });

  it.each([
    ["longer than 250 bytes", "k".repeat(500)],
    ["with spaces", "a key"],
    ["not in ASCII", "klíč:🦊"],
    ["of a line break and a command", "a\r\nflush_all"],
    ["that every object has", "constructor"],
    ["that names a prototype", "__proto__"],
  ])("keeps items under keys %s", async (_title, key) => {
    expect(await storage.getItem(key)).toBeNull();
    await storage.setItem("key", "other");
    await storage.setItem(key, "odd");
    await storage.setItem(`${key}2`, "odd too");
    expect(await Promise.all(["key", key, `${key}2`].map((each) => storage.getItem(each)))).toEqual(["other", "odd", "odd too"]);
    await storage.removeItem(key);
    expect(await storage.hasItem(key)).toBe(false);
  });

  describe("with a ttl", () => {
    const left = async (): Promise<number> => Number(/^HD t(-?\d+)/.exec(await server.ask("mg key t"))?.[1]);

    it("lets an item go, though not early", async () => {
      await storage.setItem("key", "a", { ttl: 1 });
      expect(await storage.getItem("key")).toBe("a");
      await server.elapse(2500);
      expect(await storage.getItem("key")).toBeNull();
    });

    it.each([
      [0.2, 2],
      [60, 61],
      [40 * DAY, 40 * DAY + 3602],
    ])("of %d seconds has it expire in about %d", async (ttl, expected) => {
      await storage.setItem("key", "a", { ttl });
      // The clock of memcached may be a tick or two behind.
      expect(await left()).toBeGreaterThanOrEqual(expected - 2);
      expect(await left()).toBeLessThanOrEqual(expected + 2);
    });

    it.each([undefined, 0, Infinity, NaN])("of %s keeps it for good", async (ttl) => {
      await storage.setItem("key", "a", { ttl });
      expect(await left()).toBe(-1);
    });

    it("that is over removes it", async () => {
      await storage.setItem("key", "a");
      await storage.setItem("key", "b", { ttl: -1 });
      expect(await storage.hasItem("key")).toBe(false);
    });
  });

  describe("with an item of 1 MB", () => {
    it("keeps the largest that memcached takes with the longest key", async () => {
      const key = "k".repeat(250);
      await storage.setItemRaw(key, "x".repeat(MIB - 320));
      expect(((await storage.getItemRaw(key)) as string).length).toBe(MIB - 320);
    });

    it("refuses a larger one before it is sent, and keeps the old one", async () => {
      await storage.setItem("key", "old");
      await expect(storage.setItemRaw("key", "x".repeat(MIB - 319))).rejects.toMatchObject({ code: "ERR_SESSION_TOO_LARGE" });
      await expect(storage.setItemRaw("key", new Uint8Array(MIB - 319))).rejects.toMatchObject({ code: "ERR_SESSION_TOO_LARGE" });
      expect(await storage.getItem("key")).toBe("old");
    });

    it("counts bytes, not characters", async () => {
      await expect(storage.setItemRaw("key", "é".repeat(MIB / 2))).rejects.toMatchObject({ code: "ERR_SESSION_TOO_LARGE" });
    });

    it("takes as much as the servers are said to take", async () => {
      const large = await startMemcached("-I", "2m");
      const roomy = createStorage({ driver: memcached({ servers: large.address, maxItemBytes: 2 * MIB }) });
      await roomy.setItemRaw("key", "x".repeat(2 * MIB - 320));
      expect(((await roomy.getItemRaw("key")) as string).length).toBe(2 * MIB - 320);
    });
  });

  it("takes a client, and leaves it open", async () => {
    const client = new MemcacheClient({ server: server.address });
    const through = createStorage({ driver: memcached({ client }) });
    await through.setItem("key", "a");
    await through.setItemRaw("bytes", Uint8Array.of(0, 255));
    expect([await storage.getItem("key"), [...((await storage.getItemRaw("bytes")) as Uint8Array)]]).toEqual(["a", [0, 255]]);
    expect(await through.hasItem("constructor")).toBe(false);
    await through.dispose();
    expect((await client.get("key")).value).toBe("a");
    client.shutdown();
  });
});

describe("the memcached driver", () => {
  const connections = async (): Promise<number> => Number((await server.stats())["curr_connections"]);

  it("opens one connection to a server, and closes it", async () => {
    const before = await connections();
    const storage = unstorage2.createStorage({ driver: memcached({ servers: server.address }) });
    await Promise.all(Array.from({ length: 200 }, (_, n) => storage.setItem(`key${n}`, n)));
    expect(await connections()).toBe(before + 1);
    await storage.dispose();
    await until("the connection is closed", async () => (await connections()) === before);
  });

  it("adds no listener for each command", async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error): void => void warnings.push(warning);
    process.on("warning", warned);
    const storage = unstorage2.createStorage({ driver: memcached({ servers: server.address }) });
    for (let n = 0; n < 50; n++)
      await Promise.all([storage.setItem("key", n), storage.getItem("key"), storage.getItem("absent")]);
    await storage.dispose();
    process.off("warning", warned);
    expect(warnings).toEqual([]);
  });

  it("does not keep a process alive that has nothing to wait for", async () => {
    const script = join(root, "test/services/use-memcached.ts");
    const child = spawn(process.execPath, [join(root, "test/docs/run-block.mjs"), script], {
      env: { ...process.env, MEMCACHED: server.address },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect([code, output]).toEqual([0, "kept\n"]);
  });

  describe("whose server hangs", () => {
    it("rejects each call in time, and works again when the server does", async () => {
      const frozen = await startMemcached();
      const storage = unstorage2.createStorage({ driver: memcached({ servers: frozen.address, timeout: 200 }) });
      await storage.setItem("key", "a");
      const before = Number((await frozen.stats())["curr_connections"]);
      frozen.pause();
      const begun = performance.now();
      for (let n = 0; n < 3; n++) await expect(storage.getItem("key")).rejects.toThrow("no answer within 200 ms");
      const together = [storage.getItem("key"), storage.setItem("key", "b"), storage.removeItem("other")];
      expect((await Promise.allSettled(together)).every(({ status }) => status === "rejected")).toBe(true);
      expect(performance.now() - begun).toBeLessThan(4 * 200 + 1000);
      frozen.resume();
      expect(await storage.getItem("key")).toMatch(/^[ab]$/);
      await until("the given up connections are gone", async () => Number((await frozen.stats())["curr_connections"]) <= before);
    });

    it("rejects by a client of its own too", async () => {
      const frozen = await startMemcached();
      const client = new MemcacheClient({ server: frozen.address, cmdTimeout: 60_000 });
      const storage = unstorage2.createStorage({ driver: memcached({ client, timeout: 200 }) });
      await storage.setItem("key", "a");
      frozen.pause();
      await expect(storage.getItem("key")).rejects.toThrow("no answer within 200 ms");
      client.shutdown();
    });
  });

  it("rejects at once when there is no server", async () => {
    const gone = await startMemcached();
    await gone.kill();
    const storage = unstorage2.createStorage({ driver: memcached({ servers: gone.address, timeout: 60_000 }) });
    await expect(storage.getItem("key")).rejects.toThrow(`The memcached server ${gone.address} failed: connect ECONNREFUSED`);
    await expect(storage.setItem("key", "a")).rejects.toThrow("ECONNREFUSED");
  });

  it.each([
    ["nothing of memcached", "HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP/1.1 400 Bad Request"],
    ["that it is full", "ERROR Too many open connections\r\n", "ERROR Too many open connections"],
    ["a value of another size", "VA 2 c1 f0\r\nabc\r\n", "another size"],
    ["half a value", "VA 200 c1 f0\r\nabc", "closed the connection"],
  ])("rejects when a server answers %s", async (_, answer, message) => {
    const odd = createServer((socket) => socket.on("error", () => {}).once("data", () => socket.end(answer)));
    await new Promise<void>((resolve) => void odd.listen(0, "127.0.0.1", resolve));
    const storage = unstorage2.createStorage({ driver: memcached({ servers: addressOf(odd) }) });
    await expect(storage.getItem("key")).rejects.toThrow(message);
    odd.close();
  });

  it("takes no answer for another's after memcached did not understand a command", async () => {
    const answers = "CLIENT_ERROR bad command line format\r\nERROR\r\nVA 1 c1 f0\r\na\r\nVA 1 c1 f0\r\nb\r\n";
    const odd = createServer((socket) => socket.on("error", () => {}).once("data", () => socket.write(answers)));
    await new Promise<void>((resolve) => void odd.listen(0, "127.0.0.1", resolve));
    const storage = unstorage2.createStorage({ driver: memcached({ servers: addressOf(odd) }) });
    const calls = await Promise.allSettled([storage.setItem("a", "a"), storage.getItem("a"), storage.getItem("b")]);
    expect(calls.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    odd.close();
  });

  it("connects anew after an answer that nobody asked for", async () => {
    let connected = 0;
    const odd = createServer((socket) => {
      connected++;
      socket.on("error", () => {}).on("data", () => socket.write("EN\r\nVA 1 c1 f0\r\nx\r\n"));
    });
    await new Promise<void>((resolve) => void odd.listen(0, "127.0.0.1", resolve));
    const storage = unstorage2.createStorage({ driver: memcached({ servers: addressOf(odd) }) });
    for (let n = 1; n <= 3; n++) {
      expect(await storage.getItem("key")).toBeNull();
      expect(connected).toBe(n);
    }
    odd.close();
  });
});

function addressOf(listening: Server): string {
  return `127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

describe("the playground", () => {
  it("keeps its sessions in memcached, by a URL", async () => {
    const { address, lines } = await start({ PORT: "0", STORAGE: `memcached://${server.address}` });
    expect(lines).toEqual(["Sessions are kept in memcached, a store of class A."]);
    expect((await fetch(address)).headers.get("set-cookie")).toMatch(/^session=/);
  });
});
