import { beforeEach, describe, expect, it } from "vitest";
import { createSessionManager, type SessionManager, type SessionOptions } from "unsession";
import {
  createClock,
  createFaultyStore,
  createMemoryStore,
  describeStoreContract,
  readSession,
  seedSession,
  type Clock,
  type FaultyStore,
  type StoreVerb,
} from "unsession/testing";

interface Data {
  views: number;
}

let clock: Clock;
let store: FaultyStore;
let sessions: SessionManager<Data>;
let cookie: string;

const manage = (options?: SessionOptions<Data>): SessionManager<Data> =>
  createSessionManager<Data>({ storage: store, now: clock.now, ...options });

beforeEach(async () => {
  clock = createClock();
  store = createFaultyStore(createMemoryStore({ now: clock.now }), { delay: clock.delay });
  sessions = manage();
  cookie = await seedSession(sessions, { views: 1 });
  store.resetCalls();
});

const stored = async (): Promise<number | undefined> => (await readSession(sessions, cookie))?.views;

/** One request that counts, with the cookie. */
async function visit(manager: SessionManager<Data> = sessions): Promise<string[]> {
  const session = await manager.load(cookie);
  session.$increment("views");
  return manager.commit(session);
}

describeStoreContract("a faulty store without faults", ({ now }) => createFaultyStore(createMemoryStore({ now })), {
  describe,
  expect,
  it,
});

describe("a faulty store", () => {
  it("is of the kind of the store behind it", () => {
    const behind = { ...bare(), name: "mine", class: "C" as const, ttl: false, list: false, maxBytes: 7 };
    expect(createFaultyStore(behind)).toMatchObject({ name: "mine", class: "C", ttl: false, list: false, maxBytes: 7 });
  });

  it("counts what it is asked, verb by verb", async () => {
    await visit();
    await sessions.count();
    await sessions.sweep();
    expect(store.calls).toEqual({ get: 2, create: 0, replace: 1, touch: 0, remove: 0, keys: 1, sweep: 1 });
    store.resetCalls();
    expect(Object.values(store.calls)).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  it("sweeps nothing and closes nothing where the store behind it has neither", () => {
    const faulty = createFaultyStore(bare());
    expect([faulty.sweep?.(), faulty.close?.()]).toEqual([0, undefined]);
  });

  it("has one fault per verb, the last that was set", async () => {
    store.hang("get");
    store.fail("get", { error: new Error("last") });
    await expect(sessions.load(cookie)).rejects.toMatchObject({ cause: new Error("last") });
  });

  it("counts `times` over all the verbs of a fault", () => {
    store.fail(["get", "remove"], { times: 2 });
    expect(() => store.get("a")).toThrow("The store is down.");
    expect(() => store.remove("a")).toThrow("The store is down.");
    expect(store.get("a")).toBeUndefined();
  });

  it("heals some verbs, or all", () => {
    store.fail("all");
    store.heal("get");
    expect(store.get("a")).toBeUndefined();
    expect(() => store.remove("a")).toThrow("The store is down.");
    store.heal();
    expect(store.remove("a")).toBeUndefined();
  });
});

describe("a store that fails", () => {
  it("at load is ERR_SESSION_STORE, with its error as the cause, never an empty session", async () => {
    const error = new Error("ECONNREFUSED");
    store.fail("get", { error });
    await expect(sessions.load(cookie)).rejects.toMatchObject({ code: "ERR_SESSION_STORE", status: 503, cause: error });
    store.heal();
    expect({ ...(await sessions.load(cookie)) }).toEqual({ views: 1 });
  });

  it("at save is ERR_SESSION_STORE, and no cookie is sent", async () => {
    store.fail(["create", "replace"]);
    await expect(visit()).rejects.toMatchObject({ code: "ERR_SESSION_STORE" });
    await expect(seedSession(sessions, { views: 1 })).rejects.toMatchObject({ code: "ERR_SESSION_STORE" });
    store.heal();
    expect([await stored(), await sessions.count()]).toEqual([1, 1]);
  });

  it("once at save is asked again, and saves once", async () => {
    store.fail("replace", { times: 1 });
    await visit();
    expect([await stored(), store.calls.replace]).toEqual([2, 2]);
  });

  it("to list fails the walk", async () => {
    store.fail("keys");
    await expect(sessions.count()).rejects.toMatchObject({ code: "ERR_SESSION_STORE", cause: new Error("The store is down.") });
  });
});

describe("a store that loses answers", () => {
  it("at save saves exactly once", async () => {
    store.loseAnswer("replace", { times: 1 });
    await visit();
    expect([await stored(), store.calls.replace]).toEqual([2, 1]);
  });

  it("at create makes exactly one session", async () => {
    store.loseAnswer("create", { times: 1 });
    const other = await seedSession(sessions, { views: 5 });
    expect([await readSession(sessions, other), await sessions.count()]).toEqual([{ views: 5 }, 2]);
  });

  it("at load has read, and answers nothing", async () => {
    store.loseAnswer("get");
    await expect(sessions.load(cookie)).rejects.toMatchObject({ code: "ERR_SESSION_STORE" });
  });
});

describe("a store that drops requests", () => {
  it("at save saves exactly once", async () => {
    store.drop("replace", { times: 1 });
    await visit();
    expect([await stored(), store.calls.replace]).toEqual([2, 2]);
  });

  it("answers as one that loses answers, and does nothing", async () => {
    const errors: unknown[] = [];
    for (const fault of ["drop", "loseAnswer"] as const) {
      store[fault]("create");
      await Promise.resolve(store.create(fault, "text", undefined)).catch((error: unknown) => errors.push(error));
    }
    expect(errors).toEqual([new Error("The connection to the store was lost."), errors[0]]);
    expect([store.get("drop"), store.get("loseAnswer")]).toEqual([undefined, { value: "text" }]);
  });
});

describe("a store that hangs", () => {
  it.each([
    ["get", "load"],
    ["replace", "save"],
  ] as const)("at %s is an error once `timeouts.%s` is over", async (verb, timeout) => {
    const hasty = manage({ timeouts: { [timeout]: 5 } });
    store.hang(verb);
    await expect(visit(hasty)).rejects.toMatchObject({ code: "ERR_SESSION_STORE" });
    store.heal();
    expect(await stored()).toBe(1);
  });
});

describe("a store that lags", () => {
  it("answers once the time is over", async () => {
    store.lag("get", 500, { times: 1 });
    let loaded = false;
    const loading = sessions.load(cookie).then((session) => {
      loaded = true;
      return session.views;
    });
    await asked("get");
    clock.advance(0.499);
    await turn();
    expect(loaded).toBe(false);
    clock.advance(0.001);
    expect(await loading).toBe(1);
  });

  it("writes late what its caller gave up, and no request is lost or counted twice", async () => {
    const hasty = manage({ timeouts: { save: 5 } });
    store.lag("replace", 500, { times: 1 });
    await expect(visit(hasty)).rejects.toMatchObject({ code: "ERR_SESSION_STORE" });
    expect(await stored()).toBe(1);
    clock.advance(0.5);
    expect(await stored()).toBe(2);
  });

  it("waits by a timer where no clock is given", async () => {
    const faulty = createFaultyStore();
    faulty.lag("get", 1);
    expect(await faulty.get("a")).toBeUndefined();
  });
});

/** Lets everything run that is ready to. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function asked(verb: StoreVerb): Promise<void> {
  while (store.calls[verb] === 0) await turn();
}

function bare(): Parameters<typeof createFaultyStore>[0] & object {
  return {
    name: "bare",
    class: "A",
    ttl: true,
    list: true,
    get: () => undefined,
    create: () => true,
    replace: () => ({ status: "missing" }),
    touch: () => ({ status: "missing" }),
    remove: () => undefined,
    keys: () => [],
  };
}
