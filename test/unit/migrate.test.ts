import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Session, SessionManager } from "unsession";
import { errorOf, nextCookie, World } from "./_setup.ts";

type Data = Record<string, any>;

/** Version 1 held `userId`, version 2 `user.id`, version 3 a list of users. */
function migrate(old: Data, from: number): Data {
  const second = from < 2 ? { user: { id: old["userId"] } } : old;
  return { users: [second["user"]] };
}
const THIRD = { schema: z.object({ users: z.array(z.object({ id: z.number() })) }), version: 3, migrate };

async function visit(manager: SessionManager, cookie: string | undefined, handler: (session: Session) => unknown = () => {}) {
  const session = await manager.load(cookie);
  await handler(session);
  return { session, cookie: nextCookie(cookie, await manager.commit(session)) as string };
}

/** A session as a deployment of a version left it; without one if it knew none. */
async function left(data: Data, version?: number) {
  const world = new World();
  const { cookie } = await visit(world.another({ version }), undefined, (session) => void Object.assign(session, data));
  world.told.length = world.store.calls.length = 0;
  return { world, cookie };
}

describe("data of an earlier version", () => {
  it.each([
    ["of no version", { userId: 7 }, undefined],
    ["of version 1", { userId: 7 }, 1],
    ["of version 2", { user: { id: 7 } }, 2],
  ])("%s is brought into the form of today", async (_, data, version) => {
    const { world, cookie } = await left(data, version);
    const session = await world.another(THIRD).load(cookie);
    expect([{ ...session }, session.$isDirty, session.$changes]).toEqual([{ users: [{ id: 7 }] }, false, []]);
  });

  it.each([
    ["none", undefined, 0],
    ["1", 1, 1],
  ])("tells `migrate` that it was %s", async (_, version, from) => {
    const { world, cookie } = await left({ a: 1 }, version);
    const told: unknown[] = [];
    await world.another({ version: 2, migrate: (old, was) => (told.push(old, was), old) }).load(cookie);
    expect(told).toEqual([{ a: 1 }, from]);
  });

  it("is not written for that alone, but with the next change, and is not migrated again", async () => {
    const { world, cookie } = await left({ userId: 7 }, 1);
    let migrated = 0;
    const manager = world.another({ ...THIRD, migrate: (old, from) => (migrated++, migrate(old, from)) });
    await visit(manager, cookie, async (session) => {
      session.users.push({ id: 8 });
      session.users.pop();
      await session.$update(() => {});
    });
    expect(world.store.calls).toEqual(["get"]);
    await visit(manager, cookie, (session) => void session.users.push({ id: 8 }));
    migrated = 0;
    expect({ ...(await manager.load(cookie)) }).toEqual({ users: [{ id: 7 }, { id: 8 }] });
    expect([migrated, world.store.record.includes('"dataVersion":3')]).toEqual([0, true]);
  });

  it("is waited for", async () => {
    const { world, cookie } = await left({ userId: 7 }, 1);
    const manager = world.another({ ...THIRD, migrate: async (old, from) => migrate(old, from) });
    expect({ ...(await manager.load(cookie)) }).toEqual({ users: [{ id: 7 }] });
  });

  it("may be migrated without a schema, and changed in place", async () => {
    const { world, cookie } = await left({ userId: 7 });
    const manager = world.another({ version: 1, migrate: (old) => Object.assign(old, { b: 1 }) });
    const { session } = await visit(manager, cookie, (one) => void (one["c"] = 2));
    expect(session.$changes).toEqual([]);
    expect(
      await world
        .another({ version: 1 })
        .load(cookie)
        .then((one) => ({ ...one })),
    ).toEqual({ userId: 7, b: 1, c: 2 });
  });

  it("is not asked for where there is no data", async () => {
    const world = new World();
    const { cookie } = await visit(world.another({ version: 1 }), undefined, (session) => session.$flash("note", 1));
    const session = await world.another(THIRD).load(cookie);
    expect([session.$flash("note"), world.infos("corrupt")]).toEqual([1, []]);
  });

  it("meets data of today in one merge", async () => {
    const { world, cookie } = await left({ userId: 7 }, 1);
    const manager = world.another(THIRD);
    const session = await manager.load(cookie);
    await visit(world.another({ version: 1 }), cookie, (old) => void (old["userId"] = 9));
    session.users.push({ id: 8 });
    await manager.commit(session);
    expect({ ...(await manager.load(cookie)) }).toEqual({ users: [{ id: 9 }, { id: 8 }] });
  });
});

describe("a record that `migrate` fails for", () => {
  const failing = (): never => {
    throw new RangeError("no user");
  };

  it.each([
    ["throws", failing],
    ["rejects", async () => failing()],
  ])("is set aside if it %s, and stays as it is", async (_, fails) => {
    const { world, cookie } = await left({ userId: 7 }, 1);
    const record = world.store.record;
    const manager = world.another({ version: 2, migrate: fails });
    expect({ ...(await visit(manager, cookie)).session }).toEqual({});
    expect(world.infos("corrupt")).toMatchObject([{ reason: "migrate", error: new RangeError("no user") }]);
    expect(world.store.record).toBe(record);
  });

  it.each([
    ["nothing", () => undefined],
    ["a list", () => [1]],
    ["what does not fit", () => ({ users: 7 })],
  ])("is set aside if it gives %s", async (_, gives) => {
    const { world, cookie } = await left({ userId: 7 }, 1);
    await world.another({ ...THIRD, migrate: gives }).load(cookie);
    expect(world.infos("corrupt")).toMatchObject([{ reason: "schema", error: { code: "ERR_SESSION_VALUE" } }]);
  });

  it("is set aside if it gives no data, also without a schema", async () => {
    const { world, cookie } = await left({ userId: 7 }, 1);
    await world.another({ version: 2, migrate: () => undefined }).load(cookie);
    expect(world.infos("corrupt")).toMatchObject([{ reason: "schema", error: { code: "ERR_SESSION_VALUE" } }]);
  });
});

describe("a record of a later version", () => {
  it.each([
    ["an earlier version", 2],
    ["no version", undefined],
  ])("is left alone by a deployment of %s", async (_, version) => {
    const { world, cookie } = await left({ users: [{ id: 7 }] }, 3);
    const record = world.store.record;
    const manager = world.another({ version });
    const after = await visit(manager, cookie, (session) => void (session["a"] = 1));
    expect(world.infos("corrupt")).toMatchObject([{ reason: "version", error: undefined }]);
    expect([after.cookie === cookie, Object.values(world.store.dump).includes(record)]).toEqual([false, true]);
    expect({ ...(await world.another({ version: 3 }).load(cookie)) }).toEqual({ users: [{ id: 7 }] });
  });

  it("is not overwritten by a request that was under way", async () => {
    const { world, cookie } = await left({ userId: 7 }, 1);
    const old = world.another({ version: 1 });
    const session = await old.load(cookie);
    session["a"] = 1;
    await visit(world.another(THIRD), cookie, (other) => void other.users.push({ id: 8 }));
    expect(await errorOf(old.commit(session))).toMatchObject({
      code: "ERR_SESSION_STORE",
      cause: { message: "The record cannot be read any more (version)." },
    });
    expect({ ...(await world.another(THIRD).load(cookie)) }).toEqual({ users: [{ id: 7 }, { id: 8 }] });
  });

  it("says so before anything of it is decoded, which a later serializer may have written", async () => {
    const { world, cookie } = await left({ a: 1 }, 3);
    world.store.record = world.store.record.replace("json            ", "later           ");
    await world.another({ version: 2 }).load(cookie);
    expect(world.infos("corrupt")).toMatchObject([{ reason: "version" }]);
  });

  it("can still be ended by `manager.destroy`", async () => {
    const { world, cookie } = await left({ a: 1 }, 3);
    const { $id = "" } = await world.another({ version: 3 }).load(cookie);
    expect(await world.another({ version: 2 }).destroy($id)).toBe(true);
  });
});
