import { describe, expect, it, onTestFinished } from "vitest";
import { createSessionManager, type Session, type SessionManager, type SessionOptions } from "unsession";
import { createClock, createFaultyStore, seedSession } from "unsession/testing";
import { adapters, Client, type Application, type Events, type Hooks, type Peer } from "./_sockets.ts";

describe.each(adapters)("a WebSocket of $name", ({ start, useSession }) => {
  const started = async (manager: SessionManager, hooks: Hooks): Promise<Application> => {
    const app = await start(manager, hooks);
    onTestFinished(app.stop);
    return app;
  };
  const connected = async (app: Application, cookie: string): Promise<Client> => {
    const client = new Client(new URL("ws", app.url), cookie);
    onTestFinished(() => client.close());
    expect(await client.opened).toBe(true);
    return client;
  };
  /** Answers each message with what becomes of a session. */
  const answering = (manager: SessionManager, answer: (session: Session, message: string) => unknown): Hooks => ({
    async message(peer, message) {
      const told = await useSession(peer, manager)
        .then((session) => answer(session, message.text()))
        .catch(({ code }) => ({ code }));
      peer.send(JSON.stringify(told));
    },
  });

  it("is refused by the session that its request comes with", async () => {
    const manager = createSessionManager();
    const app = await started(manager, {
      async upgrade(request) {
        const { user } = await useSession(request, manager);
        return user === undefined ? new Response("Who are you?", { status: 401 }) : undefined;
      },
    });
    expect(await new Client(new URL("ws", app.url), "").opened).toBe(false);
    await connected(app, await seedSession(manager, { user: "alice" }));
  });

  it("changes its session by $update, and sees what others change", async () => {
    const manager = createSessionManager();
    const app = await started(
      manager,
      answering(manager, async (session) => [
        session.name,
        await session.$update((draft) => (draft.messages = (draft.messages ?? 0) + 1)),
      ]),
    );
    const cookie = await seedSession(manager, { name: "alice" });
    const client = await connected(app, cookie);
    expect(await client.ask("one")).toBe('["alice",1]');
    const other = await manager.load(cookie);
    other.name = "bob";
    await manager.commit(other);
    expect(await client.ask("two")).toBe('["bob",2]');
  });

  it("refuses a plain write, which nothing would save", async () => {
    const manager = createSessionManager();
    const app = await started(
      manager,
      answering(manager, (session) => (session.name = "bob")),
    );
    const client = await connected(app, await seedSession(manager, { name: "alice" }));
    expect(await client.ask("")).toBe('{"code":"ERR_SESSION_COMMITTED"}');
  });

  it("begins no session", async () => {
    const manager = createSessionManager();
    const app = await started(
      manager,
      answering(manager, (session) => session.$update((draft) => (draft.name = "bob"))),
    );
    const client = await connected(app, "session=unknown");
    expect(await client.ask("")).toBe('{"code":"ERR_SESSION_COMMITTED"}');
    expect(await manager.count()).toBe(0);
  });

  it("reads its session once for each use, and keeps it no longer alive", async () => {
    const clock = createClock();
    const storage = createFaultyStore();
    const manager = createSessionManager({ storage, now: clock.now, idleTimeout: 100 });
    const app = await started(
      manager,
      answering(manager, (session) => session.name ?? null),
    );
    const client = await connected(app, await seedSession(manager, { name: "alice" }));
    clock.advance(60);
    storage.resetCalls();
    expect(await client.ask("")).toBe('"alice"');
    expect(storage.calls).toEqual({ get: 1, create: 0, replace: 0, touch: 0, remove: 0, keys: 0, sweep: 0 });
    clock.advance(60);
    expect(await client.ask("")).toBe("null");
  });

  it("finds its session empty after a logout elsewhere, and cannot change it", async () => {
    const manager = createSessionManager();
    const app = await started(
      manager,
      answering(manager, (session, message) =>
        message === "read" ? Object.keys(session) : session.$update((draft) => (draft.name = "bob")),
      ),
    );
    const cookie = await seedSession(manager, { name: "alice" });
    const client = await connected(app, cookie);
    await fetch(`${app.url}logout`, { method: "POST", headers: { cookie } });
    expect(await client.ask("read")).toBe("[]");
    expect(await client.ask("write")).toBe('{"code":"ERR_SESSION_GONE"}');
  });

  it("knows a manager by its name, once it is on routes", async () => {
    const manager = createSessionManager({ name: "chat" });
    const answer = async (peer: Peer, name: string): Promise<string> => (await useSession(peer, name)).user;
    const app = await started(manager, {
      message: async (peer, message) => void peer.send(await answer(peer, message.text()).catch(({ code }) => code)),
    });
    const client = await connected(app, await seedSession(manager, { user: "alice" }));
    expect([await client.ask("chat"), await client.ask("unknown")]).toEqual(["alice", "ERR_SESSION_NOT_LOADED"]);
  });

  /** Sockets by session, closed by the hooks of the manager, as the guide has it. */
  const closing = (options: SessionOptions = {}): { manager: SessionManager; hooks: Hooks } => {
    const sockets = new Map<string | undefined, Set<Peer>>();
    const close = (id: string | undefined): void => sockets.get(id)?.forEach((peer) => peer.close(4401, "logged out"));
    const manager: SessionManager = createSessionManager({
      ...options,
      hooks: { destroyed: ({ id }) => close(id), regenerated: ({ previousId }) => close(previousId) },
    });
    const hooks: Hooks = {
      async open(peer) {
        const { $id } = await useSession(peer, manager);
        sockets.set($id, (sockets.get($id) ?? new Set()).add(peer));
        peer.send("ready");
      },
      message: (peer) => void peer.send("still here"),
    };
    return { manager, hooks };
  };

  const ends: Record<string, (manager: SessionManager, cookie: string, app: Application) => unknown> = {
    "a logout": (_, cookie, { url }) => fetch(`${url}logout`, { method: "POST", headers: { cookie } }),
    "$regenerate()": async (manager, cookie) => (await manager.load(cookie)).$regenerate(),
    "an end by $clear()": async (manager, cookie) => {
      const session = await manager.load(cookie);
      await session.$setOwner(null);
      session.$clear();
      await manager.commit(session);
    },
    "manager.destroy()": async (manager, cookie) => manager.destroy((await manager.load(cookie)).$id ?? ""),
    "manager.destroyByOwner()": (manager) => manager.destroyByOwner("7"),
    "manager.clear()": (manager) => manager.clear(),
    "a login too many": async (manager) => {
      const other = await manager.load();
      await other.$setOwner("7");
      await manager.commit(other);
    },
  };

  it.each(Object.keys(ends))("is closed by the hooks at %s", async (end) => {
    const { manager, hooks } = closing({ maxPerOwner: 1 });
    const app = await started(manager, hooks);
    const session = await manager.load();
    session.name = "alice";
    await session.$setOwner("7");
    const [cookie = ""] = await manager.commit(session);
    const client = await connected(app, cookie);
    const bystander = await connected(app, await seedSession(createSessionManager(), { name: "bob" }));
    expect([await client.next(), await bystander.next()]).toEqual(["ready", "ready"]);
    await ends[end]?.(manager, cookie, app);
    expect(await client.closed).toBe(4401);
    expect(await bystander.ask("")).toBe("still here");
  });
});

describe.each(adapters)("a stream of events of $name", ({ start }) => {
  const listen = async (manager: SessionManager, events: Events, cookie: string): Promise<Response> => {
    const app = await start(manager, {}, events);
    onTestFinished(app.stop);
    return fetch(`${app.url}events`, { headers: { cookie } });
  };

  it("has the session that was read before it, and changes it by $update", async () => {
    const manager = createSessionManager();
    const cookie = await seedSession(manager, { name: "alice" });
    const events: Events = async (session, push) => {
      await push(session.name);
      await push(String(await session.$update((draft) => (draft.sent = 1))));
    };
    const answer = await listen(manager, events, cookie);
    expect([answer.status, answer.headers.get("content-type"), answer.headers.get("vary")]).toEqual([
      200,
      "text/event-stream",
      "Cookie",
    ]);
    expect(await answer.text()).toBe("data: alice\n\ndata: 1\n\n");
    expect(await manager.find(cookie.split("=")[1] ?? "")).toEqual({ name: "alice", sent: 1 });
  });

  it("is told when its session was ended meanwhile", async () => {
    const manager = createSessionManager();
    const cookie = await seedSession(manager, { name: "alice" });
    const events: Events = async (session, push) => {
      await push(session.name);
      await manager.destroy(session.$id ?? "");
      await session.$reload();
      await push(String(session.name));
      await session.$update((draft) => (draft.sent = 1)).catch(({ code }) => push(code));
    };
    const answer = await listen(manager, events, cookie);
    expect(await answer.text()).toBe("data: alice\n\ndata: undefined\n\ndata: ERR_SESSION_GONE\n\n");
  });
});
