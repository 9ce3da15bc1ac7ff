import { describe, expect, it } from "vitest";
import { protectFromCaches } from "../../src/response-headers.ts";

type Case = [given: string | undefined, expected: string | null];

function cacheControl(given: string | undefined, wasRead: boolean, setsCookie: boolean): string | null {
  const headers = new Headers(given === undefined ? {} : { "cache-control": given });
  protectFromCaches(headers, wasRead, setsCookie);
  return headers.get("cache-control");
}

function vary(given: string | undefined, wasRead = true): string | null {
  const headers = new Headers(given === undefined ? {} : { vary: given });
  protectFromCaches(headers, wasRead, false);
  return headers.get("vary");
}

describe("Vary", () => {
  it.each<Case>([
    [undefined, "Cookie"],
    ["Accept", "Accept, Cookie"],
    ["Accept, Accept-Encoding", "Accept, Accept-Encoding, Cookie"],
    ["Cookie", "Cookie"],
    ["accept, COOKIE", "accept, COOKIE"],
    ["Cookie2", "Cookie2, Cookie"],
    ["*", "*"],
    ["Accept, *", "Accept, *"],
  ])("of %j becomes %j where the session was read", (given, expected) => {
    expect(vary(given)).toBe(expected);
  });

  it.each([undefined, "Accept"])("of %j stays where it was not", (given) => {
    expect(vary(given, false)).toBe(given ?? null);
  });
});

describe("Cache-Control of a response whose session was read", () => {
  it.each<Case>([
    [undefined, null],
    ["max-age=60", "max-age=60"],
    ["private, max-age=60", "private, max-age=60"],
    ["no-store", "no-store"],
    ["public", "private"],
    ["public, max-age=60", "private, max-age=60"],
    ["s-maxage=60", "private"],
    ["max-age=1, s-maxage=60", "private, max-age=1"],
    ["Public, S-MaxAge=60", "private"],
    ["public,max-age=60,immutable", "private, max-age=60, immutable"],
    ["private, s-maxage=60", "private"],
    ["s-maxage = 60", "private"],
  ])("of %j becomes %j", (given, expected) => {
    expect(cacheControl(given, true, false)).toBe(expected);
  });
});

describe("Cache-Control of a response that carries Set-Cookie", () => {
  it.each<Case>([
    [undefined, "no-store"],
    ["max-age=60", "no-store"],
    ["public, max-age=60", "no-store"],
    ["no-cache", "no-store"],
    ["s-maxage=5", "no-store"],
    ["private", "private"],
    ["private, max-age=60", "private, max-age=60"],
    ["Private", "Private"],
    ["no-store", "no-store"],
    ["no-store, max-age=0", "no-store, max-age=0"],
    ["private, s-maxage=60", "private"],
    ["public, private, max-age=5", "private, max-age=5"],
    ['private="set-cookie"', "no-store"],
  ])("of %j becomes %j", (given, expected) => {
    expect(cacheControl(given, false, true)).toBe(expected);
    expect(cacheControl(given, true, true)).toBe(expected);
  });
});

describe("a response that has nothing to do with a session", () => {
  it("stays as it is", () => {
    const headers = new Headers({ "cache-control": "public, s-maxage=60", vary: "Accept" });
    expect(protectFromCaches(headers, false, false)).toBe(false);
    expect([...headers]).toEqual([
      ["cache-control", "public, s-maxage=60"],
      ["vary", "Accept"],
    ]);
  });
});

describe("the answer says whether shared caches had been allowed", () => {
  it.each<[string | undefined, boolean]>([
    [undefined, false],
    ["private", false],
    ["max-age=60", false],
    ["public", true],
    ["s-maxage=60", true],
  ])("for %j: %s", (given, expected) => {
    const headers = (): Headers => new Headers(given === undefined ? {} : { "cache-control": given });
    expect(protectFromCaches(headers(), true, false)).toBe(expected);
    expect(protectFromCaches(headers(), false, true)).toBe(expected);
  });
});
