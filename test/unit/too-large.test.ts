import { describe, expect, it } from "vitest";
import { byteLength } from "../../src/byte-length.ts";
import { tooLarge } from "../../src/too-large.ts";
import { errorOf, World } from "./_setup.ts";

describe("a session", () => {
  const DATA = { name: "größer" };
  const BYTES = byteLength(JSON.stringify(DATA));
  const save = async (maxBytes: number): Promise<void> => {
    const session = await new World({ maxBytes }).manager.load();
    Object.assign(session, DATA);
    await session.$save();
  };

  it("may be exactly as large as `maxBytes`", async () => {
    await expect(save(BYTES)).resolves.toBeUndefined();
  });

  it("is refused if it is one byte larger, with both sizes", async () => {
    const error = await errorOf(save(BYTES - 1));
    expect(error).toMatchObject({ name: "SessionError", code: "ERR_SESSION_TOO_LARGE", status: undefined });
    expect(error.message).toContain(`takes ${BYTES} bytes, over the limit of ${BYTES - 1}`);
  });
});

describe("what is too large", () => {
  const messageOf = (bytes: number, limit: number, data: Record<string, unknown>): string => tooLarge(bytes, limit, data).message;

  it("names the three largest paths, the largest first", () => {
    const data = { a: "x".repeat(10), b: "x".repeat(30), c: "x".repeat(20), d: "x", e: "x".repeat(25) };
    expect(messageOf(99, 10, data)).toContain(
      "largest: session.b (about 32 bytes), session.e (about 27 bytes), session.c (about 22 bytes).",
    );
  });

  it("names the large child of a large key", () => {
    const message = messageOf(99, 10, { cart: { items: ["x".repeat(50), "y"], note: "z" } });
    expect(message).toContain("session.cart (about ");
    expect(message).toContain("session.cart.items (about ");
  });

  it("names an item of an array by its index, and a key that is no name in quotes", () => {
    expect(messageOf(99, 10, { list: ["a", "x".repeat(50)] })).toContain("session.list[1] (about 52 bytes)");
    expect(messageOf(99, 10, { "a b": "x" })).toContain('session["a b"] (about 3 bytes)');
  });

  it.each([
    ["a Map", new Map([["k", "x".repeat(50)]])],
    ["a Set", new Set(["x".repeat(50)])],
    ["a bigint", 10n ** 50n],
    ["a Date", new Date(0)],
  ])("knows about how large %s is", (_, value) => {
    const size = /session\.it \(about (\d+) bytes\)/.exec(messageOf(99, 10, { it: value }))?.[1];
    expect(Number(size)).toBeGreaterThan(20);
  });

  it("does not fail on null", () => {
    expect(messageOf(99, 10, { nothing: null })).toContain("session.nothing (about 4 bytes)");
  });

  it("does not fail on a ring", () => {
    const ring: Record<string, unknown> = {};
    ring["self"] = ring;
    expect(messageOf(99, 10, { ring })).toContain("session.ring");
  });

  it("never shows a value", () => {
    expect(messageOf(99, 10, { password: "hunter2" })).not.toContain("hunter2");
  });
});
