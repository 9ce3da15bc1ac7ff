/** sanic_session, the worked examples of its documentation: features.md, table 5e. */
import { H3 } from "h3";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Session, SessionOptions } from "unsession";
import { createSessionManager } from "unsession";
import { sessionMiddleware, useSession } from "unsession/h3";
import { cookieOf } from "../integration/_setup.ts";
import { ask, cookieIn, DAY, index, newStore, start, tokenIn } from "./_setup.ts";

const write = (session: Session): unknown => (session.foo = 1);

describe("5e worked examples", () => {
  it("5e Counter: `foo` is 1, then 2 with the same cookie, and 1 for somebody else", async () => {
    const { app, get } = start();
    app.get("/", index);
    const first = await get("/");
    const cookie = cookieOf(first);
    const bodies = [first.body, (await get("/", cookie)).body, (await get("/", cookie)).body, (await get("/")).body];
    expect(bodies).toEqual(["1", "2", "3", "1"]);
  });

  it("5e Counter: `session.foo++` does it too, without await where the session is preloaded", async () => {
    const { app, get } = start({ preload: true });
    app.get("/", ({ context: { session } }) => {
      session!.foo ??= 0;
      session!.foo++;
      return session!.foo;
    });
    const first = await get("/");
    expect([first.body, (await get("/", cookieOf(first))).body]).toEqual(["1", "2"]);
  });

  describe("5e Example 1", () => {
    const example: SessionOptions = {
      idleTimeout: 0,
      prefix: "sessionprefix:",
      cookie: { domain: ".example.com", httpOnly: false, name: "cookie", sameSite: "strict" },
    };

    beforeEach(() => {
      vi.spyOn(console, "warn").mockImplementation(() => {});
    });
    afterEach(() => {
      vi.restoreAllMocks();
    });

    it("5e Example 1: domain with its subdomains, never expires, readable by script, named `cookie`, not sent cross-site", async () => {
      const answer = await start(example).visit(write);
      expect(cookieIn(answer)).toEqual({
        name: "cookie",
        value: expect.stringMatching(/^[\w-]{43}$/),
        attributes: { "Max-Age": "34560000", Domain: ".example.com", Path: "/", SameSite: "Strict" },
      });
    });

    it("5e Example 1: the session never expires (there it does at once)", async () => {
      const { visit, calls, clock } = start(example);
      const cookie = cookieOf(await visit(write));
      expect(calls).toEqual([expect.objectContaining({ verb: "create", ttl: undefined })]);
      for (let year = 0; year < 100; year++) {
        clock.advance(365 * DAY);
        const answer = await visit((session) => session.foo, cookie);
        expect([answer.body, cookieOf(answer)]).toEqual(["1", cookie]);
      }
    });

    it("5e Example 1: the key is sessionprefix:<sid>, the hash of the token (ours), or the token itself with hashIds: false", async () => {
      const ours = start(example);
      const answer = await ours.visit(write);
      const id = (await ours.visit((session) => session.$id, cookieOf(answer))).body;
      expect(ours.keys()).toEqual([`sessionprefix:${id}`]);
      expect(id).not.toBe(tokenIn(answer));
      const theirs = start({ ...example, hashIds: false });
      const token = tokenIn(await theirs.visit(write));
      expect(theirs.keys()).toEqual([`sessionprefix:${token}`]);
    });
  });

  describe("5e Example 2", () => {
    const example: SessionOptions = {
      idleTimeout: 3600,
      prefix: "session:",
      cookie: { domain: ".example.com", persistent: false, httpOnly: true, name: "myapp" },
    };

    it("5e Example 2: a cookie that ends with the browser, hidden from scripts, named `myapp` (SameSite=Lax is ours)", async () => {
      const answer = await start(example).visit(write);
      expect(cookieIn(answer)).toEqual({
        name: "myapp",
        value: expect.stringMatching(/^[\w-]{43}$/),
        attributes: { Domain: ".example.com", Path: "/", HttpOnly: true, SameSite: "Lax" },
      });
    });

    it("5e Example 2: the session expires on the server after one hour", async () => {
      const { visit, calls, clock } = start(example);
      const cookie = cookieOf(await visit(write));
      expect(calls).toEqual([expect.objectContaining({ verb: "create", ttl: 3_600_000 })]);
      clock.advance(3_599_999);
      const inTime = await visit((session) => session.foo, cookie);
      expect([inTime.body, cookieIn(inTime).attributes["Max-Age"]]).toEqual(["1", undefined]);
      clock.advance(3_600_000);
      expect((await visit((session) => session, cookie)).body).toBe("{}");
    });

    it("5e Example 2: the key is session:<sid>, the hash of the token (ours), or the token itself with hashIds: false", async () => {
      const ours = start(example);
      const answer = await ours.visit(write);
      const id = (await ours.visit((session) => session.$id, cookieOf(answer))).body;
      expect(ours.keys()).toEqual([`session:${id}`]);
      const theirs = start({ ...example, hashIds: false });
      const token = tokenIn(await theirs.visit(write));
      expect(theirs.keys()).toEqual([`session:${token}`]);
    });
  });

  it("5e Two sessions on one app: separate names, cookies and prefixes, on one store", async () => {
    const store = newStore();
    const uno = createSessionManager({ storage: store, name: "session_uno", prefix: "uno:", cookie: { name: "cookie_uno" } });
    const dos = createSessionManager({ storage: store, name: "session_dos", prefix: "dos:", cookie: { name: "cookie_dos" } });
    const app = new H3().use(sessionMiddleware(uno)).use(sessionMiddleware(dos));
    app.get("/both", async (event) => {
      (await useSession(event, uno)).foo = "uno";
      (await useSession(event, "session_dos")).foo = "dos";
      return event.context["session_uno"] === event.context["session_dos"];
    });
    app.get("/one", async (event) => ((await useSession(event, uno)).foo += "!"));
    const first = await ask(app, "/both");
    expect(first.body).toBe("false");
    const cookies = first.cookies.map((cookie) => cookie.split(";")[0] as string).sort();
    const [inDos, inUno] = cookies.map((cookie) => cookie.split("=")[1] as string) as [string, string];
    expect(cookies).toEqual([`cookie_dos=${inDos}`, `cookie_uno=${inUno}`]);
    expect([...store.keys("")].map((key) => key.split(":")[0]).sort()).toEqual(["dos", "uno"]);
    await ask(app, "/one", cookies.join("; "));
    expect([await uno.find(inUno), await dos.find(inDos)]).toEqual([{ foo: "uno!" }, { foo: "dos" }]);
    expect([await uno.find(inDos), await dos.find(inUno)]).toEqual([undefined, undefined]);
  });
});
