import type { SessionOptions } from "unsession";
import { createFaultyStore } from "unsession/testing";
import { h3OnNode, h3OnWeb } from "./_h3.ts";
import { h3V1OnNode, h3V1OnWeb, h3V1WrappedOnNode } from "./_h3-v1.ts";
import { cookieOf, describeAdapters, expect, it, stored, type AnyEvent } from "./_setup.ts";

const everywhere = [h3OnWeb, h3OnNode, h3V1OnNode, h3V1WrappedOnNode, h3V1OnWeb];

describeAdapters("where the store fails", everywhere, (start, { useSession, pathOf }) => {
  /** An application with routes that read, write, log in and log out, and a session in it. */
  async function begin(options: SessionOptions) {
    const store = createFaultyStore();
    const routes = {
      "/read": async (event: AnyEvent) => {
        const session = await useSession(event);
        return { user: session.user ?? null, degraded: session.$isDegraded };
      },
      "/write": async (event: AnyEvent) => {
        const session = await useSession(event);
        session.user = "bob";
        return "written";
      },
      "/login": async (event: AnyEvent) => {
        const session = await useSession(event);
        await session.$regenerate();
        session.user = "bob";
        return "in";
      },
      "/logout": async (event: AnyEvent) => {
        await (await useSession(event)).$destroy();
        return "out";
      },
    };
    const client = await start({ routes }, { storage: store, timeouts: { load: 20, save: 20 }, ...options });
    const first = await client.get("/write");
    return { client, store, first, headers: { cookie: cookieOf(first) } };
  }

  it.each([
    ["throw", "/read", 503],
    ["throw", "/write", 503],
    ["readonly", "/read", 200],
    ["readonly", "/write", 503],
    ["readonly", "/login", 503],
    ["ephemeral", "/read", 200],
    ["ephemeral", "/write", 200],
    ["ephemeral", "/login", 503],
    ["ephemeral", "/logout", 503],
  ] as const)("%s answers %s with %i, and no cookie", async (onStoreError, path, status) => {
    const { client, store, first, headers } = await begin({ onStoreError });
    store.hang("all");
    const answer = await client.get(path, { headers });
    expect([answer.status, answer.cookies]).toEqual([status, []]);
    store.heal();
    expect(await stored(client, first)).toEqual({ user: "bob" });
  });

  it("a handler sees that its session is not the visitor's", async () => {
    const { client, store, headers } = await begin({ onStoreError: "readonly" });
    store.fail("all");
    expect(JSON.parse((await client.get("/read", { headers })).body)).toEqual({ user: null, degraded: true });
    store.heal();
    expect(JSON.parse((await client.get("/read", { headers })).body)).toEqual({ user: "bob", degraded: false });
  });

  it("each route may have its own policy", async () => {
    const onStoreError = (event: unknown) => (pathOf(event as AnyEvent) === "/read" ? "readonly" : "throw");
    const { client, store, headers } = await begin({ onStoreError });
    store.fail("all");
    expect((await client.get("/read", { headers })).status).toBe(200);
    expect((await client.get("/write", { headers })).status).toBe(503);
  });

  it("goes for a session that is preloaded too", async () => {
    const { client, store, headers } = await begin({ onStoreError: "readonly", preload: true });
    store.fail("all");
    expect((await client.get("/read", { headers })).status).toBe(200);
  });
});
