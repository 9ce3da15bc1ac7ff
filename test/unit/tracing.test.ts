import { channel } from "node:diagnostics_channel";
import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { createSessionManager, SessionError, type Session, type SessionOptions } from "unsession";
import { withTracing, type SessionTrace } from "unsession/tracing";
import { platform } from "../../src/context.ts";
import { contextOf, createManager } from "../../src/manager.ts";
import { hashToken } from "../../src/token.ts";
import { errorOf, failing, tokenOf, World } from "./_setup.ts";

const OPERATIONS = ["load", "save", "touch", "regenerate", "destroy"] as const;
const EVENTS = ["start", "end", "asyncStart", "asyncEnd", "error"] as const;
const SECRET = "a secret that is long enough to sign";

const unsubscribing: (() => void)[] = [];
afterEach(() => {
  for (const unsubscribe of unsubscribing.splice(0)) unsubscribe();
});

type Published = [event: string, trace: SessionTrace, itself: unknown][];

/** What is published from here on: the channel's event, the trace as it was then, and the trace itself. */
function listen(operations: readonly string[] = OPERATIONS): Published {
  const published: Published = [];
  const on = (name: string, event: string): void => {
    const listener = (trace: unknown): void => void published.push([event, { ...(trace as SessionTrace) }, trace]);
    channel(name).subscribe(listener);
    unsubscribing.push(() => channel(name).unsubscribe(listener));
  };
  for (const operation of operations) {
    for (const event of EVENTS) on(`tracing:unsession.${operation}:${event}`, `${operation} ${event}`);
  }
  on("unsession.conflict", "conflict");
  return published;
}

/** The operations that have ended, as they ended. */
function ends(published: Published): SessionTrace[] {
  return published.filter(([event]) => event.endsWith("asyncEnd")).map(([, trace]) => trace);
}

function outcomes(published: Published): string[] {
  return ends(published).map(({ type, outcome }) => `${type} ${outcome}`);
}

/** A traced world with one session in it. */
async function withSession(options: SessionOptions = {}) {
  const world = new World(options);
  withTracing(world.manager);
  const { cookie } = await world.visit(undefined, write);
  return { world, cookie: cookie as string, id: await hashToken(tokenOf(cookie)) };
}

const write = (session: Session): void => void (session.user = "alice");

describe("an operation", () => {
  it("is published as start, end, asyncStart and asyncEnd, with one and the same object", async () => {
    const { world, cookie } = await withSession();
    const published = listen(["load"]);
    await world.manager.load(cookie);
    expect(published.map(([event]) => event)).toEqual(["load start", "load end", "load asyncStart", "load asyncEnd"]);
    expect(new Set(published.map(([, , itself]) => itself)).size).toBe(1);
  });

  it("is told with the manager's name, the session id, the outcome and how long it took", async () => {
    const { world, cookie, id } = await withSession({ name: "visitor" });
    const published = listen();
    await world.visit(cookie, (session) => void (session.views = 1));
    const told = { name: "visitor", id, merged: 0, conflicts: 0, duration: expect.any(Number) };
    expect(ends(published)).toMatchObject([
      { ...told, type: "load", outcome: "loaded" },
      { ...told, type: "commit", outcome: "saved" },
    ]);
  });

  it("knows no outcome when it starts, and the id only of a session that is known", async () => {
    const { world, cookie, id } = await withSession();
    const published = listen();
    await world.visit(cookie, (session) => void (session.views = 1));
    const starts = published.filter(([event]) => event.endsWith(" start")).map(([, trace]) => trace);
    expect(starts).toMatchObject([
      { type: "load", id: undefined, outcome: undefined, duration: undefined },
      { type: "commit", id, outcome: undefined, duration: undefined },
    ]);
  });

  it("lasts for as long as the store takes, and as it waits for other operations on the session", async () => {
    let time = 0;
    const { world, cookie } = await withSession();
    const manager = withTracing(
      createManager({ storage: world.store, now: world.clock.now }, { ...platform, uptime: () => time }),
    );
    world.store.fault = () => void (time += 30) as undefined;
    const published = listen();
    const session = await manager.load(cookie);
    const count = (draft: { views?: number }): void => void (draft.views = (draft.views ?? 0) + 1);
    await Promise.all([session.$update(count), session.$update(count)]);
    expect(ends(published).map(({ duration }) => duration)).toEqual([30, 30, 60]);
  });

  it("answers as it does untraced", async () => {
    const { world, cookie } = await withSession();
    listen();
    const session = await world.manager.load(cookie);
    expect(await session.$update((draft) => (draft.views = 7))).toBe(7);
    expect({ ...session }).toEqual({ user: "alice", views: 7 });
  });
});

describe("the outcome of", () => {
  it.each<[what: string, handler: (session: Session) => unknown, outcomes: string[]]>([
    ["reading", (session) => session.user, ["load loaded", "commit unchanged"]],
    ["writing", (session) => void (session.views = 1), ["load loaded", "commit saved"]],
    [
      "$save",
      (session) => {
        session.views = 1;
        return session.$save();
      },
      ["load loaded", "save saved", "commit unchanged"],
    ],
    [
      "$update",
      (session) => session.$update((draft) => void (draft.views = 1)),
      ["load loaded", "update saved", "commit unchanged"],
    ],
    ["$reload", (session) => session.$reload(), ["load loaded", "reload loaded", "commit unchanged"]],
    ["$regenerate", (session) => session.$regenerate(), ["load loaded", "regenerate regenerated", "commit unchanged"]],
    ["$destroy", (session) => session.$destroy(), ["load loaded", "destroy destroyed", "commit unchanged"]],
    ["$clear", (session) => session.$clear(), ["load loaded", "commit destroyed"]],
  ])("%s", async (_, handler, expected) => {
    const { world, cookie } = await withSession();
    const published = listen();
    await world.visit(cookie, handler);
    expect(outcomes(published)).toEqual(expected);
  });

  it("a request without a session", async () => {
    const { world } = await withSession();
    const published = listen();
    await world.visit(undefined);
    expect(outcomes(published)).toEqual(["load new", "commit unchanged"]);
  });

  it("a first write, with the id it made", async () => {
    const { world } = await withSession();
    const published = listen();
    const { cookie } = await world.visit(undefined, write);
    expect(ends(published).at(-1)).toMatchObject({ type: "commit", outcome: "created", id: await hashToken(tokenOf(cookie)) });
  });

  it("$regenerate, with both ids", async () => {
    const { world, cookie, id } = await withSession();
    const published = listen(["regenerate"]);
    const answer = await world.visit(cookie, (session) => session.$regenerate());
    expect(ends(published)).toMatchObject([{ previousId: id, id: await hashToken(tokenOf(answer.cookie)) }]);
  });

  it.each([
    ["a malformed token", "session=a b", "malformed"],
    ["an unknown token", "session=abc", "unknown"],
  ])("a load by %s, with the reason and no id", async (_, header, reason) => {
    const { world } = await withSession();
    const published = listen(["load"]);
    await world.manager.load(header);
    expect(ends(published)).toMatchObject([{ outcome: "rejected", reason, id: undefined }]);
  });

  it("a load by the token of an ended session", async () => {
    const { world, cookie } = await withSession();
    await world.visit(cookie, (session) => session.$destroy());
    const published = listen(["load"]);
    await world.manager.load(cookie);
    expect(outcomes(published)).toEqual(["load ended"]);
  });

  it("a load of a record that cannot be read", async () => {
    const { world, cookie, id } = await withSession();
    world.store.record = "damaged";
    const published = listen(["load"]);
    await world.manager.load(cookie);
    expect(ends(published)).toMatchObject([{ outcome: "corrupt", id }]);
  });

  it("a touch, within the commit that does it", async () => {
    const { world, cookie, id } = await withSession({ idleTimeout: 1000 });
    world.clock.advance(100_000);
    const published = listen(["save", "touch"]);
    await world.visit(cookie);
    expect(published.map(([event]) => event)).toEqual([
      "save start",
      "save end",
      "touch start",
      "touch end",
      "touch asyncStart",
      "touch asyncEnd",
      "save asyncStart",
      "save asyncEnd",
    ]);
    expect(ends(published)).toMatchObject([
      { type: "touch", outcome: "touched", id },
      { type: "commit", outcome: "unchanged", id },
    ]);
  });

  it("a touch that does not come off, which is no error", async () => {
    const { world, cookie } = await withSession({ idleTimeout: 1000 });
    world.clock.advance(100_000);
    world.store.fault = failing("touch");
    const published = listen(["touch"]);
    await world.visit(cookie);
    expect(published.map(([event]) => event)).not.toContain("touch error");
    expect(outcomes(published)).toEqual(["touch failed"]);
  });

  it("a save that came off though an answer was lost", async () => {
    const { world, cookie } = await withSession();
    world.store.lost.push("replace");
    const published = listen(["save"]);
    await world.visit(cookie, (session) => void (session.views = 1));
    expect(outcomes(published)).toEqual(["commit saved"]);
  });

  it("ending a session by its id", async () => {
    const { world, id } = await withSession();
    const published = listen();
    await world.manager.destroy(id);
    await world.manager.destroy(id);
    expect(ends(published)).toMatchObject([
      { type: "destroy", outcome: "destroyed", id },
      { type: "destroy", outcome: "unchanged", id: undefined },
    ]);
  });
});

describe("a failure", () => {
  it("is published as an error with the code, and thrown as it was", async () => {
    const { world, cookie } = await withSession();
    world.store.fault = failing("get");
    const published = listen();
    const thrown = await errorOf(world.visit(cookie));
    expect(published.map(([event]) => event)).toEqual([
      "load start",
      "load end",
      "load error",
      "load asyncStart",
      "load asyncEnd",
    ]);
    const [{ outcome, error }] = ends(published) as [SessionTrace];
    expect([outcome, SessionError.is(error) && error.code]).toEqual(["failed", "ERR_SESSION_STORE"]);
    expect(thrown.message).toContain("failed to load a session");
    expect((thrown.cause as Error).message).toBe("no get today");
  });

  it("is told without what the error says of the data", async () => {
    const { world, cookie } = await withSession();
    const published = listen();
    const secret = "4111 1111 1111 1111";
    await errorOf(
      world.visit(cookie, (session) => session.$update(() => throwing(new RangeError(secret, { cause: { secret } })))),
    );
    await errorOf(world.visit(cookie, (session) => void (session.cards = new Map([[secret, new WeakMap()]]))));
    world.store.fault = () => throwing(Object.assign(new Error(secret), { command: { args: [secret] } }));
    await errorOf(world.visit(cookie));
    expect(ends(published).filter(({ error }) => error !== undefined)).toHaveLength(3);
    expect(inspect(published, { depth: 20, showHidden: true })).not.toContain(secret);
  });

  it("of changes to a session that was ended is gone", async () => {
    const { world, cookie, id } = await withSession();
    const late = await world.manager.load(cookie);
    await world.visit(cookie, (session) => session.$destroy());
    late.user = "bob";
    const published = listen();
    await errorOf(world.manager.commit(late));
    expect(ends(published)).toMatchObject([{ outcome: "gone", id, error: { code: "ERR_SESSION_GONE" } }]);
  });

  function throwing(what: unknown): never {
    throw what;
  }
});

describe("a conflict", () => {
  /** A request that saves while another has saved since it loaded. */
  async function meet(mine: (session: Session) => void, theirs: (session: Session) => void, options?: SessionOptions) {
    const { world, cookie, id } = await withSession(options);
    const late = await world.manager.load(cookie);
    await world.visit(cookie, theirs);
    mine(late);
    const published = listen([]);
    await world.manager.commit(late).catch(() => undefined);
    return { traces: published.map(([, trace]) => trace), id };
  }

  it("is published where the data of others was merged", async () => {
    const { traces, id } = await meet(
      (session) => void (session.a = 1),
      (session) => void (session.b = 2),
    );
    expect(traces).toMatchObject([
      { type: "commit", id, outcome: "saved", merged: 1, conflicts: 0, duration: expect.any(Number) },
    ]);
  });

  it("counts the places that both changed, and does not name them", async () => {
    const both = (by: string) => (session: Session) => void Object.assign(session, { a: by, b: by });
    const { traces } = await meet(both("me"), both("them"));
    expect(traces).toMatchObject([{ outcome: "saved", merged: 1, conflicts: 2 }]);
    expect(Object.keys(traces[0] as object)).not.toContain("path");
  });

  it("is published where it is refused", async () => {
    const by = (user: string) => (session: Session) => void (session.user = user);
    const { traces } = await meet(by("me"), by("them"), { conflict: "reject" });
    expect(traces).toMatchObject([{ outcome: "failed", conflicts: 1, error: { code: "ERR_SESSION_CONFLICT" } }]);
  });

  it("is published where another regenerated the session first", async () => {
    const { world, cookie } = await withSession();
    const late = await world.manager.load(cookie);
    await world.visit(cookie, (session) => session.$regenerate());
    const published = listen([]);
    await errorOf(late.$regenerate());
    const traces = published.map(([, trace]) => trace);
    expect(traces).toMatchObject([{ type: "regenerate", outcome: "failed", error: { code: "ERR_SESSION_CONFLICT" } }]);
  });

  it("is none where nobody else came", async () => {
    const { world, cookie } = await withSession();
    const published = listen([]);
    await world.visit(cookie, (session) => void (session.views = 1));
    expect(published).toEqual([]);
  });
});

describe("what is published", () => {
  it.each([true, false])("holds no token and nothing of the data, whatever happens (hashIds: %s)", async (hashIds) => {
    const { world, cookie: first } = await withSession({ hashIds, secret: SECRET, idleTimeout: 1000, timeouts: { save: 30 } });
    const shared = "a-cookie-value";
    const published = listen();
    const mine = (session: Session): void => void (session.private = "private data");
    const tokens = [tokenOf(first)];
    let { cookie } = await world.visit(first, async (session) => {
      mine(session);
      await session.$regenerate();
    });
    tokens.push(tokenOf(cookie));
    world.clock.advance(100_000);
    ({ cookie } = await world.visit(cookie, (session) => session.private));
    await world.visit(`session=${shared}`);
    world.store.fault = failing("replace");
    await errorOf(world.visit(cookie, (session) => void (session.private = "private data too")));
    world.store.fault = undefined;
    await world.visit(cookie, (session) => session.$destroy());
    await world.manager.destroy(tokens.at(-1) as string);
    const shown = inspect(published, { depth: 20, showHidden: true });
    expect(new Set(ends(published).map(({ type }) => type))).toEqual(
      new Set(["load", "regenerate", "commit", "touch", "destroy"]),
    );
    for (const secret of [...tokens, shared, SECRET, "private"]) expect(shown).not.toContain(secret);
  });
});

describe("withTracing", () => {
  it("gives the manager itself, also the second time, and publishes once", async () => {
    const manager = createSessionManager();
    expect(withTracing(withTracing(manager))).toBe(manager);
    const published = listen();
    await manager.load();
    expect(outcomes(published)).toEqual(["load new"]);
  });

  it("does not take what is no manager", () => {
    expect(() => withTracing({} as never)).toThrow("[unsession] This is not a session manager.");
  });

  it("leaves other managers alone", async () => {
    withTracing(createSessionManager());
    const published = listen();
    await createSessionManager().load();
    expect(published).toEqual([]);
  });

  it("publishes nothing, and measures nothing, while nobody has subscribed", async () => {
    let measured = 0;
    const manager = createManager({}, { ...platform, uptime: () => measured++ });
    const visit = async (): Promise<number> => {
      const before = measured;
      await manager.commit(await manager.load());
      return measured - before;
    };
    const untraced = await visit();
    withTracing(manager);
    const published = listen();
    expect(await visit()).toBe(untraced + 4);
    for (const unsubscribe of unsubscribing.splice(0)) unsubscribe();
    published.length = 0;
    expect(await visit()).toBe(untraced);
    expect(published).toEqual([]);
  });

  it("gives the promises of an untraced manager while nobody has subscribed", () => {
    const context = contextOf(withTracing(createSessionManager()));
    const promise = Promise.resolve(1);
    expect(context.trace("load", undefined, () => promise)).toBe(promise);
  });

  it("leaves the manager as it is where the platform has no such channels", () => {
    const { getBuiltinModule } = process;
    process.getBuiltinModule = (() => undefined) as unknown as typeof getBuiltinModule;
    try {
      expect(contextOf(withTracing(createSessionManager())).tracer).toBeUndefined();
    } finally {
      process.getBuiltinModule = getBuiltinModule;
    }
  });
});
