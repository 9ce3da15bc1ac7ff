import { H3 } from "h3";
import { beforeEach, describe, expect, it } from "vitest";
import { createSessionManager } from "unsession";
import { sessionMiddleware, useSession } from "unsession/h3";
import { createClock, createCookieJar, type Clock, type CookieJar } from "unsession/testing";

let clock: Clock;
let jar: CookieJar;
beforeEach(() => {
  clock = createClock();
  jar = createCookieJar({ now: clock.now });
});

const echo = (request: Request): Response => new Response(request.headers.get("cookie"));

describe("a cookie jar", () => {
  it("sends no header while it is empty", async () => {
    expect([jar.header(), jar.cookies]).toEqual(["", []]);
    expect(await jar.fetch((request) => new Response(String(request.headers.has("cookie"))), "/").then(textOf)).toBe("false");
  });

  it("sends cookies in the order in which they were set, also when one is set again", () => {
    for (const cookie of ["a=1", "b=2", "a=3"]) jar.set(cookie);
    expect(jar.header()).toBe("a=3; b=2");
  });

  it("keeps a value as it came", () => {
    jar.set(" a = x=%20y== ;Path=/");
    expect([jar.get("a"), jar.get("b")]).toEqual(["x=%20y==", undefined]);
  });

  it("takes no cookie without a name", () => {
    expect([jar.set("=a"), jar.set("a"), jar.set("")]).toEqual([false, false, false]);
  });

  it("notes the attributes", () => {
    jar.set("a=1; Max-Age=60; Path=/p; HttpOnly; Secure; SameSite=Lax; Partitioned", "http://localhost/p/q");
    expect(jar.cookies).toEqual([
      {
        name: "a",
        value: "1",
        domain: "localhost",
        hostOnly: true,
        path: "/p",
        expiresAt: clock.now() + 60_000,
        secure: true,
        httpOnly: true,
        sameSite: "Lax",
        partitioned: true,
      },
    ]);
  });
});

describe("expiry", () => {
  it("ends a cookie by Max-Age", () => {
    jar.set("a=1; Max-Age=60");
    clock.advance(59);
    expect(jar.header()).toBe("a=1");
    clock.advance(1);
    expect([jar.header(), jar.cookies]).toEqual(["", []]);
  });

  it("ends a cookie by Expires, unless there is a Max-Age", () => {
    const soon = new Date(clock.now() + 1_000).toUTCString();
    jar.set(`a=1; Expires=${soon}`);
    jar.set(`b=2; Expires=${soon}; Max-Age=60`);
    clock.advance(1);
    expect(jar.header()).toBe("b=2");
  });

  it.each(["Max-Age=0", "Max-Age=-1", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"])("removes a cookie by %s", (attribute) => {
    jar.set("a=1");
    expect(jar.set(`a=; ${attribute}`)).toBe(true);
    expect(jar.header()).toBe("");
  });

  it("is none for what cannot be read", () => {
    jar.set("a=1; Max-Age=soon; Expires=later");
    expect(jar.cookies[0]?.expiresAt).toBeUndefined();
  });

  it("of none ends a cookie when the browser restarts", () => {
    jar.set("a=1");
    jar.set("b=2; Max-Age=60");
    jar.restart();
    expect(jar.header()).toBe("b=2");
    jar.clear();
    expect(jar.header()).toBe("");
  });
});

describe("scope", () => {
  it("is the host that set the cookie", () => {
    jar.set("a=1", "https://example.com/");
    expect(sentTo("https://example.com/", "https://www.example.com/", "https://ample.com/")).toEqual(["a=1", "", ""]);
  });

  it("is a domain and all below it", () => {
    jar.set("a=1; Domain=.Example.com", "https://www.example.com/");
    expect(sentTo("https://example.com/", "https://api.example.com/", "https://badexample.com/")).toEqual(["a=1", "a=1", ""]);
  });

  it("is never a domain that the host is not in", () => {
    expect(jar.set("a=1; Domain=example.com", "https://example.org/")).toBe(false);
    expect(jar.set("a=1; Domain=www.example.com", "https://example.com/")).toBe(false);
  });

  it("is a path and all below it, longer paths first", () => {
    jar.set("a=1; Path=/");
    jar.set("b=2; Path=/admin");
    expect(sentTo("/", "/admin", "/admin/users", "/administer")).toEqual(["a=1", "b=2; a=1", "b=2; a=1", "a=1"]);
    expect([jar.get("b"), jar.get("b", "/admin")]).toEqual([undefined, "2"]);
  });

  it("is the folder of the request where no path is given", () => {
    jar.set("a=1", "/docs/page");
    jar.set("b=2; Path=docs", "/page");
    expect(sentTo("/docs", "/docs/other", "/")).toEqual(["a=1; b=2", "a=1; b=2", "b=2"]);
  });

  it("keeps cookies of one name and different paths apart", () => {
    jar.set("a=1; Path=/");
    jar.set("a=2; Path=/admin");
    jar.set("a=; Path=/; Max-Age=0");
    expect(sentTo("/", "/admin")).toEqual(["", "a=2"]);
  });

  it("is https, and this machine, for a Secure cookie", () => {
    expect(jar.set("a=1; Secure", "http://example.com/")).toBe(false);
    jar.set("a=1; Secure", "https://example.com/");
    expect(sentTo("https://example.com/", "http://example.com/")).toEqual(["a=1", ""]);
    for (const host of ["localhost", "app.localhost", "127.0.0.1", "[::1]"]) {
      expect(jar.set("a=1; Secure", `http://${host}:3000/`), host).toBe(true);
    }
    expect(jar.set("a=1; Secure", "http://127.0.0.1.example.com/")).toBe(false);
  });

  it("is what the prefix of a name promises", () => {
    const url = "https://www.example.com/a/b";
    const taken = ["__Secure-a=1; Secure", "__Host-a=1; Secure; Path=/"];
    const refused = [
      "__Secure-a=1",
      "__Host-a=1; Path=/",
      "__Host-a=1; Secure",
      "__host-a=1; Secure; Path=/; Domain=example.com",
    ];
    expect([...taken, ...refused].map((cookie) => jar.set(cookie, url))).toEqual([true, true, false, false, false, false]);
  });

  function sentTo(...urls: string[]): string[] {
    return urls.map((url) => jar.header(url));
  }
});

describe("jar.fetch", () => {
  it("asks an application or a function, with a path, a URL or a request", async () => {
    jar.set("a=1");
    expect(await jar.fetch({ fetch: echo }, "/").then(textOf)).toBe("a=1");
    expect(await jar.fetch(echo, new URL("http://localhost/")).then(textOf)).toBe("a=1");
    expect(await jar.fetch(echo, new Request("http://localhost/")).then(textOf)).toBe("a=1");
  });

  it("passes on what the request holds", async () => {
    const target = async (request: Request): Promise<Response> =>
      Response.json([request.url, request.method, request.headers.get("x-a"), await request.text(), request.redirect]);
    const init = { method: "POST", headers: { "x-a": "1" }, body: "hello" };
    const expected = ["http://localhost/path", "POST", "1", "hello", "manual"];
    expect(await jar.fetch(target, "/path", init).then((response) => response.json())).toEqual(expected);
  });

  it("sends a Cookie header of the caller's instead", async () => {
    jar.set("a=1");
    expect(await jar.fetch(echo, "/", { headers: { cookie: "b=2" } }).then(textOf)).toBe("b=2");
  });

  it("keeps every cookie of a response, for where it came from", async () => {
    const headers = [
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2; Expires=Thu, 01 Jan 2099 00:00:00 GMT"],
    ] as [string, string][];
    await jar.fetch(() => new Response("", { headers }), "https://example.com/");
    expect([jar.header("https://example.com/"), jar.header()]).toEqual(["a=1; b=2", ""]);
  });

  it("takes paths from the origin given", async () => {
    jar = createCookieJar({ origin: "https://example.com/ignored" });
    expect(jar.origin).toBe("https://example.com");
    expect(await jar.fetch((request) => new Response(request.url), "/path").then(textOf)).toBe("https://example.com/path");
  });

  it("is a browser to an application with sessions, from login to logout", async () => {
    const sessions = createSessionManager({ now: clock.now });
    const app = new H3().use(sessionMiddleware(sessions));
    app.get("/", async (event) => (await useSession(event))["user"] ?? "nobody");
    app.post("/login", async (event) => {
      (await useSession(event))["user"] = "ada";
    });
    app.post("/logout", async (event) => (await useSession(event)).$destroy());

    const page = (): Promise<string> => jar.fetch(app, "/").then(textOf);
    expect(await page()).toBe("nobody");
    await jar.fetch(app, "/login", { method: "POST" });
    expect([await page(), jar.cookies.length]).toEqual(["ada", 1]);
    expect(await createCookieJar().fetch(app, "/").then(textOf)).toBe("nobody");
    await jar.fetch(app, "/logout", { method: "POST" });
    expect([await page(), jar.cookies.length]).toEqual(["nobody", 0]);
  });
});

function textOf(response: Response): Promise<string> {
  return response.text();
}
