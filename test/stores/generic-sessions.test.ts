import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSessionManager, type Session, type SessionManager, type SessionOptions } from "unsession";
import { TextItems } from "../../src/stores/text-items.ts";
import { drivers, type Backing } from "./_drivers.ts";
import { begin, codesOf, idOf, inParallel, timeouts, visit } from "./_sessions.ts";
import { createClock, type Clock } from "./contract.ts";

const TOMBSTONE_TTL = 300;

for (const through of ["a Storage", "the bare driver"]) {
  describe.each(drivers)(`sessions in $name of unstorage $version, through ${through},`, ({ name, open }) => {
    let clock: Clock;
    let backing: Backing;
    let storage: object;
    let manager: SessionManager;
    /** The back end, whatever the manager makes of it. */
    let items: TextItems;

    const manage = (options: SessionOptions = {}): SessionManager =>
      createSessionManager({ storage, now: clock.now, tombstoneTtl: TOMBSTONE_TTL, timeouts, ...options });

    beforeEach(async () => {
      clock = createClock();
      backing = await open();
      const { driver, unstorage } = backing;
      storage = through === "a Storage" ? unstorage.createStorage({ driver }) : driver;
      items = new TextItems(driver, name);
      manager = manage();
    });
    afterEach(() => backing.close());

    it("are of class C", async () => {
      await begin(manager);
      expect(manager.capabilities).toEqual({ class: "C", ttl: false, list: true, maxBytes: undefined, store: name });
    });

    it("keep what they were given, and only that", async () => {
      const when = new Date(0);
      const cookie = await visit(manager, undefined, (session) => Object.assign(session, { text: "línea ✓ 🦊", when }));
      const session = await manage().load(cookie);
      expect({ ...session }).toEqual({ text: "línea ✓ 🦊", when });
    });

    it.each([1, 2])("lose nothing of fifty requests at once, through %i manager(s)", async (count) => {
      const managers = Array.from({ length: count }, () => manage());
      const cookie = await begin(manager);
      await inParallel(50, (n) =>
        visit(managers[n % count] as SessionManager, cookie, (session) => {
          session[`key${n}`] = n;
          session.$increment("count");
        }),
      );
      const session = await manager.load(cookie);
      expect(session.count).toBe(50);
      expect(Object.keys(session).filter((key) => key.startsWith("key"))).toHaveLength(50);
    });

    describe.each<[string, (session: Session) => Promise<void> | void]>([
      ["destroyed", (session) => session.$destroy()],
      ["regenerated", (session) => session.$regenerate()],
      ["cleared", (session) => session.$clear()],
    ])("that were %s", (how, end) => {
      let cookie: string;
      let id: string;
      let writers: Session[];
      let others: SessionManager;
      const write = (): Promise<unknown>[] =>
        writers.map((session, n) => {
          session.late = n;
          return (n % 2 === 0 ? manager : others).commit(session);
        });

      beforeEach(async () => {
        cookie = await begin(manager);
        id = await idOf(manager, cookie);
        others = manage();
        writers = await inParallel(10, (n) => (n % 2 === 0 ? manager : others).load(cookie));
      });

      const expectEnd = async (): Promise<void> => {
        expect(Object.keys(await manager.load(cookie))).toEqual([]);
        expect(await items.get(`session:${id}`)).toBeUndefined();
        expect(await codesOf([visit(others, cookie, (session) => void (session.later = true))])).toEqual(["ERR_SESSION_GONE"]);
      };

      it("do not come back, though slow requests write to them", async () => {
        await visit(manager, cookie, end);
        expect(await codesOf(write())).toEqual(writers.map(() => "ERR_SESSION_GONE"));
        await expectEnd();
      });

      // What others add while one clears stays, and so does the session.
      if (how !== "cleared")
        it("do not come back, though others write at the same time", async () => {
          const ending = visit(others, cookie, end);
          const codes = await codesOf([...write(), ending]);
          // Who came first was saved.
          expect(codes.filter((code) => code !== "ERR_SESSION_GONE")).toEqual([]);
          await ending;
          await expectEnd();
        });

      it("do not come back, though a process that knows nothing of it writes the old record", async () => {
        const record = (await items.get(`session:${id}`)) as string;
        await visit(manager, cookie, end);
        await items.set(`session:${id}`, record, undefined);
        expect(Object.keys(await manager.load(cookie))).toEqual([]);
        expect(Object.keys(await others.load(cookie))).toEqual([]);
        expect(await codesOf(write())).toEqual(writers.map(() => "ERR_SESSION_GONE"));
      });

      it("are not listed, and are swept with all that is left of them", async () => {
        const successors = how === "regenerated" ? 1 : 0;
        const record = (await items.get(`session:${id}`)) as string;
        await visit(manager, cookie, end);
        await items.set(`session:${id}`, record, undefined);
        expect(await manager.count()).toBe(successors);
        expect(await manager.sweep()).toBe(0);
        clock.advance(TOMBSTONE_TTL * 1000);
        expect(Object.keys(await manager.load(cookie))).toEqual([]);
        expect(await manager.sweep()).toBe(1);
        expect(await items.keys("session:")).toHaveLength(successors);
        expect(Object.keys(await manager.load(cookie))).toEqual([]);
      });
    });

    it("are listed, counted, and ended by their id or all together", async () => {
      const cookies = await inParallel(3, () => begin(manager));
      const ids = await Promise.all(cookies.map((cookie) => idOf(manager, cookie)));
      const listed: string[] = [];
      for await (const { id } of manager.list()) listed.push(id);
      expect(listed.sort()).toEqual([...ids].sort());
      expect([await manager.destroy(ids[0] as string), await manager.destroy(ids[0] as string)]).toEqual([true, false]);
      expect(await manager.count()).toBe(2);
      await manager.clear();
      expect(await manager.count()).toBe(0);
    });

    it("are swept once they expire, and not before", async () => {
      manager = manage({ idleTimeout: 60 });
      const [idle, used] = await inParallel(2, () => begin(manager));
      clock.advance(40_000);
      await visit(manager, used, (session) => void (session.used = true));
      clock.advance(20_000);
      expect(await manager.sweep()).toBe(1);
      expect(await items.keys("session:")).toEqual([`session:${await idOf(manager, used as string)}`]);
      expect((await manager.load(idle)).$isNew).toBe(true);
    });
  });
}
