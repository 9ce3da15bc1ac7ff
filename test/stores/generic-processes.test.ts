import { beforeEach, describe, expect, it } from "vitest";
import { createSessionManager, type Session, type SessionManager, type SessionOptions } from "unsession";
import { TextItems, type StorageLike } from "../../src/stores/text-items.ts";
import { unstorage1, unstorage2 } from "./_drivers.ts";
import { begin, codesOf, idOf, inParallel, otherProcess, timeouts, visit } from "./_sessions.ts";
import { createClock, type Clock } from "./contract.ts";

const TOMBSTONE_TTL = 300;
const DAY = 86_400;

let clock: Clock;
let driver: StorageLike;
let items: TextItems;

const manage = (storage: object, options: SessionOptions = {}): SessionManager =>
  createSessionManager({ storage, now: clock.now, tombstoneTtl: TOMBSTONE_TTL, timeouts, ...options });

beforeEach(() => {
  clock = createClock();
  driver = unstorage2.memory();
  items = new TextItems(driver, "memory");
});

/** A place where one process stops: `reached` once it is there, until `open` is called. */
function gate(): { reached: Promise<void>; open: () => void; pass: () => Promise<void> } {
  let open = (): void => {};
  let arrive = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  const reached = new Promise<void>((resolve) => (arrive = resolve));
  return { reached, open, pass: () => (arrive(), opened) };
}

const crash = (): never => {
  throw new Error("the process died");
};

const ends: [string, (session: Session) => Promise<void> | void][] = [
  ["destroyed", (session) => session.$destroy()],
  ["regenerated", (session) => session.$regenerate()],
  ["cleared", (session) => session.$clear()],
];

describe("a session of class C that one process has ended", () => {
  let ending: SessionManager;
  let cookie: string;
  let id: string;

  beforeEach(async () => {
    ending = manage(otherProcess(driver));
    cookie = await begin(ending);
    id = await idOf(ending, cookie);
  });

  const expectEnd = async (): Promise<void> => {
    for (const manager of [ending, manage(otherProcess(driver))]) {
      expect(Object.keys(await manager.load(cookie))).toEqual([]);
    }
  };

  it.each(ends)("and %s: a write of another that lands later is taken back", async (_how, end) => {
    const slow = gate();
    const writing = manage(
      otherProcess(driver, async (method, _key, call) => {
        if (method === "setItemRaw") await slow.pass();
        return call();
      }),
    );
    const codes = codesOf([visit(writing, cookie, (session) => void (session.late = true))]);
    await slow.reached;
    await visit(ending, cookie, end);
    slow.open();
    expect(await codes).toEqual(["ERR_SESSION_GONE"]);
    expect(await items.get(`session:${id}`)).toBeUndefined();
    await expectEnd();
  });

  it.each(ends)("and %s: a writer that dies right after such a write brings nothing back, then or later", async (_how, end) => {
    const slow = gate();
    let alive = true;
    const writing = manage(
      otherProcess(driver, async (method, _key, call) => {
        if (!alive) return crash();
        if (method !== "setItemRaw") return call();
        await slow.pass();
        alive = false;
        return call();
      }),
    );
    const codes = codesOf([visit(writing, cookie, (session) => void (session.late = true))]);
    await slow.reached;
    await visit(ending, cookie, end);
    slow.open();
    expect(await codes).toEqual(["ERR_SESSION_STORE"]);
    expect(await items.get(`session:${id}`)).toBeDefined();
    await expectEnd();
    // Nobody sweeps in time, and the tombstone holds on.
    clock.advance(10 * TOMBSTONE_TTL * 1000);
    await expectEnd();
    await ending.sweep();
    expect(await items.get(`session:${id}`)).toBeUndefined();
    await expectEnd();
  });

  it.each(ends)("and %s: it has ended, though that process dies before it removes the record", async (_how, end) => {
    const dying = manage(otherProcess(driver, (method, _key, call) => (method === "removeItem" ? crash() : call())));
    await visit(dying, cookie, end);
    expect(await items.get(`session:${id}`)).toBeDefined();
    await expectEnd();
    expect(await codesOf([visit(ending, cookie, (session) => void (session.late = true))])).toEqual(["ERR_SESSION_GONE"]);
  });

  it("is not there any more for one that writes later", async () => {
    const late = manage(otherProcess(driver));
    const session = await late.load(cookie);
    await visit(ending, cookie, (mine) => mine.$destroy());
    session.late = true;
    expect(await codesOf([late.commit(session)])).toEqual(["ERR_SESSION_GONE"]);
    expect(await items.keys("session:")).toEqual([`session:t:${id}`]);
  });
});

describe("a session of class C", () => {
  it("is there once, though the answer to its creation is lost", async () => {
    let lost = false;
    const manager = manage(
      otherProcess(driver, async (method, _key, call) => {
        await call();
        if (method !== "setItemRaw" || lost) return call();
        lost = true;
        return crash();
      }),
    );
    const cookie = await begin(manager);
    expect(lost).toBe(true);
    expect({ ...(await manager.load(cookie)) }).toEqual({ begun: true });
    expect(await manager.count()).toBe(1);
  });

  it("is changed once, though the answer to its change is lost", async () => {
    let lost = true;
    const manager = manage(
      otherProcess(driver, async (method, _key, call) => {
        const answer = await call();
        if (method !== "setItemRaw" || lost) return answer;
        lost = true;
        return crash();
      }),
    );
    const cookie = await begin(manager);
    lost = false;
    await visit(manager, cookie, (session) => void session.$increment("count"));
    expect(lost).toBe(true);
    expect((await manager.load(cookie)).count).toBe(1);
  });

  describe("tells the driver how long to keep it,", () => {
    let ttls: Record<string, number | undefined>;
    const keeper = (): StorageLike => ({
      ...driver,
      setItemRaw(key, value, options) {
        ttls[key] = (options as { ttl?: number }).ttl;
        return driver.setItemRaw?.(key, value, options);
      },
    });
    beforeEach(() => void (ttls = {}));

    it("in whole seconds, rounded up", async () => {
      const manager = manage(keeper(), { idleTimeout: 100 });
      const cookie = await begin(manager);
      const key = `session:${await idOf(manager, cookie)}`;
      expect(ttls).toEqual({ [key]: 100 });
      clock.advance(1);
      await visit(manager, cookie, (session) => void (session.more = true));
      expect(ttls).toEqual({ [key]: 100 });
    });

    it("and its tombstone for as long as a late writer could make it live", async () => {
      const manager = manage(keeper(), { idleTimeout: DAY });
      const cookie = await begin(manager);
      const id = await idOf(manager, cookie);
      clock.advance(2_000_000);
      await visit(manager, cookie, (session) => session.$destroy());
      expect(ttls).toEqual({ [`session:${id}`]: DAY, [`session:t:${id}`]: DAY + TOMBSTONE_TTL });
    });

    it("but not if it never expires", async () => {
      const manager = manage(keeper(), { idleTimeout: null });
      const cookie = await begin(manager);
      const id = await idOf(manager, cookie);
      await visit(manager, cookie, (session) => session.$destroy());
      expect(ttls).toEqual({ [`session:${id}`]: undefined, [`session:t:${id}`]: undefined });
    });
  });

  describe("costs", () => {
    let calls: string[];
    let manager: SessionManager;
    let cookie: string;

    beforeEach(async () => {
      calls = [];
      manager = manage(
        otherProcess(driver, (method, _key, call) => {
          calls.push(method);
          return call();
        }),
      );
      cookie = await begin(manager);
    });

    /** The calls of one request, by their number. */
    const costOf = async (handle: (session: Session) => unknown, sent: string | undefined = cookie): Promise<object> => {
      calls.length = 0;
      await visit(manager, sent, handle);
      const cost: Record<string, number> = {};
      for (const call of calls) cost[call] = (cost[call] ?? 0) + 1;
      return cost;
    };

    it("nothing to a visitor without a cookie", async () => {
      calls.length = 0;
      await visit(manager, undefined, (session) => session.anything);
      expect(calls).toEqual([]);
    });

    it("two reads and no write to load and read", async () => {
      expect(await costOf((session) => session.begun)).toEqual({ getItemRaw: 2 });
    });

    it("nothing more if it is written with the value it had", async () => {
      expect(await costOf((session) => void (session.begun = true))).toEqual({ getItemRaw: 2 });
    });

    it("one write, two reads before it and one after to change", async () => {
      expect(await costOf((session) => void (session.more = true))).toEqual({ getItemRaw: 5, setItemRaw: 1 });
    });

    it("two reads and one write to create", async () => {
      calls.length = 0;
      await begin(manager);
      expect(calls.sort()).toEqual(["getItemRaw", "getItemRaw", "setItemRaw"]);
    });

    it("one write and one removal to end", async () => {
      expect(await costOf((session) => session.$destroy())).toEqual({ getItemRaw: 4, setItemRaw: 1, removeItem: 1 });
    });
  });
});

describe.each([
  ["1.17.6", unstorage1],
  ["2.0.0-beta.0", unstorage2],
])("sessions of class C in a Storage of unstorage %s", (_version, { createStorage, prefixStorage, memory }) => {
  it("stay below the base of a `prefixStorage`, also with managers that each made their own", async () => {
    const slow = otherProcess(memory(), async (method, _key, call) => {
      if (method === "setItemRaw") await new Promise(setImmediate);
      return call();
    });
    const root = createStorage({ driver: slow });
    const managers = [manage(prefixStorage(root, "app")), manage(prefixStorage(root, "app"))] as const;
    const cookie = await begin(managers[0]);
    const id = await idOf(managers[1], cookie);
    await inParallel(50, (n) => visit(n % 2 === 0 ? managers[0] : managers[1], cookie, (session) => session.$increment("count")));
    expect((await managers[0].load(cookie)).count).toBe(50);
    expect(await root.getKeys()).toEqual([`app:session:${id}`]);
  });

  it("go to the driver that is mounted for their prefix", async () => {
    const mounted = memory();
    const storage = createStorage({ driver: memory() }).mount("session", { ...mounted, name: "mounted" });
    const manager = manage(storage);
    const cookie = await begin(manager);
    expect(manager.capabilities).toMatchObject({ class: "C", store: "mounted" });
    const id = await idOf(manager, cookie);
    expect(mounted.getKeys()).toEqual([id]);
    await visit(manager, cookie, (session) => session.$destroy());
    expect(mounted.getKeys()).toEqual([`t:${id}`]);
    expect(await manager.count()).toBe(0);
  });

  it("do not go to a driver whose base their prefix only begins like", async () => {
    const storage = createStorage({ driver: { ...memory(), name: "root" } }).mount("sess", { ...memory(), name: "mounted" });
    const manager = manage(storage, { prefix: "sess" });
    const cookie = await begin(manager);
    expect(manager.capabilities).toMatchObject({ class: "C", store: "root" });
    expect(await manager.count()).toBe(1);
    await visit(manager, cookie, (session) => session.$destroy());
    expect(await manager.count()).toBe(0);
  });

  it("leave alone what other managers keep below a longer prefix", async () => {
    const storage = createStorage({ driver: memory() });
    const outer = manage(storage, { prefix: "a:", idleTimeout: 60 });
    const inner = manage(storage, { prefix: "a:b:", idleTimeout: 60 });
    const cookie = await begin(inner);
    await visit(inner, cookie, (session) => session.$destroy());
    await begin(inner);
    await begin(outer);
    clock.advance(10 * DAY * 1000);
    expect(await outer.sweep()).toBe(1);
    expect(await storage.getKeys()).toHaveLength(2);
    expect(await inner.sweep()).toBe(2);
    expect(await storage.getKeys()).toEqual([]);
  });
});
