import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { clearCookie, MAX_COOKIE_AGE, readCookies, setCookie } from "../../src/cookie.ts";
import { resolveOptions } from "../../src/options.ts";
import type { CookieOptions } from "../../src/types.ts";
import { World } from "./_setup.ts";

const attributes = (cookie: CookieOptions = {}) => resolveOptions({ cookie }).cookie;

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("readCookies", () => {
  it.each<[string, string, string[]]>([
    ["one cookie", "session=abc", ["abc"]],
    ["a cookie among others", "a=1; session=abc; b=2", ["abc"]],
    ["no space after the semicolon", "a=1;session=abc;b=2", ["abc"]],
    ["spaces and tabs around name and value", " \t session\t = \tabc \t; b=2", ["abc"]],
    ["the evil one first", "session=evil; session=good", ["evil", "good"]],
    ["the evil one last", "session=good; session=evil", ["good", "evil"]],
    ["the same value twice", "session=abc; session=abc", ["abc"]],
    ["an equals sign in the value", "session=a=b==", ["a=b=="]],
    ["a value in quotes, which are part of it", 'session="abc"', ['"abc"']],
    ["an empty value", "session=", [""]],
    ["escapes, which are not decoded", "session=%61bc", ["%61bc"]],
    ["a name with escapes, which are not decoded", "%73ession=abc", []],
    ["a name in other case", "Session=abc; SESSION=def", []],
    ["a name that only begins with ours", "session2=abc; sessions=def", []],
    ["a name that only ends with ours", "mysession=abc; __Host-session=def", []],
    ["no name at all", "=abc", []],
    ["a nameless cookie with our name in its value", "=session=abc", []],
    ["no equals sign", "session", []],
    ["no equals sign behind our name and one character more", "session1", []],
    ["nothing between semicolons", ";;session=abc;;", ["abc"]],
    ["a no-break space before the name", "\u00A0session=abc", []],
    ["a no-break space after the name", "session\u00A0=abc", []],
    ["a no-break space in front of the value, which is part of it", "session=\u00A0abc", ["\u00A0abc"]],
    ["a vertical tab before the name", "\u000Bsession=abc", []],
    ["a form feed before the name", "\u000Csession=abc", []],
    ["a line break before the name", "\nsession=abc", []],
    ["a NUL in the name", "ses\0sion=abc", []],
    ["a comma, which separates nothing", "a=1, session=abc", []],
    ["nothing", "", []],
  ])("reads %s", (_, header, values) => {
    expect(readCookies(header, "session")).toEqual(values);
  });

  it.each([undefined, null, 5, ["session=abc"], {}])("finds nothing in %j", (header) => {
    expect(readCookies(header as string, "session")).toEqual([]);
  });

  it("tells a prefixed name from one that hides it (CVE-2026-39410)", () => {
    const header = "__Host-session=good; \u00A0__Host-session=evil; =__Host-session=evil; __host-session=evil";
    expect(readCookies(header, "__Host-session")).toEqual(["good"]);
  });

  it("takes a name literally, whatever it would mean in a pattern", () => {
    expect(readCookies("a.b=1; axb=2; a.b$=3", "a.b")).toEqual(["1"]);
    expect(readCookies("*+^|=1", "*+^|")).toEqual(["1"]);
  });

  it("reads all of 500 copies, each value once", () => {
    expect(readCookies(Array.from({ length: 500 }, (_, index) => `session=${index % 7}`).join("; "), "session")).toHaveLength(7);
  });

  it("does not read a header of 20 KB", () => {
    expect(readCookies(`session=abc; a=${"x".repeat(20_000)}`, "session")).toEqual([]);
  });

  it("reads a header of 16 KB", () => {
    const header = "session=abc; a=";
    expect(readCookies(header + "x".repeat(16_384 - header.length), "session")).toEqual(["abc"]);
  });

  it.each([
    ["value", `session=a${" \t".repeat(8000)}b`],
    ["name", `session${" \t".repeat(8000)}x=b`],
    ["pair", `${" ".repeat(16_000)}=session`],
  ])("takes no time for ten thousand spaces inside a %s", (_, header) => {
    const started = performance.now();
    for (let times = 0; times < 10; times++) readCookies(header, "session");
    expect(performance.now() - started).toBeLessThan(100);
  });
});

describe("setCookie", () => {
  it.each<[string, CookieOptions, string]>([
    ["the defaults", {}, "session=tok; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax"],
    ["a domain", { domain: "a.com" }, "session=tok; Max-Age=60; Domain=a.com; Path=/; HttpOnly; Secure; SameSite=Lax"],
    ["a path", { path: "/app" }, "session=tok; Max-Age=60; Path=/app; HttpOnly; Secure; SameSite=Lax"],
    ["no HttpOnly", { httpOnly: false }, "session=tok; Max-Age=60; Path=/; Secure; SameSite=Lax"],
    ["SameSite=Strict", { sameSite: "strict" }, "session=tok; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Strict"],
    ["SameSite=None", { sameSite: "none" }, "session=tok; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=None"],
    ["no SameSite", { sameSite: false }, "session=tok; Max-Age=60; Path=/; HttpOnly; Secure"],
    ["a priority", { priority: "high" }, "session=tok; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax; Priority=High"],
    ["Partitioned", { partitioned: true }, "session=tok; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax; Partitioned"],
    ["a __Host- name", { name: "__Host-id" }, "__Host-id=tok; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax"],
  ])("writes %s", (_, cookie, expected) => {
    expect(setCookie(attributes(cookie), "tok", true, 60)).toBe(expected);
  });

  it("writes no Secure where it is not to be", () => {
    expect(setCookie(attributes(), "tok", false, 60)).toBe("session=tok; Max-Age=60; Path=/; HttpOnly; SameSite=Lax");
  });

  it("writes neither Max-Age nor Expires for a cookie that ends with the browser", () => {
    expect(setCookie(attributes(), "tok", true, undefined)).toBe("session=tok; Path=/; HttpOnly; Secure; SameSite=Lax");
  });

  it.each([
    [400 * 86_400, 34_560_000],
    [400 * 86_400 + 1, 34_560_000],
    [Infinity, 34_560_000],
    [1.9, 1],
  ])("writes %d seconds as %d: 400 days at most, and whole ones", (maxAge, written) => {
    expect(setCookie(attributes(), "tok", true, maxAge)).toContain(`Max-Age=${written};`);
    expect(MAX_COOKIE_AGE).toBe(34_560_000);
  });
});

describe("clearCookie", () => {
  const scopeOf = (header: string): string[] =>
    header
      .split("; ")
      .slice(1)
      .filter((part) => !/^(Max-Age|Expires)=/.test(part));

  it.each<[CookieOptions, boolean]>([
    [{}, true],
    [{}, false],
    [{ domain: "a.com", path: "/app" }, true],
    [{ partitioned: true, sameSite: "none", priority: "low" }, true],
    [{ httpOnly: false, sameSite: false }, false],
    [{ name: "__Host-id" }, true],
  ])("has the scope that the cookie was set with: %j, secure %s", (cookie, secure) => {
    const cleared = clearCookie(attributes(cookie), secure);
    expect(scopeOf(cleared)).toEqual(scopeOf(setCookie(attributes(cookie), "tok", secure, 60)));
  });

  it("is empty, and past", () => {
    expect(clearCookie(attributes(), true)).toMatch(/^session=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; /);
  });
});

describe("a cookie with `secure: auto`", () => {
  const isSecure = async (cookie: CookieOptions, secure: boolean | undefined): Promise<boolean> => {
    const { setCookies } = await new World({ cookie }).visit(undefined, (session) => void (session.a = 1), { secure });
    return (setCookies[0] as string).split("; ").includes("Secure");
  };

  it.each<[string, CookieOptions, boolean | undefined, boolean]>([
    ["on https", {}, true, true],
    ["on an unknown scheme", {}, undefined, true],
    ["not on http", {}, false, false],
    ["on http with SameSite=None", { sameSite: "none" }, false, true],
    ["on http with Partitioned", { partitioned: true }, false, true],
    ["on http with a __Host- name", { name: "__Host-a" }, false, true],
    ["on http with a __secure- name", { name: "__secure-a" }, false, true],
    ["on http with `secure: true`", { secure: true }, false, true],
    ["not on https with `secure: false`", { secure: false }, true, false],
    ["not on an unknown scheme with `secure: false`", { secure: false }, undefined, false],
  ])("is Secure %s", async (_, cookie, scheme, expected) => {
    expect(await isSecure(cookie, scheme)).toBe(expected);
  });

  it("is Secure on http in production", async () => {
    vi.stubEnv("NODE_ENV", "production");
    expect(await isSecure({}, false)).toBe(true);
  });

  it("is cleared as it was set", async () => {
    const world = new World();
    const { cookie } = await world.visit(undefined, (session) => void (session.a = 1), { secure: false });
    const { setCookies } = await world.visit(cookie, (session) => session.$destroy(), { secure: false });
    expect(setCookies).toEqual(["session=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; HttpOnly; SameSite=Lax"]);
  });
});

describe("no header of any shape", () => {
  const naughty = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.constantFrom("\r\nSet-Cookie: a=b", "../../etc", "$where", "a/b?c", "\0", "é", "\ud800", "%00", "session:", "t:x"),
  );
  const header = fc
    .array(
      fc.oneof(
        naughty,
        naughty.map((value) => `session=${value}`),
        fc.constant("session="),
      ),
      { maxLength: 12 },
    )
    .map((pairs) => pairs.join(";"));

  it("throws, and what no token could be never reaches the store", async () => {
    await fc.assert(
      fc.asyncProperty(header, async (text) => {
        const world = new World();
        const { calls, setCookies, session } = await world.visit(text);
        const tokens = readCookies(text, "session").filter((value) => /^[\w-]{1,256}$/.test(value));
        expect(calls).toEqual(Array.from({ length: Math.min(tokens.length, 4) }, () => "get"));
        expect([setCookies, Object.keys(session), session.$isNew]).toEqual([[], [], true]);
      }),
    );
  });

  it("reaches the store if tokens are signed, or is adopted", async () => {
    const world = new World({ secret: "a secret that is long enough to sign" });
    await fc.assert(
      fc.asyncProperty(header, async (text) => {
        const { calls, cookie } = await world.visit(text, (session) => void (session.a = 1));
        expect(calls).toEqual(["create"]);
        expect(readCookies(text, "session")).not.toContain(cookie?.slice("session=".length));
      }),
    );
  });
});
