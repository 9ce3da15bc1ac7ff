import { describe, expect, it } from "vitest";
import { errorOf, World } from "./_setup.ts";

async function withFlash(value: unknown = "saved") {
  const world = new World();
  const first = await world.visit(undefined, (session) => void (session.user = "alice"));
  const cookie = first.cookie as string;
  await world.visit(cookie, (session) => session.$flash("note", value));
  return { world, cookie };
}

describe("a one-time value", () => {
  it("is there for the next request, and gone for the one after", async () => {
    const { world, cookie } = await withFlash();
    const seen: unknown[] = [];
    for (let times = 0; times < 3; times++) await world.visit(cookie, (session) => seen.push(session.$flash("note")));
    expect(seen).toEqual(["saved", undefined, undefined]);
  });

  it("is kept over requests that do not read it", async () => {
    const { world, cookie } = await withFlash();
    for (let times = 0; times < 3; times++) await world.visit(cookie, (session) => void (session.views = times));
    expect((await world.manager.load(cookie)).$flash("note")).toBe("saved");
  });

  it("is read once within a request", async () => {
    const { world, cookie } = await withFlash();
    const session = await world.manager.load(cookie);
    expect([session.$flash("note"), session.$flash("note")]).toEqual(["saved", undefined]);
  });

  it("can be read by the request that set it, and is then not stored", async () => {
    const world = new World();
    const { calls } = await world.visit(undefined, (session) => {
      session.$flash("note", "now");
      expect(session.$flash("note")).toBe("now");
    });
    expect(calls).toEqual([]);
  });

  it("is no part of the data", async () => {
    const { world, cookie } = await withFlash();
    const session = await world.manager.load(cookie);
    expect([{ ...session }, "note" in session, session.$snapshot()]).toEqual([{ user: "alice" }, false, { user: "alice" }]);
  });

  it("does not clash with a key of the same name", async () => {
    const { world, cookie } = await withFlash();
    await world.visit(cookie, (session) => void (session.note = "data"));
    const session = await world.manager.load(cookie);
    expect([session.note, session.$flash("note")]).toEqual(["data", "saved"]);
  });

  it("alone is enough for a session to be stored", async () => {
    const world = new World();
    const { cookie, setCookies } = await world.visit(undefined, (session) => session.$flash("note", "hi"));
    expect(setCookies).toHaveLength(1);
    expect((await world.manager.load(cookie)).$flash("note")).toBe("hi");
  });

  it("stays as it was when it was set, whatever happens to the value later", async () => {
    const world = new World();
    const value = { text: "first" };
    const { cookie } = await world.visit(undefined, (session) => {
      session.$flash("note", value);
      value.text = "second";
    });
    expect((await world.manager.load(cookie)).$flash("note")).toEqual({ text: "first" });
  });

  it.each([0, "", false, null, NaN, 5n, new Date(0), new Map([["a", new Set([1])]]), [{ a: 1 }]])("may be %o", async (value) => {
    const { world, cookie } = await withFlash(value);
    expect((await world.manager.load(cookie)).$flash("note")).toEqual(value);
  });

  it("set again is the later one", async () => {
    const { world, cookie } = await withFlash();
    await world.visit(cookie, (session) => session.$flash("note", "again"));
    expect((await world.manager.load(cookie)).$flash("note")).toBe("again");
  });

  it("set to undefined is none", async () => {
    const { world, cookie } = await withFlash();
    await world.visit(cookie, (session) => session.$flash("note", undefined));
    expect((await world.manager.load(cookie)).$flash("note")).toBeUndefined();
  });

  it("that there is not costs no write", async () => {
    const { world, cookie } = await withFlash();
    expect((await world.visit(cookie, (session) => session.$flash("other"))).calls).toEqual(["get"]);
  });

  it("is set beside those of another request", async () => {
    const { world, cookie } = await withFlash();
    await world.visit(cookie, async (session) => {
      session.$flash("mine", 1);
      await world.visit(cookie, (other) => other.$flash("theirs", 2));
    });
    const session = await world.manager.load(cookie);
    expect([session.$flash("note"), session.$flash("mine"), session.$flash("theirs")]).toEqual(["saved", 1, 2]);
  });

  it("survives $regenerate", async () => {
    const { world, cookie } = await withFlash();
    const answer = await world.visit(cookie, (session) => session.$regenerate());
    expect((await world.manager.load(answer.cookie)).$flash("note")).toBe("saved");
  });

  it("counts for the size of a session", async () => {
    const world = new World({ maxBytes: 100 });
    const error = await errorOf(world.visit(undefined, (session) => session.$flash("note", "x".repeat(100))));
    expect(error).toMatchObject({ code: "ERR_SESSION_TOO_LARGE" });
  });

  it("is among the largest paths of a session that is too large", async () => {
    const world = new World({ maxBytes: 100 });
    const handler = world.visit(undefined, (session) => {
      session.user = "alice";
      session.$flash("note", "x".repeat(100));
    });
    expect((await errorOf(handler)).message).toMatch(/largest: .*session\.\$flash\.note/);
  });

  it.each<[string, string, unknown, string]>([
    ["a function", "note", () => {}, "session.$flash.note is a function"],
    ["a function inside", "note", { a: [() => {}] }, "session.$flash.note.a[0] is a function"],
    ["an instance of a class", "note", new WeakMap(), "session.$flash.note is an instance of WeakMap"],
    ["the key of a control", "$id", 1, "begins with `$`"],
    ["a key that reaches a prototype", "__proto__", 1, "reaches a prototype"],
  ])("is refused at once, with its path, if it is %s", async (_, key, value, message) => {
    const session = await new World().manager.load();
    expect(() => session.$flash(key, value)).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_VALUE", message: expect.stringContaining(message) }),
    );
  });

  it("cannot be set after the response", async () => {
    const { session } = await new World().visit(undefined);
    expect(() => session.$flash("note", 1)).toThrow(expect.objectContaining({ code: "ERR_SESSION_COMMITTED" }));
  });
});
