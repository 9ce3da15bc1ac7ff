import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSessionManager } from "unsession";
import type { Driver } from "unstorage";
import { describe, expect, it, onTestFinished } from "vitest";
import { openStorage } from "../playground/h3/storage.ts";
import { counted } from "../playground/inspector/count.ts";
import { createRecord, current } from "../playground/inspector/record.ts";
import { failToStart, start } from "./_playground-start.ts";

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "playground-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

/** The calls that are noted while something runs. */
async function callsOf(run: () => unknown): Promise<string[]> {
  const record = createRecord("GET", "/");
  await current.run(record, async () => run());
  return record.calls.map(({ verb, kind }) => `${kind} ${verb}`);
}

describe("STORAGE", () => {
  it("is memory by default, a store of class A", async () => {
    const { lines } = await start({ PORT: "0" });
    expect(lines).toEqual(["Sessions are kept in memory, a store of class A."]);
  });

  it("keeps sessions in files", async () => {
    const base = await folder();
    const { address, lines } = await start({ PORT: "0", STORAGE: `fs:${base}` });
    expect(lines).toEqual(["Sessions are kept in fs, a store of class C."]);
    await fetch(address);
    expect(await readdir(join(base, "session"))).toHaveLength(1);
  });

  it.each(["nonsense:", "memory", "__proto__:", "ftp://localhost"])("refuses %s, and says what it takes", async (STORAGE) => {
    const { code, errors } = await failToStart({ STORAGE });
    expect(code).toBe(1);
    expect(errors.trim()).toBe(
      `STORAGE cannot be used: ${JSON.stringify(STORAGE)} is none of memory:, fs:./data, fs-lite:./data, lru-cache:, ` +
        "http://localhost:4000, https://example.com, redis://localhost:6379, " +
        "memcached://localhost:11211, mongodb://localhost:27017",
    );
  });

  it("says why where there is no server", async () => {
    const { code, errors } = await failToStart({ STORAGE: "http://127.0.0.1:1" });
    expect(code).toBe(1);
    expect(errors.trim()).toBe("STORAGE cannot be used: fetch failed");
  });
});

describe("the calls of a store", () => {
  it("are those of its verbs in class A", async () => {
    const sessions = createSessionManager({ storage: () => openStorage("memory:") });
    expect(await callsOf(() => sessions.find("unknown"))).toEqual(["read get"]);
    expect(sessions.capabilities).toMatchObject({ store: "memory", class: "A" });
  });

  it.each(["fs:", "fs-lite:"])("are those of the driver in class C: %s", async (scheme) => {
    const base = await folder();
    const sessions = createSessionManager({ storage: () => openStorage(scheme + base) });
    expect(await callsOf(() => sessions.find("unknown"))).toEqual(["read getItemRaw", "read getItemRaw"]);
    const session = await sessions.load();
    session.a = 1;
    expect((await callsOf(() => sessions.commit(session))).at(-1)).toBe("write setItemRaw");
  });

  it("are those of a client that a driver gives out", async () => {
    class Client {
      #value = "PONG";
      readonly status = "ready";
      // A client answers by promises, whatever it does.
      // eslint-disable-next-line typescript/require-await
      async getBuffer(): Promise<string> {
        return this.#value;
      }
      // eslint-disable-next-line typescript/require-await
      async evalsha(): Promise<void> {
        this.#value = "";
      }
      duplicate(): Client {
        return new Client();
      }
    }
    const driver = { name: "with a client", getInstance: async () => new Client() } as unknown as Driver;
    const client = (await counted(driver).getInstance?.()) as Client;
    const calls = await callsOf(async () => {
      expect([await client.getBuffer(), client.status, client.constructor]).toEqual(["PONG", "ready", Client]);
      client.duplicate();
      await client.evalsha();
    });
    expect(calls).toEqual(["read getBuffer", "write evalsha"]);
  });

  it("are noted on no request where there is none", async () => {
    const sessions = createSessionManager({ storage: () => openStorage("lru-cache:") });
    expect(await sessions.find("unknown")).toBeUndefined();
    expect(sessions.capabilities).toMatchObject({ store: "lru-cache", class: "C" });
  });
});
