import { beforeEach, describe, expect, it } from "vitest";
import { createSessionManager } from "../src/manager.ts";
import { createMemoryStore } from "../src/stores/memory.ts";
import { kStore, type Store } from "../src/stores/store.ts";
import type { Session, SessionManager, SessionOptions } from "../src/types.ts";

const DAY = 24 * 3_600_000;

/** The name and value of a `Set-Cookie`, as a browser sends it back. */
function cookieOf(setCookie: readonly string[]): string {
  return (setCookie[0] ?? "").split(";", 1)[0] as string;
}

describe("concurrent requests", () => {
  let now: number;
  let calls: string[];
  /** Called once, when the next replace has been applied: what it throws is the answer. */
  let loseAnswer: (() => Promise<never>) | undefined;
  let store: Store;
  let processes: readonly SessionManager[];
  let cookie: string;

  const start = (options: SessionOptions = {}): SessionManager =>
    createSessionManager({ storage: store, now: () => now, ...options });

  /** A memory store that counts its calls and can lose an answer. */
  const watched = (): Store =>
    new Proxy<Store>(createMemoryStore({ now: () => now }), {
      get(target, key) {
        const verb = key === kStore ? undefined : (Reflect.get(target, key) as unknown);
        if (typeof verb !== "function") return verb;
        return (...args: unknown[]) => {
          calls.push(String(key));
          const answer: unknown = verb.apply(target, args);
          if (key !== "replace" || loseAnswer === undefined) return answer;
          const lost = loseAnswer;
          loseAnswer = undefined;
          return lost();
        };
      },
    });

  /** A request from beginning to end; gives the cookies of its response. */
  const visit = async (
    handler: (session: Session) => unknown,
    { by = processes[0] as SessionManager, as = cookie }: { by?: SessionManager; as?: string } = {},
  ): Promise<string[]> => {
    const session = await by.load(as, { secure: true });
    await handler(session);
    return by.commit(session);
  };

  /** Sessions of requests that have all loaded before any of them commits, spread over the processes. */
  const loadAll = (count: number): Promise<{ session: Session; commit: () => Promise<string[]> }[]> =>
    Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const process = processes[index % processes.length] as SessionManager;
        const session = await process.load(cookie, { secure: true });
        return { session, commit: () => process.commit(session) };
      }),
    );

  const read = (as: string = cookie): Promise<Record<string, any> | undefined> =>
    (processes[0] as SessionManager).find(as.slice("session=".length));

  beforeEach(async () => {
    now = 1_700_000_000_000;
    calls = [];
    loseAnswer = undefined;
    store = watched();
    processes = Array.from({ length: 5 }, () => start());
    cookie = cookieOf(
      await visit((session) => Object.assign(session, { views: 0, items: [], user: { name: "ann" } }), { as: "" }),
    );
    calls = [];
  });

  describe("lose nothing", () => {
    it("when 50 of them write 50 different keys", async () => {
      const requests = await loadAll(50);
      for (const [index, { session }] of requests.entries()) session[`key${index}`] = index;
      await Promise.all(requests.map(({ commit }) => commit()));
      const data = await read();
      expect(Array.from({ length: 50 }, (_, index) => data?.[`key${index}`])).toEqual([...Array(50).keys()]);
    });

    it.each([50, 200])("when %i of them increment one counter", async (count) => {
      const requests = await loadAll(count);
      for (const { session } of requests) session.$increment("views");
      await Promise.all(requests.map(({ commit }) => commit()));
      expect(await read()).toMatchObject({ views: count });
    });

    it("when 50 of them push to one list", async () => {
      const requests = await loadAll(50);
      for (const [index, { session }] of requests.entries()) session["items"].push(index);
      await Promise.all(requests.map(({ commit }) => commit()));
      const items: number[] = (await read())?.["items"];
      expect(items.sort((a, b) => a - b)).toEqual([...Array(50).keys()]);
    });

    it("at one call of the store for each, within one process", async () => {
      processes = [start()];
      const requests = await loadAll(50);
      for (const { session } of requests) session.$increment("views");
      calls.length = 0;
      await Promise.all(requests.map(({ commit }) => commit()));
      expect(calls).toEqual(Array(50).fill("replace"));
      expect(await read()).toMatchObject({ views: 50 });
    });

    it("when 50 of them update what they read", async () => {
      const requests = await loadAll(50);
      const results = await Promise.all(requests.map(({ session }) => session.$update((draft) => ++draft["views"])));
      expect(results.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
      expect(await read()).toMatchObject({ views: 50 });
    });

    it("when first visits each set up the same cart", async () => {
      const requests = await loadAll(10);
      for (const [index, { session }] of requests.entries()) {
        session["cart"] ??= { lines: [] };
        session["cart"].lines.push(index);
      }
      await Promise.all(requests.map(({ commit }) => commit()));
      expect((await read())?.["cart"].lines).toHaveLength(10);
    });

    it("when a request writes while its save, which nobody waits for, is on its way", async () => {
      const session = await (processes[0] as SessionManager).load(cookie);
      session.$increment("views");
      // Another process commits first, so that the save has to merge.
      await visit((other) => other.$increment("views", 10), { by: processes[1] as SessionManager });
      const saving = session.$save();
      session.$increment("views", 100);
      session["items"].push("late");
      await saving;
      session.$increment("views", 1000);
      await (processes[0] as SessionManager).commit(session);
      expect(await read()).toMatchObject({ views: 1111, items: ["late"] });
    });

    it("when the answer of a save was lost: it is found to be stored, and counts once", async () => {
      loseAnswer = () => Promise.reject(new Error("The connection closed."));
      await visit((session) => session.$increment("views"));
      expect(await read()).toMatchObject({ views: 1 });
    });

    it("when somebody else writes between a lost answer and the next look", async () => {
      loseAnswer = async () => {
        await visit((session) => session.$increment("views", 10), { by: processes[1] as SessionManager });
        throw new Error("The connection closed.");
      };
      await visit(async (session) => {
        session.$increment("views");
        await session.$save();
        session.$increment("views", 100);
      });
      expect(await read()).toMatchObject({ views: 111 });
    });
  });

  describe("that change the same place", () => {
    it("leave it as the last to commit, who is told by the conflict hook", async () => {
      const paths: unknown[] = [];
      const told = start({ hooks: { conflict: ({ path }) => void paths.push(path) } });
      await visit(
        async (session) => {
          session["user"].name = "bob";
          await visit((other) => void (other["user"].name = "eve"));
        },
        { by: told },
      );
      expect((await read())?.["user"]).toEqual({ name: "bob" });
      expect(paths).toEqual([["user", "name"]]);
    });

    it("do not undo a deletion by writing below it", async () => {
      await visit(async (session) => {
        session["user"].seen = true;
        await visit((other) => delete other["user"], { by: processes[1] as SessionManager });
      });
      expect(await read()).not.toHaveProperty("user");
    });

    it('are refused with `conflict: "reject"`, and what the first stored stays', async () => {
      const strict = start({ conflict: "reject" });
      const late = visit(
        async (session) => {
          session["views"] = 1;
          await visit((other) => void (other["views"] = 2));
        },
        { by: strict },
      );
      await expect(late).rejects.toMatchObject({ code: "ERR_SESSION_CONFLICT", status: 409 });
      expect(await read()).toMatchObject({ views: 2 });
    });
  });

  describe("and the end of a session", () => {
    it("never bring it back, however slow they are", async () => {
      const slow = await loadAll(20);
      for (const [index, { session }] of slow.entries()) session[`key${index}`] = index;
      await visit((session) => session.$destroy());
      const outcomes = await Promise.allSettled(slow.map(({ commit }) => commit()));
      expect(outcomes.every((one) => one.status === "rejected" && one.reason.code === "ERR_SESSION_GONE")).toBe(true);
      expect(await read()).toBeUndefined();
    });

    it("never bring it back when its tombstone has run out either", async () => {
      const [slow] = await loadAll(1);
      await visit((session) => session.$destroy());
      now += DAY;
      (slow as { session: Session }).session["late"] = true;
      await expect(slow?.commit()).rejects.toMatchObject({ code: "ERR_SESSION_GONE" });
      expect(await read()).toBeUndefined();
    });

    it('are told of by the hook alone with `onGone: "drop"`', async () => {
      let gone = 0;
      const lenient = start({ onGone: "drop", hooks: { gone: () => void gone++ } });
      const session = await lenient.load(cookie);
      await visit((other) => other.$destroy());
      session["late"] = true;
      expect(await lenient.commit(session)).toEqual([]);
      expect(gone).toBe(1);
      expect(await read()).toBeUndefined();
    });

    it("see nothing of it afterwards, and cannot write into it", async () => {
      await visit((session) => session.$destroy());
      expect(await visit((session) => expect({ ...session }).toEqual({}))).toEqual([]);
      await expect(visit((session) => void (session["late"] = true))).rejects.toMatchObject({ code: "ERR_SESSION_GONE" });
    });

    it("leave the cookie to the one that ended it", async () => {
      const [reader, writer] = await loadAll(2);
      expect(cookieOf(await visit((session) => session.$destroy()))).toBe("session=");
      expect(await reader?.commit()).toEqual([]);
      (writer as { session: Session }).session["late"] = true;
      await expect(writer?.commit()).rejects.toMatchObject({ code: "ERR_SESSION_GONE" });
    });

    it("keep what others added when one clears it", async () => {
      await visit(async (session) => {
        session.$clear();
        await visit((other) => void (other["added"] = 1), { by: processes[1] as SessionManager });
      });
      expect(await read()).toEqual({ added: 1 });
    });
  });

  describe("and $regenerate", () => {
    const login = (session: Session): Promise<void> => session.$regenerate().then(() => void (session["admin"] = true));

    it("find the old token dead at once", async () => {
      const slow = await loadAll(10);
      const renewed = cookieOf(await visit(login));
      expect(await read()).toBeUndefined();
      for (const { session } of slow) session.$increment("views");
      const outcomes = await Promise.allSettled(slow.map(({ commit }) => commit()));
      expect(outcomes.every((one) => one.status === "rejected" && one.reason.code === "ERR_SESSION_GONE")).toBe(true);
      expect(await read(renewed)).toMatchObject({ views: 0, admin: true });
    });

    it("keep what was committed before it", async () => {
      const renewed = cookieOf(
        await visit(async (session) => {
          session.$increment("views");
          await visit((other) => other.$increment("views", 10), { by: processes[1] as SessionManager });
          await login(session);
        }),
      );
      expect(await read(renewed)).toMatchObject({ views: 11, admin: true });
    });

    it("have one winner when several call it", async () => {
      const rivals = await loadAll(5);
      const outcomes = await Promise.allSettled(rivals.map(({ session }) => session.$regenerate()));
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      for (const one of outcomes) if (one.status === "rejected") expect(one.reason.code).toBe("ERR_SESSION_CONFLICT");
      const cookies = await Promise.all(rivals.map(({ commit }) => commit()));
      expect(cookies.flat()).toHaveLength(1);
      expect(await (processes[0] as SessionManager).count()).toBe(1);
    });

    it("send no old cookie after it, though their idle window was renewed", async () => {
      now += 4 * DAY;
      let renewed: string[] = [];
      // The save is stored and its answer lost; before the process looks again, another one has moved the session.
      loseAnswer = async () => {
        renewed = await visit(login, { by: processes[1] as SessionManager });
        throw new Error("The connection closed.");
      };
      const old = await visit((session) => session.$increment("views"));
      expect(old).toEqual([]);
      expect(await read(cookieOf(renewed))).toMatchObject({ views: 1, admin: true });
    });
  });

  describe("after the response", () => {
    it("can still update, beside others", async () => {
      const requests = await loadAll(20);
      await Promise.all(requests.map(({ commit }) => commit()));
      await Promise.all(requests.map(({ session }) => session.$update((draft) => ++draft["views"])));
      expect(await read()).toMatchObject({ views: 20 });
    });

    it("cannot write plainly", async () => {
      const [request] = await loadAll(1);
      await request?.commit();
      expect(() => request?.session.$increment("views")).toThrow(expect.objectContaining({ code: "ERR_SESSION_COMMITTED" }));
    });
  });

  describe("cost", () => {
    it("one replace for a write that nobody disturbs", async () => {
      await visit((session) => session.$increment("views"));
      expect(calls).toEqual(["get", "replace"]);
    });

    it("one replace more for a conflict, and no read", async () => {
      await visit(async (session) => {
        session.$increment("views");
        await visit((other) => other.$increment("views"), { by: processes[1] as SessionManager });
        calls = [];
      });
      expect(calls).toEqual(["replace", "replace"]);
    });

    it("nothing for a value that is written as it was", async () => {
      await visit((session) => Object.assign(session, { views: 0, items: [], user: { name: "ann" } }));
      expect(calls).toEqual(["get"]);
    });
  });
});
