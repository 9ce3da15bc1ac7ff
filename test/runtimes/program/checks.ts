// What has to hold on every runtime, of the built package and without a test runner: each check throws if it does not.
import { createApp, defineEventHandler, toWebHandler } from "h3-v1";
import { H3, mockEvent } from "h3";
import { createSessionManager, SessionError, type Serializer, type SessionHookInfo } from "unsession";
import { isSameOrigin } from "unsession/csrf";
import memory from "unsession/drivers/memory";
import { sessionMiddleware, useSession } from "unsession/h3";
import * as v1 from "unsession/h3-v1";
import { devalue } from "unsession/serializers/devalue";
import { encrypted } from "unsession/serializers/encrypted";
import { json } from "unsession/serializers/json";
import { msgpackr } from "unsession/serializers/msgpackr";
import { superjson } from "unsession/serializers/superjson";
import { createClock, createCookieJar, createFaultyStore, createMemoryStore, readSession, seedSession } from "unsession/testing";
import { withTracing } from "unsession/tracing";
import { createStorage } from "unstorage";
import memoryOfUnstorage from "unstorage/drivers/memory";
import { equal, includes, rejects } from "./assert.ts";

const SECRETS = ["a".repeat(40), "b".repeat(40)];

const tokenOf = (cookie: string): string => cookie.split("=")[1] ?? "";

/** A session that a second request finds as the first one left it. */
async function keeps(serializer: Serializer | undefined, data: Record<string, unknown>): Promise<void> {
  const storage = createMemoryStore();
  const cookie = await seedSession(createSessionManager({ storage, serializer }), data);
  equal(await createSessionManager({ storage, serializer }).find(tokenOf(cookie)), data);
}

export const checks: Readonly<Record<string, () => Promise<void>>> = {
  async "keeps what was written, nested and in arrays"() {
    const sessions = createSessionManager();
    const cookie = await seedSession(sessions, { user: { id: 7, roles: ["reader"] } });
    const session = await sessions.load(cookie);
    session.user.roles.push("admin");
    session.user.name = "Ada";
    await sessions.commit(session);
    equal((await sessions.load(cookie)).user, { id: 7, roles: ["reader", "admin"], name: "Ada" });
  },

  async "keeps what JSON would lose"() {
    await keeps(undefined, {
      at: new Date(0),
      by: new Map([["a", new Set([1, 2])]]),
      big: 2n ** 70n,
      not: Number.NaN,
      link: new URL("https://example.com/a?b"),
      bytes: new Uint8Array([0, 128, 255]),
    });
  },

  async "writes by each serializer, and reads it"() {
    const data = { text: "ä€😀", list: [1, { deep: [null, true] }] };
    for (const serializer of [json(), superjson(), devalue(), msgpackr()]) await keeps(serializer, data);
  },

  async "encrypts records"() {
    const storage = createMemoryStore();
    const sessions = createSessionManager({ storage, serializer: encrypted(json(), { keys: SECRETS }) });
    const cookie = await seedSession(sessions, { user: "alice" });
    const [key = ""] = storage.keys("session:");
    equal(storage.get(key)?.value.includes("alice"), false);
    equal((await sessions.load(cookie)).user, "alice");
  },

  async "shows the store hashes of tokens, and tokens only if told to"() {
    for (const hashIds of [true, false]) {
      const storage = createMemoryStore();
      const cookie = await seedSession(createSessionManager({ storage, hashIds }), { user: "alice" });
      equal([...storage.keys("session:")].join(" ").includes(tokenOf(cookie)), !hashIds);
    }
  },

  async "signs tokens, and asks the store for no other"() {
    const storage = createFaultyStore();
    const sessions = createSessionManager({ storage, secret: SECRETS });
    const cookie = await seedSession(sessions, { user: "alice" });
    equal((await createSessionManager({ storage, secret: SECRETS.toReversed() }).load(cookie)).user, "alice");
    storage.fail("get");
    for (const forged of [cookie.slice(0, -4), cookie.replace(/.{43}$/, "A".repeat(43)), "session=guessed"]) {
      equal((await sessions.load(forged)).$isNew, true);
    }
  },

  async "sends the cookie with its attributes"() {
    const cookie = { name: "__Host-sid", sameSite: "strict", partitioned: true, priority: "high" } as const;
    const sessions = createSessionManager({ cookie, idleTimeout: 60 });
    const session = await sessions.load(null, { secure: true });
    session.user = "alice";
    const [sent = ""] = await sessions.commit(session);
    const [pair = "", ...attributes] = sent.split("; ");
    includes(pair, "__Host-sid=");
    for (const attribute of ["Max-Age=60", "Path=/", "HttpOnly", "Secure", "SameSite=Strict", "Partitioned", "Priority=High"]) {
      includes(attributes, attribute);
    }
  },

  async "gives a new token when it regenerates, and the old one is dead"() {
    const sessions = createSessionManager();
    const cookie = await seedSession(sessions, { user: "alice" });
    const session = await sessions.load(cookie);
    await session.$regenerate();
    const [renewed = ""] = await sessions.commit(session);
    equal((await sessions.load(renewed)).user, "alice");
    equal((await sessions.load(cookie)).user, undefined);
  },

  async "does not bring back a session that was ended, whoever still writes to it"() {
    for (const storage of [createMemoryStore(), createStorage({ driver: memory() }), memoryOfUnstorage()]) {
      const sessions = createSessionManager({ storage });
      const cookie = await seedSession(sessions, { user: "alice" });
      const [slow, ending] = [await sessions.load(cookie), await sessions.load(cookie)];
      await ending.$destroy();
      includes((await sessions.commit(ending)).join(), "Max-Age=0");
      slow.user = "bob";
      equal((await rejects(() => sessions.commit(slow))).code, "ERR_SESSION_GONE");
      equal(await sessions.find(tokenOf(cookie)), undefined);
    }
  },

  async "loses nothing of concurrent requests"() {
    for (const storage of [createMemoryStore(), createStorage({ driver: memory() }), memoryOfUnstorage()]) {
      const sessions = createSessionManager({ storage });
      const cookie = await seedSession(sessions, { count: 0, list: [] });
      const loaded = await Promise.all(Array.from({ length: 20 }, () => sessions.load(cookie)));
      await Promise.all(
        loaded.map((session, index) => {
          session[`key${index}`] = index;
          session.$increment("count");
          session.list.push(index);
          return sessions.commit(session);
        }),
      );
      const found: Record<string, any> = (await sessions.find(tokenOf(cookie))) ?? {};
      equal([Object.keys(found).length, found["count"], found["list"].length], [22, 20, 20]);
    }
  },

  async "updates a session after its response"() {
    const sessions = createSessionManager();
    const cookie = await seedSession(sessions, { left: 3 });
    const session = await sessions.load(cookie);
    await sessions.commit(session);
    equal(await session.$update((draft) => --draft.left), 2);
    equal((await rejects(async () => void (session.left = 9))).code, "ERR_SESSION_COMMITTED");
    equal(await sessions.find(tokenOf(cookie)), { left: 2 });
  },

  async "ends a session when its time is over"() {
    const clock = createClock();
    const sessions = createSessionManager({ idleTimeout: 60, now: clock.now });
    const cookie = await seedSession(sessions, { user: "alice" });
    clock.advance(61);
    equal((await sessions.load(cookie)).$isNew, true);
  },

  async "finds the sessions of a user, and ends them"() {
    const sessions = createSessionManager();
    const session = await sessions.load();
    await session.$setOwner("7", { device: "a phone" });
    await sessions.commit(session);
    equal((await sessions.listByOwner("7")).length, 1);
    equal(await sessions.destroyByOwner("7"), 1);
    equal(await sessions.listByOwner("7"), []);
  },

  async "checks data by a schema, and brings what is older into its form"() {
    const storage = createMemoryStore();
    const cookie = await seedSession(createSessionManager({ storage }), { name: "alice" });
    const sessions = createSessionManager({
      storage,
      version: 1,
      migrate: ({ name }) => ({ user: name }),
      schema: {
        "~standard": {
          version: 1,
          vendor: "by hand",
          validate: (value) =>
            typeof (value as { user?: unknown }).user === "string"
              ? { value: value as object }
              : { issues: [{ message: "no user" }] },
        },
      },
    });
    equal((await sessions.load(cookie)).$snapshot(), { user: "alice" });
  },

  async "gives up on a store that hangs"() {
    const storage = createFaultyStore();
    const sessions = createSessionManager({ storage, timeouts: { load: 20, save: 20 } });
    const cookie = await seedSession(sessions, { user: "alice" });
    storage.hang("get");
    equal((await rejects(() => sessions.load(cookie))).code, "ERR_SESSION_STORE");
  },

  async "tells its hooks"() {
    const heard: string[] = [];
    const hear = (hook: string) => (info: SessionHookInfo) => void heard.push(`${hook} ${info.id?.length}`);
    const sessions = createSessionManager({
      hooks: { created: hear("created"), loaded: hear("loaded"), destroyed: hear("destroyed") },
    });
    const session = await sessions.load(await seedSession(sessions, { user: "alice" }));
    await session.$destroy();
    equal(heard, ["created 43", "loaded 43", "destroyed 43"]);
  },

  async "publishes traces where there are channels, and does without where there are none"() {
    const process = (globalThis as { process?: NodeJS.Process }).process;
    const diagnostics = process?.getBuiltinModule?.("node:diagnostics_channel");
    const outcomes: unknown[] = [];
    diagnostics?.subscribe("tracing:unsession.save:asyncEnd", (trace) => outcomes.push((trace as { outcome: string }).outcome));
    const sessions = withTracing(createSessionManager());
    const cookie = await seedSession(sessions, { user: "alice" });
    equal((await sessions.load(cookie)).user, "alice");
    equal(outcomes, diagnostics === undefined ? [] : ["created"]);
  },

  async "tells requests of other sites by their headers"() {
    const from = (origin: string): Request => new Request("https://example.com/", { method: "POST", headers: { origin } });
    equal([isSameOrigin(from("https://example.com")), isSameOrigin(from("https://evil.example"))], [true, false]);
  },

  async "serves h3: pages, redirects, errors and streams have their cookie"() {
    const sessions = createSessionManager();
    const app = new H3({ silent: true }).use(sessionMiddleware(sessions));
    const outcomes: Record<string, () => unknown> = {
      page: () => "a page",
      redirect: () => Response.redirect("http://localhost/elsewhere"),
      "not-found": () => new Response("nothing here", { status: 404 }),
      empty: () => null,
      stream: () => new Response("streamed").body,
    };
    for (const [path, answer] of Object.entries(outcomes)) {
      app.get(`/${path}`, async (event) => {
        (await useSession(event)).came = path;
        return answer();
      });
    }
    for (const path of Object.keys(outcomes)) {
      const jar = createCookieJar();
      await (await jar.fetch(app, `/${path}`)).text();
      equal(await readSession(sessions, jar), { came: path });
    }
  },

  async "serves h3 v1, wrapped"() {
    const sessions = createSessionManager();
    const app = createApp();
    app.use(
      "/",
      defineEventHandler(async (event) => {
        const session = await v1.useSession(event);
        session.$increment("views");
        return { views: session.views };
      }),
    );
    app.handler = v1.defineSessionHandler(app.handler, sessions);
    const jar = createCookieJar();
    await jar.fetch(toWebHandler(app), "/");
    equal(await (await jar.fetch(toWebHandler(app), "/")).json(), { views: 2 });
  },

  async "has one class of errors in all entries"() {
    const error: unknown = await useSession(mockEvent("/")).catch((thrown: unknown) => thrown);
    equal([error instanceof SessionError, SessionError.is(error) && error.code], [true, "ERR_SESSION_NOT_LOADED"]);
  },
};
