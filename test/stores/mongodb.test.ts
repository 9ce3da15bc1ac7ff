import { MongoClient, type Collection } from "mongodb";
import { createSessionManager, type Session, type SessionManager } from "unsession";
import { describeStoreContract } from "unsession/testing";
import { createStorage } from "unstorage";
import mongodb2 from "unstorage/drivers/mongodb";
import * as v1 from "unstorage-v1";
import mongodb1 from "unstorage-v1/drivers/mongodb";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { HEADER_LENGTH } from "../../src/record.ts";
import { createMongodbStore } from "../../src/stores/mongodb.ts";
import { startMongodb, type MongoServer } from "../services/mongodb.ts";
import { start } from "../_playground-start.ts";
import { begin, codesOf, idOf, inParallel, timeouts, visit } from "./_sessions.ts";
import { createClock } from "./contract.ts";

const server: MongoServer = await startMongodb();
const client = new MongoClient(server.url);
const database = client.db(`unsession-${process.pid}`);

afterAll(async () => {
  await database.dropDatabase();
  await client.close();
  await server.close();
});

const header = (version: number): string => String(version).padStart(HEADER_LENGTH, "0");

describe("the server", () => {
  it("lets exactly one of fifty concurrent conditional updates win", async () => {
    const clients = await inParallel(5, () => new MongoClient(server.url).connect());
    const [first] = clients.map((one) => one.db(database.databaseName).collection("probe")) as [Collection];
    for (let round = 0; round < 10; round++) {
      const { insertedId: _id } = await first.insertOne({ version: 1 });
      const answers = await inParallel(50, (n) =>
        (clients[n % 5] as MongoClient)
          .db(database.databaseName)
          .collection("probe")
          .updateOne({ _id, version: 1 }, { $set: { version: 2, by: n } }),
      );
      expect(answers.filter(({ matchedCount }) => matchedCount === 1)).toHaveLength(1);
    }
    await Promise.all(clients.map((one) => one.close()));
  });

  it("shows a document as one update left it, never half of one", async () => {
    const probe = database.collection("probe");
    const { insertedId: _id } = await probe.insertOne({ a: 0, b: 0 });
    const write = async (n: number): Promise<void> => void (await probe.updateOne({ _id }, { $set: { a: n, b: n } }));
    const read = async (): Promise<boolean> => {
      const document = await probe.findOne({ _id });
      return document?.["a"] === document?.["b"];
    };
    for (let round = 0; round < 20; round++) {
      const reads = inParallel(20, read);
      await inParallel(20, (n) => write(round * 20 + n));
      expect(await reads).not.toContain(false);
    }
  });
});

describeStoreContract(
  "MongoDB",
  ({ now }) => createMongodbStore(database.collection("contract") as never, { now }),
  { describe, expect, it },
  // As long as a record's: that much is kept, and compared, on its own.
  { header },
);

describe("the MongoDB store", () => {
  let collection: Collection;
  beforeEach(() => {
    collection = database.collection(`store-${crypto.randomUUID()}`);
  });

  it("keeps every byte of a record that is a byte string, as bytes", async () => {
    const store = createMongodbStore(collection as never);
    const bytes = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
    const value = `ub1${"x".repeat(HEADER_LENGTH - 3)}${bytes}`;
    await store.create("a", value, undefined);
    expect(await store.get("a")).toEqual({ value });
    expect((await collection.findOne({}, { promoteBuffers: true }))?.["payload"]).toHaveLength(256);
  });

  it("writes the header alone to touch a record", async () => {
    const store = createMongodbStore(collection as never);
    await store.create("a", `${header(1)}payload`, 1000);
    await collection.updateOne({}, { $set: { payload: "another" } });
    await store.touch("a", header(2), { value: `${header(1)}payload` }, 1000);
    expect(await collection.findOne({})).toMatchObject({ header: header(2), payload: "another" });
  });

  it("has the server drop what has expired", async () => {
    const store = createMongodbStore(collection as never);
    await store.create("a", "value", 1000);
    await expect.poll(() => collection.indexes()).toMatchObject([{}, { key: { expireAt: 1 }, expireAfterSeconds: 0 }]);
    expect((await collection.findOne({}))?.["expireAt"]).toBeInstanceOf(Date);
  });

  it("sweeps what has expired where the server did not", async () => {
    let now = Date.now() - 10_000;
    const store = createMongodbStore(collection as never, { now: () => now });
    await store.create("old", "value", 1000);
    await store.create("young", "value", 60_000);
    await store.create("eternal", "value", undefined);
    now += 2000;
    expect(await store.sweep?.()).toBe(1);
    expect(await collection.countDocuments()).toBe(2);
  });

  it("keeps sessions where it may make no index, and says so once", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const refused = async (): Promise<never> => {
      throw Object.assign(new Error("not authorized"), { code: 13 });
    };
    const store = createMongodbStore(Object.assign(Object.create(collection), { createIndex: refused }));
    expect([await store.create("a", "1", undefined), await store.create("b", "1", undefined)]).toEqual([true, true]);
    expect(warn.mock.calls).toEqual([[expect.stringContaining("refused an index on `expireAt`")]]);
    warn.mockRestore();
  });

  it("tries again to make the index after the connection went", async () => {
    let tries = 0;
    const createIndex = async (): Promise<never> => {
      tries++;
      throw new Error("connection closed");
    };
    const store = createMongodbStore(Object.assign(Object.create(collection), { createIndex }));
    await store.create("a", "1", undefined);
    await store.create("b", "1", undefined);
    expect(tries).toBe(2);
  });

  it("rejects what a server that is down cannot answer", async () => {
    const gone = new MongoClient("mongodb://127.0.0.1:1", { serverSelectionTimeoutMS: 50 });
    const store = createMongodbStore(gone.db("none").collection("none") as never);
    await expect(store.get("a")).rejects.toThrow();
    await gone.close();
  });
});

const drivers = [
  ["1.17.6", (collectionName: string) => v1.createStorage({ driver: mongodb1({ ...place(), collectionName }) as never })],
  ["2.0.0-beta.0", (collectionName: string) => createStorage({ driver: mongodb2({ ...place(), collectionName }) })],
] as const;

function place(): { connectionString: string; databaseName: string } {
  return { connectionString: server.url, databaseName: database.databaseName };
}

// The newer one alone in a quick run.
describe.each(process.env["ALL"] === "1" ? drivers : drivers.slice(1))(
  "sessions over the mongodb driver of unstorage %s",
  (version, open) => {
    const opened: { readonly dispose: () => unknown; readonly getMount: (key: string) => any }[] = [];
    let managers: [SessionManager, SessionManager];
    beforeEach(() => {
      const name = `sessions-${crypto.randomUUID()}`;
      managers = [0, 1].map(() => {
        const storage = open(name);
        opened.push(storage as never);
        return createSessionManager({ storage: storage as never, timeouts });
      }) as typeof managers;
    });
    afterAll(async () => {
      for (const storage of opened) {
        if (version === "1.17.6") await storage.getMount("").driver.getInstance().db.client.close();
        await storage.dispose();
      }
    });

    it("are of class A", async () => {
      await begin(managers[0]);
      expect(managers[0].capabilities).toMatchObject({ class: "A", ttl: true, list: true, store: "mongodb" });
    });

    it("keep all keys of fifty concurrent requests on two clients", async () => {
      const cookie = await begin(managers[0]);
      await inParallel(50, (n) => visit(managers[n % 2] as SessionManager, cookie, (session) => void (session[`key${n}`] = n)));
      expect(Object.keys(await managers[0].load(cookie))).toHaveLength(51);
    });

    it("count two hundred concurrent increments exactly", async () => {
      const cookie = await begin(managers[0]);
      await inParallel(200, (n) => visit(managers[n % 2] as SessionManager, cookie, (session) => void session.$increment("n")));
      expect((await managers[1].load(cookie)).n).toBe(200);
    });

    it("stay ended, whatever was in flight", async () => {
      const cookie = await begin(managers[0]);
      const late = await inParallel(10, (n) => (managers[n % 2] as SessionManager).load(cookie));
      await visit(managers[0], cookie, (session) => session.$destroy());
      for (const session of late) session.late = true;
      const codes = await codesOf(late.map((session, n) => (managers[n % 2] as SessionManager).commit(session)));
      expect(codes).toEqual(Array.from({ length: 10 }, () => "ERR_SESSION_GONE"));
      expect(Object.keys(await managers[1].load(cookie))).toEqual([]);
    });

    it("are listed, counted, and ended by their id", async () => {
      const cookies = await inParallel(3, () => begin(managers[0]));
      expect(await managers[1].count()).toBe(3);
      expect(await managers[1].destroy(await idOf(managers[0], cookies[0] as string))).toBe(true);
      expect(await managers[0].count()).toBe(2);
    });
  },
);

describe("a request over MongoDB", () => {
  const watching = new MongoClient(server.url, { monitorCommands: true });
  const clock = createClock();
  let commands: string[];
  let manager: SessionManager;
  let cookie: string;
  watching.on("commandStarted", ({ commandName }) => void commands.push(commandName));
  afterAll(() => watching.close());

  beforeEach(async () => {
    commands = [];
    const collection = watching.db(database.databaseName).collection("costs");
    const storage = createMongodbStore(collection as never, { now: clock.now });
    manager = createSessionManager({ storage, now: clock.now, idleTimeout: 1000, timeouts });
    cookie = await begin(manager);
    // The first session of a store makes its index.
    await expect.poll(() => commands).toContain("createIndexes");
    commands = [];
  });

  const READ = ["find"];
  const WRITE = ["update"];

  it.each<[string, (session: Session) => unknown, string[]]>([
    ["that reads costs one command", (session) => session["begun"], READ],
    ["that writes costs two", (session) => void (session["a"] = 1), [...READ, ...WRITE]],
    ["that writes what was there costs one", (session) => void (session["begun"] = true), READ],
    ["that destroys costs two", (session) => session.$destroy(), [...READ, ...WRITE]],
    ["that regenerates costs three", (session) => session.$regenerate(), [...READ, ...WRITE, ...WRITE]],
  ])("with a session %s", async (_what, handle, cost) => {
    await visit(manager, cookie, handle);
    expect(commands).toEqual(cost);
  });

  it("at a renewal step costs two", async () => {
    clock.advance(100_000);
    await visit(manager, cookie, (session) => session["begun"]);
    expect(commands).toEqual([...READ, ...WRITE]);
  });

  it("without a session costs nothing, and one command to begin one", async () => {
    await visit(manager, undefined, (session) => session["user"]);
    await visit(manager, "session=a b", (session) => session["user"]);
    expect(commands).toEqual([]);
    await begin(manager);
    expect(commands).toEqual(WRITE);
  });

  it("that meets a conflict costs a read and a write more", async () => {
    const session = await manager.load(cookie);
    await visit(manager, cookie, (other) => other.$increment("count"));
    commands = [];
    session.$increment("count");
    await manager.commit(session);
    expect(commands).toEqual([...WRITE, ...READ, ...WRITE]);
  });
});

describe("the playground", () => {
  it("keeps its sessions in MongoDB, by a URL", async () => {
    const { address, lines } = await start({ PORT: "0", STORAGE: server.url });
    expect(lines).toEqual(["Sessions are kept in mongodb, a store of class A."]);
    expect((await fetch(address)).headers.get("set-cookie")).toMatch(/^session=/);
  });
});
