import { MongoClient } from "mongodb";
import { afterAll, describe, expect, it } from "vitest";
import { createSessionManager } from "unsession";
import { createClock } from "unsession/testing";
import { HEADER_LENGTH } from "../../src/record.ts";
import { createMongodbStore } from "../../src/stores/mongodb.ts";
import { startMongodb } from "../services/mongodb.ts";
import { codesOf, inParallel, visit } from "../stores/_sessions.ts";
import { patient, write } from "./_setup.ts";

/** What `docs/faults.md` says of MongoDB. */

const server = await startMongodb();
const client = new MongoClient(server.url);
const database = client.db(`unsession-${process.pid}`);

afterAll(async () => {
  await database.dropDatabase();
  await client.close();
  await server.close();
});

const header = (version: number): string => String(version).padStart(HEADER_LENGTH, "0");

describe("row 35: MongoDB", () => {
  it("makes one record of many that are created at once, and none by a replace", async () => {
    const collection = database.collection("race");
    const store = createMongodbStore(collection as never);
    const created = await inParallel(20, async (n) => store.create("key", header(n), 60_000));
    expect([created.filter(Boolean).length, await collection.countDocuments()]).toEqual([1, 1]);
    const entry = await store.get("key");
    await store.remove("key");
    expect(await store.replace("key", header(99), entry as never, 60_000)).toEqual({ status: "missing" });
    expect(await collection.countDocuments()).toBe(0);
  });

  it("serves nothing that is expired, though it has not dropped it yet", async () => {
    const clock = createClock();
    const collection = database.collection("late");
    const store = createMongodbStore(collection as never, { now: clock.now });
    const manager = createSessionManager({ storage: store, now: clock.now, idleTimeout: 60, timeouts: patient });
    const cookie = await visit(manager, undefined, write({ user: "alice" }));
    const slow = await manager.load(cookie);
    slow.user = "bob";
    clock.advance(61_000);
    expect({ ...(await manager.load(cookie)) }).toEqual({});
    expect(await codesOf([manager.commit(slow)])).toEqual(["ERR_SESSION_GONE"]);
  });
});
