import { H3 } from "h3";
import { describe, expect, it } from "vitest";
import { createSessionManager } from "unsession";
import { sessionMiddleware, useSession } from "unsession/h3";
import { createCookieJar, createFaultyStore, readSession, seedSession } from "unsession/testing";

interface Data {
  user: { id: number };
  views: number;
}

const secret = "s".repeat(32);

describe("seedSession", () => {
  it("puts the session of the next request into the jar", async () => {
    const sessions = createSessionManager<Data>();
    const app = new H3().use(sessionMiddleware(sessions));
    app.get("/", async (event) => (await useSession(event, sessions)).user);
    const jar = createCookieJar();
    await seedSession(sessions, { user: { id: 7 } }, jar);
    expect(await (await jar.fetch(app, "/")).json()).toEqual({ id: 7 });
  });

  it("gives the Cookie header", async () => {
    const sessions = createSessionManager({ cookie: { name: "sid" }, generateToken: () => "token" });
    expect(await seedSession(sessions, { views: 1 })).toBe("sid=token");
  });

  it("signs the cookie where the manager does", async () => {
    const sessions = createSessionManager({ secret });
    const cookie = await seedSession(sessions, { views: 1 });
    expect(cookie).toMatch(/^session=[\w-]{43}\.[\w-]{43}$/);
    expect(await readSession(sessions, cookie)).toEqual({ views: 1 });
  });

  it("suits a Secure cookie to the jar's origin", async () => {
    const sessions = createSessionManager();
    const jars = ["https://example.com", "http://example.com"].map((origin) => createCookieJar({ origin }));
    for (const jar of jars) await seedSession(sessions, { views: 1 }, jar);
    expect(jars.flatMap(({ cookies }) => cookies).map(({ secure }) => secure)).toEqual([true, false]);
  });

  it("throws where the jar takes no such cookie", async () => {
    const sessions = createSessionManager({ cookie: { domain: "example.com" } });
    await expect(seedSession(sessions, { views: 1 }, createCookieJar())).rejects.toThrow(
      /No browser at http:\/\/localhost takes/,
    );
    const jar = createCookieJar({ origin: "https://www.example.com" });
    expect(await seedSession(sessions, { views: 1 }, jar)).toBe(jar.header());
  });

  it("throws where there is nothing to store", async () => {
    await expect(seedSession(createSessionManager(), {})).rejects.toThrow("was given no data");
  });

  it("throws what the manager refuses", async () => {
    await expect(seedSession(createSessionManager(), { run: () => {} })).rejects.toMatchObject({ code: "ERR_SESSION_VALUE" });
  });
});

describe("readSession", () => {
  it.each([{}, { secret }])("reads by a jar, a header or the value of a cookie (%o)", async (options) => {
    const sessions = createSessionManager<Data>(options);
    const jar = createCookieJar();
    jar.set("theme=dark");
    const cookie = await seedSession(sessions, { views: 1 }, jar);
    const froms = [jar, cookie, `theme=dark; ${cookie}`, cookie.slice("session=".length)];
    for (const from of froms) expect(await readSession(sessions, from)).toEqual({ views: 1 });
  });

  it("reads a cookie of any path", async () => {
    const sessions = createSessionManager({ cookie: { path: "/admin" } });
    const jar = createCookieJar();
    await seedSession(sessions, { views: 1 }, jar);
    expect(await readSession(sessions, jar)).toEqual({ views: 1 });
  });

  it("gives a copy", async () => {
    const sessions = createSessionManager<Data>();
    const cookie = await seedSession(sessions, { user: { id: 7 } });
    const read = (await readSession(sessions, cookie)) as Data;
    read.user.id = 8;
    expect(await readSession(sessions, cookie)).toEqual({ user: { id: 7 } });
  });

  it("gives undefined for no session, an unknown one, and several", async () => {
    const sessions = createSessionManager();
    const [one, other] = [await seedSession(sessions, { n: 1 }), await seedSession(sessions, { n: 2 })];
    for (const from of [createCookieJar(), "", "session=unknown", "unknown", `${one}; ${other}`]) {
      expect(await readSession(sessions, from)).toBeUndefined();
    }
    expect(await readSession(sessions, `${one}; ${one}`)).toEqual({ n: 1 });
  });

  it("touches nothing and calls no hook", async () => {
    const told: string[] = [];
    const store = createFaultyStore();
    const hooks = { loaded: () => told.push("loaded"), rejected: () => told.push("rejected") };
    const sessions = createSessionManager({ storage: store, hooks });
    const cookie = await seedSession(sessions, { n: 1 });
    store.resetCalls();
    await readSession(sessions, cookie);
    await readSession(sessions, "session=unknown");
    expect([told, store.calls]).toEqual([[], { get: 2, create: 0, replace: 0, touch: 0, remove: 0, keys: 0, sweep: 0 }]);
  });
});
