import { H3, HTTPError } from "h3";
import { describe, expect, it } from "vitest";
import { createSessionManager, SessionError, type CookieOptions, type Session } from "unsession";
import { sessionMiddleware, useSession } from "unsession/h3";
import { World } from "../unit/_setup.ts";

/** Rows C1 to C10 of the security checklist: the cookie. What browsers make of it is tested in one. */

const SECRET = "a secret that is long enough to sign";
const write = (session: Session): void => void (session.user = "alice");

/** What a browser reads in a `Set-Cookie`. */
function read(setCookie: string) {
  const [pair = "", ...rest] = setCookie.split("; ");
  const attributes = new Map(rest.map((one) => [one.split("=")[0], one.slice(one.indexOf("=") + 1)]));
  return { name: pair.slice(0, pair.indexOf("=")), value: pair.slice(pair.indexOf("=") + 1), attributes };
}

/** All settings of the cookie that have to do with each other. */
function* matrix(): Generator<CookieOptions> {
  for (const name of ["session", "__Host-id", "__Secure-id", "__HOST-id", "__secure-id"])
    for (const secure of [true, false, "auto"] as const)
      for (const sameSite of ["lax", "strict", "none", false] as const)
        for (const partitioned of [true, false])
          for (const domain of [undefined, "example.com"])
            for (const path of ["/", "/app"]) yield { name, secure, sameSite, partitioned, domain, path };
}

/** What is set and what clears it, over http and https, for each setting that is not refused. */
async function* answers(): AsyncGenerator<{ cookie: CookieOptions; set: string; cleared: string }> {
  for (const cookie of matrix()) {
    let world: World;
    try {
      world = new World({ cookie });
    } catch (error) {
      expect(SessionError.is(error) && error.code).toBe("ERR_SESSION_OPTIONS");
      continue;
    }
    for (const secure of [true, false, undefined]) {
      const answer = await world.visit(undefined, write, { secure });
      const left = await world.visit(answer.cookie, (session) => session.$destroy(), { secure });
      yield { cookie, set: answer.setCookies[0] as string, cleared: left.setCookies[0] as string };
    }
  }
}

it("C1: Secure, HttpOnly and SameSite=Lax are there unless told otherwise, and None is refused without Secure", async () => {
  const { setCookies } = await new World().visit(undefined, write);
  const { attributes } = read(setCookies[0] as string);
  expect([...attributes.keys()]).toEqual(["Max-Age", "Path", "HttpOnly", "Secure", "SameSite"]);
  expect(attributes.get("SameSite")).toBe("Lax");
  expect(() => createSessionManager({ cookie: { sameSite: "none", secure: false } })).toThrow("cookie.secure");
});

it("C2, C7: no combination is emitted that a browser drops: prefixes, SameSite=None and Partitioned", async () => {
  let emitted = 0;
  for await (const { set, cookie } of answers()) {
    emitted++;
    const { name, attributes } = read(set);
    const secure = attributes.has("Secure");
    const where = JSON.stringify(cookie);
    if (/^__Host-/i.test(name))
      expect([secure, attributes.get("Path"), attributes.has("Domain")], where).toEqual([true, "/", false]);
    if (/^__Secure-/i.test(name)) expect(secure, where).toBe(true);
    if (attributes.get("SameSite") === "None" || attributes.has("Partitioned")) expect(secure, where).toBe(true);
  }
  expect(emitted).toBeGreaterThan(300);
});

describe("C3: a cookie fits, and can be deleted", () => {
  it("in 4096 octets of name and value, and 1024 of each attribute, with the longest of everything", async () => {
    const cookie = { name: "n".repeat(256), domain: `${"d.".repeat(124)}com`, path: `/${"p".repeat(1023)}` };
    const world = new World({ cookie, secret: SECRET, generateToken: () => "t".repeat(256) });
    const { setCookies } = await world.visit(undefined, write);
    const { name, value, attributes } = read(setCookies[0] as string);
    expect(Buffer.byteLength(name + value)).toBe(256 + 256 + 1 + 43);
    for (const attribute of attributes.values()) expect(Buffer.byteLength(attribute)).toBeLessThanOrEqual(1024);
  });

  it("and what would not is refused at start", () => {
    for (const cookie of [{ name: "n".repeat(257) }, { path: `/${"p".repeat(1024)}` }, { domain: `${"d.".repeat(126)}com` }])
      expect(() => createSessionManager({ cookie })).toThrow(expect.objectContaining({ code: "ERR_SESSION_OPTIONS" }));
    const tooLong = createSessionManager({ generateToken: () => "t".repeat(257) });
    return expect(
      tooLong.load().then((session) => {
        write(session);
        return tooLong.commit(session);
      }),
    ).rejects.toMatchObject({ code: "ERR_SESSION_OPTIONS" });
  });

  it("by the attributes it was set with, whatever they are", async () => {
    for await (const { set, cleared } of answers()) {
      const [before, after] = [read(set), read(cleared)];
      before.attributes.delete("Max-Age");
      expect([after.attributes.get("Max-Age"), after.value]).toEqual(["0", ""]);
      after.attributes.delete("Max-Age");
      after.attributes.delete("Expires");
      expect([after.name, ...after.attributes]).toEqual([before.name, ...before.attributes]);
    }
  });
});

describe("C4, C5: of several cookies of one name none wins by its place", () => {
  const EVIL = "e".repeat(43);
  const shapes: [string, (mine: string, evil: string) => string, "mine" | "none"][] = [
    ["alone", (mine) => `session=${mine}`, "mine"],
    ["an unknown one first", (mine) => `session=${EVIL}; session=${mine}`, "mine"],
    ["an unknown one last", (mine) => `session=${mine}; session=${EVIL}`, "mine"],
    ["a live one first", (mine, evil) => `session=${evil}; session=${mine}`, "none"],
    ["a live one last", (mine, evil) => `session=${mine}; session=${evil}`, "none"],
    ["the same twice", (mine) => `session=${mine}; session=${mine}`, "mine"],
    ["an empty one first", (mine) => `session=; session=${mine}`, "mine"],
    ["a quoted one first", (mine) => `session="${EVIL}"; session=${mine}`, "mine"],
    ["quoted itself", (mine) => `session="${mine}"`, "none"],
    ["a no-break space before the name", (mine) => `\u00A0session=${mine}`, "none"],
    ["a vertical tab before the name", (mine) => `\u000Bsession=${mine}`, "none"],
    ["a tab and spaces around it", (mine) => `a=1;\t session \t= ${mine} `, "mine"],
    ["a nameless cookie with a name in its value", (mine) => `=session=${mine}`, "none"],
    ["another case", (mine) => `SESSION=${mine}`, "none"],
    ["percent-encoded", (mine) => `%73ession=${mine}`, "none"],
    ["a longer name", (mine) => `xsession=${mine}; session2=${mine}`, "none"],
    ["commas for semicolons", (mine) => `a=1, session=${mine}`, "none"],
    ["500 copies", (mine) => `session=${mine}; `.repeat(300), "mine"],
    [
      "four unknown ones before it",
      (mine) => `${["a", "b", "c", "d"].map((one) => `session=${one}; `).join("")}session=${mine}`,
      "none",
    ],
    ["500 malformed ones before it", (mine) => `${"session=!; ".repeat(500)}session=${mine}`, "mine"],
    ["a header of 20 KB", (mine) => `session=${mine}; a=${"y".repeat(20_000)}`, "none"],
  ];

  it.each(shapes)("%s", async (_, header, expected) => {
    const world = new World();
    const [mine, evil] = await Promise.all(
      ["alice", "mallory"].map(async (user) => (await world.visit(undefined, (session) => void (session.user = user))).cookie),
    );
    world.store.calls.length = 0;
    const given = header((mine as string).slice(8), (evil as string).slice(8));
    expect(await world.dataOf(given)).toEqual(expected === "mine" ? { user: "alice" } : {});
    expect(world.store.calls.length).toBeLessThanOrEqual(4);
  });
});

it("C6: a cookie ends with the browser if asked to, lives 400 days at most, and its age decides nothing", async () => {
  const ending = await new World({ cookie: { persistent: false } }).visit(undefined, write);
  expect(ending.setCookies[0]).not.toMatch(/Max-Age|Expires/);
  const world = new World({ idleTimeout: 60 });
  const { setCookies, cookie } = await world.visit(undefined, (session) => {
    write(session);
    session.$cookie.maxAge = 100 * 365 * 86_400;
  });
  expect(read(setCookies[0] as string).attributes.get("Max-Age")).toBe(String(400 * 86_400));
  world.clock.advance(60_000);
  expect(await world.dataOf(cookie)).toEqual({});
});

it("C8: two users behind one shared cache never see each other's page", async () => {
  const sessions = createSessionManager();
  const app = new H3({ silent: true }).use(sessionMiddleware(sessions));
  app.get("/", async (event) => {
    event.res.headers.set("cache-control", "public, s-maxage=600");
    const session = await useSession(event, sessions);
    return String(session.user);
  });
  app.get("/login/:user", async (event) => {
    event.res.headers.set("cache-control", "public, max-age=600");
    const session = await useSession(event, sessions);
    session.user = event.context.params?.["user"];
    return "in";
  });
  const cache = new Map<string, string>();
  /** A cache that keeps what it may, and tells answers apart by what they vary by (RFC 9111, 3 and 4.1). */
  const visit = async (path: string, cookie = ""): Promise<{ body: string; cookie: string }> => {
    const kept = cache.get(path) ?? cache.get(`${path} ${cookie}`);
    if (kept !== undefined) return { body: kept, cookie };
    const response = await app.request(path, { headers: { cookie } });
    const body = await response.text();
    if (!/no-store|private/.test(response.headers.get("cache-control") ?? ""))
      cache.set(/cookie/i.test(response.headers.get("vary") ?? "") ? `${path} ${cookie}` : path, body);
    return { body, cookie: response.headers.getSetCookie()[0]?.split(";")[0] ?? cookie };
  };
  const [alice, bob] = [await visit("/login/alice"), await visit("/login/bob")];
  const bodies = [];
  for (const { cookie } of [alice, bob, { cookie: "" }, alice]) bodies.push((await visit("/", cookie)).body);
  expect([alice.cookie === bob.cookie, bodies]).toEqual([false, ["alice", "bob", "undefined", "alice"]]);
});

it("C9: those who only read, or log out of nothing, leave no record and get no cookie", async () => {
  const world = new World();
  const uses = [() => undefined, (one: Session) => one.user, (one: Session) => one.$destroy(), (one: Session) => one.$clear()];
  for (let bot = 0; bot < 2000; bot++) expect((await world.visit(undefined, uses[bot % uses.length])).setCookies).toEqual([]);
  expect([world.store.calls, world.store.dump]).toEqual([[], {}]);
});

it.each([200, 302, 404, 500])("C10: a logout ends both sides, also where the answer is a %s", async (status) => {
  const sessions = createSessionManager();
  const seeded = await sessions.load();
  write(seeded);
  const [cookie = ""] = await sessions.commit(seeded);
  const app = new H3({ silent: true }).use(sessionMiddleware(sessions)).get("/", async (event) => {
    await (await useSession(event, sessions)).$destroy();
    if (status >= 400) throw new HTTPError({ status });
    return new Response(null, { status });
  });
  const response = await app.request("/", { headers: { cookie } });
  expect([response.status, response.headers.getSetCookie()]).toEqual([status, [expect.stringContaining("Max-Age=0")]]);
  expect(await sessions.count()).toBe(0);
});
