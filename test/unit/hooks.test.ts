import { inspect } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createSessionManager, SessionError, type Session, type SessionHooks } from "unsession";
import { createMemoryStore } from "../../src/stores/memory.ts";
import { hashToken } from "../../src/token.ts";
import { errorOf, failing, nextCookie, tokenOf, World, type HookName } from "./_setup.ts";

const write = (session: Session): void => void (session.user = "alice");

/** A world with one session in it, and nothing told yet. */
async function withSession(...[options]: ConstructorParameters<typeof World>) {
  const world = new World(options);
  const { cookie } = await world.visit(undefined, write);
  const id = await hashToken(tokenOf(cookie));
  world.told.length = 0;
  return { world, cookie: cookie as string, id };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("what is told of a request that", () => {
  it("has no session is nothing", async () => {
    const world = new World();
    await world.visit(undefined);
    expect(world.told).toEqual([]);
  });

  it("begins a session", async () => {
    const world = new World();
    const { cookie } = await world.visit(undefined, write);
    expect(world.told).toEqual([["created", { id: await hashToken(tokenOf(cookie)) }]]);
  });

  it("reads a session", async () => {
    const { world, cookie, id } = await withSession();
    await world.visit(cookie, (session) => session.user);
    expect(world.told).toEqual([["loaded", { id }]]);
  });

  it("writes a session", async () => {
    const { world, cookie, id } = await withSession();
    await world.visit(cookie, (session) => void (session.views = 1));
    expect(world.told).toEqual([
      ["loaded", { id }],
      ["saved", { id }],
    ]);
  });

  it("comes at a renewal step", async () => {
    const { world, cookie, id } = await withSession({ idleTimeout: 1000 });
    world.clock.advance(100_000);
    await world.visit(cookie);
    expect(world.told).toEqual([
      ["loaded", { id }],
      ["touched", { id }],
    ]);
  });

  it("writes at a renewal step", async () => {
    const { world, cookie } = await withSession({ idleTimeout: 1000 });
    world.clock.advance(100_000);
    await world.visit(cookie, (session) => void (session.views = 1));
    expect(world.heard).toEqual(["loaded", "saved"]);
  });

  it("regenerates a session", async () => {
    const { world, cookie, id } = await withSession();
    const answer = await world.visit(cookie, (session) => session.$regenerate());
    const now = await hashToken(tokenOf(answer.cookie));
    expect(world.told).toEqual([
      ["loaded", { id }],
      ["regenerated", { id: now, previousId: id }],
    ]);
  });

  it("regenerates a session that has no record yet is nothing", async () => {
    const world = new World();
    await world.visit(undefined, (session) => session.$regenerate());
    expect(world.told).toEqual([]);
  });

  it("destroys a session", async () => {
    const { world, cookie, id } = await withSession();
    await world.visit(cookie, (session) => session.$destroy());
    expect(world.told).toEqual([
      ["loaded", { id }],
      ["destroyed", { id }],
    ]);
  });

  it("destroys a session twice", async () => {
    const { world, cookie } = await withSession();
    await world.visit(cookie, async (session) => {
      await session.$destroy();
      await session.$destroy();
    });
    expect(world.heard).toEqual(["loaded", "destroyed"]);
  });

  it("ends a session by clearing it", async () => {
    const { world, cookie, id } = await withSession();
    await world.visit(cookie, (session) => session.$clear());
    expect(world.told).toContainEqual(["destroyed", { id }]);
    expect(world.infos("destroyed")).toHaveLength(1);
  });

  it("comes with a session whose time is over, where the store still has it", async () => {
    const { world, cookie, id } = await withSession({ idleTimeout: 60, storage: createMemoryStore({ now: () => 0 }) });
    world.clock.advance(60_000);
    await world.visit(cookie);
    expect(world.told).toEqual([["expired", { id }]]);
  });

  it.each([
    ["a malformed token", "session=a b", [{ id: undefined, reason: "malformed" }]],
    ["an unknown token", "session=abc", [{ id: expect.stringMatching(/^[\w-]{43}$/), reason: "unknown" }]],
    ["the same malformed token twice", "session=a b; session=a b", [{ id: undefined, reason: "malformed" }]],
  ])("comes with %s", async (_, header, infos) => {
    const world = new World();
    await world.visit(header);
    expect(world.infos("rejected")).toEqual(infos);
    expect(world.told).toHaveLength(1);
  });

  it("changes the same place as another", async () => {
    const { world, cookie, id } = await withSession();
    await world.visit(cookie, async (session) => {
      session.user = "bob";
      await world.visit(cookie, (other) => void (other.user = "carol"));
    });
    expect(world.infos("conflict")).toEqual([{ id, path: ["user"] }]);
  });

  it("changes the same place as another, where that is refused", async () => {
    const { world, cookie, id } = await withSession({ conflict: "reject" });
    const late = world.visit(cookie, async (session) => {
      session.user = "bob";
      await world.visit(cookie, (other) => void (other.user = "carol"));
    });
    await errorOf(late);
    expect(world.infos("conflict")).toEqual([{ id, path: ["user"] }]);
  });

  it("writes a session that another ended", async () => {
    const { world, cookie, id } = await withSession();
    const late = world.visit(cookie, async (session) => {
      session.user = "bob";
      await world.visit(cookie, (other) => other.$destroy());
    });
    await errorOf(late);
    expect(world.infos("gone")).toEqual([{ id }]);
  });

  it("finds the store down", async () => {
    const { world, cookie } = await withSession();
    world.store.fault = failing("get");
    const error = await errorOf(world.visit(cookie));
    expect(world.told).toEqual([["error", { id: undefined, error }]]);
    expect(SessionError.is(error)).toBe(true);
  });

  it("is answered with an error when it has failed to touch the session is the error alone", async () => {
    const { world, cookie } = await withSession({ idleTimeout: 1000 });
    world.clock.advance(100_000);
    world.store.fault = failing("touch");
    const { setCookies } = await world.visit(cookie);
    expect([setCookies, world.heard]).toEqual([[], ["loaded", "error"]]);
  });
});

describe("the manager tells of", () => {
  it("a session that it destroyed, and not of one that there is not", async () => {
    const { world, id } = await withSession();
    await world.manager.destroy(id);
    await world.manager.destroy(id);
    expect(world.told).toEqual([["destroyed", { id }]]);
  });

  it("nothing when it finds, lists and counts", async () => {
    const { world, cookie } = await withSession();
    await world.manager.find(tokenOf(cookie));
    await world.manager.find("unknown");
    for await (const _ of world.manager.list()) await world.manager.count();
    expect(world.told).toEqual([]);
  });
});

describe("a hook that fails", () => {
  const failures: [string, () => unknown][] = [
    ["by throwing an error", () => throwing(new Error("oops"))],
    ["by throwing a text", () => throwing("oops")],
    ["by throwing undefined", () => throwing(undefined)],
    ["by throwing an object without a text", () => throwing(Object.create(null))],
    ["by rejecting", () => Promise.reject(new Error("oops"))],
    ["by rejecting with nothing", () => Promise.reject()],
    ["by returning what only looks like a promise", () => thenable(5)],
    [
      "by returning a thenable without catch",
      () => thenable((_: unknown, reject: (error: Error) => void) => reject(new Error("oops"))),
    ],
  ];

  // eslint-disable-next-line unicorn/no-thenable -- as a hook might return
  const thenable = (then: unknown): object => ({ then });

  function throwing(what: unknown): never {
    throw what;
  }

  it.each(failures)("%s changes nothing for the request", async (_, hook) => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    const names: HookName[] = [
      "created",
      "loaded",
      "saved",
      "touched",
      "regenerated",
      "destroyed",
      "rejected",
      "conflict",
      "gone",
      "error",
    ];
    const hooks = Object.fromEntries(names.map((name) => [name, hook])) as SessionHooks;
    const manager = createSessionManager({ hooks });
    const first = await manager.load("session=unknown");
    first.user = "alice";
    const cookie = nextCookie(undefined, await manager.commit(first));
    const second = await manager.load(cookie);
    second.user = "bob";
    await second.$regenerate();
    expect(await manager.commit(second)).toHaveLength(1);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it("is told to the `error` hook, with the id of the session", async () => {
    const errors: unknown[] = [];
    const oops = new Error("oops");
    const world = new World({ hooks: { created: () => throwing(oops), error: (info) => void errors.push(info) } });
    const { cookie } = await world.visit(undefined, write);
    expect(errors).toEqual([{ id: await hashToken(tokenOf(cookie)), error: oops }]);
  });

  it("by rejecting is told to the `error` hook too", async () => {
    const errors: { error: Error }[] = [];
    const hooks: SessionHooks = { created: async () => throwing("oops"), error: (info) => void errors.push(info) };
    await new World({ hooks }).visit(undefined, write);
    await new Promise((resolve) => setImmediate(resolve));
    expect(errors.map(({ error }) => error.message)).toEqual(["oops"]);
  });

  it("as the `error` hook is not called for its own failure", async () => {
    const error = vi.fn(() => throwing(new Error("oops")));
    await new World({ hooks: { created: () => throwing(new Error("first")), error } }).visit(undefined, write);
    expect(error).toHaveBeenCalledTimes(1);
  });
});

describe("no hook is told", () => {
  it.each([true, false])("a token, whatever happens to a session (hashIds: %s)", async (hashIds) => {
    const world = new World({
      hashIds,
      idleTimeout: 1000,
      timeouts: { save: 30 },
      secret: "a secret that is long enough to sign",
    });
    const tokens: string[] = [];
    const visit = async (...args: Parameters<typeof world.visit>) => {
      const answer = await world.visit(...args);
      tokens.push(tokenOf(answer.cookie));
      return answer.cookie;
    };
    let cookie = await visit(undefined, write);
    cookie = await visit(cookie, (session) => session.$regenerate());
    cookie = await visit(cookie, async (session) => {
      session.user = "bob";
      await world.visit(cookie, (other) => void (other.user = "carol"));
    });
    world.clock.advance(200_000);
    cookie = await visit(cookie);
    world.store.fault = failing("replace");
    await errorOf(world.visit(cookie, (session) => void (session.user = "dave")));
    world.store.fault = undefined;
    await visit(`${cookie}; session=unknown-token.${"A".repeat(43)}`, (session) => session.$destroy());
    await errorOf(world.visit(cookie, (session) => void (session.user = "erin")));
    const told = inspect(world.told, { depth: 20, showHidden: true }) + JSON.stringify(world.told);
    expect(world.heard).toEqual(
      expect.arrayContaining(["created", "regenerated", "touched", "conflict", "error", "destroyed", "gone"]),
    );
    for (const token of [...tokens, "unknown-token"].filter((token) => token !== "")) expect(told).not.toContain(token);
  });

  it("a secret", async () => {
    const { world, cookie } = await withSession({ secret: "a secret that is long enough to sign" });
    world.store.fault = failing("get");
    await errorOf(world.visit(cookie));
    expect(inspect(world.told, { depth: 20, showHidden: true })).not.toContain("a secret that is");
  });
});
