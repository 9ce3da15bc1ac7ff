import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { createSessionManager, SessionError, type SessionErrorCode } from "unsession";
import { manifest, root } from "../../scripts/entries.ts";
import * as errors from "../../src/errors.ts";
import { errorOf, failing, tokenOf, World } from "./_setup.ts";

/** One of each, as the library makes them. */
const ALL: readonly [string, SessionError, SessionErrorCode, number | undefined][] = [
  ["optionError", errors.optionError("maxBytes", -1, "a whole number"), "ERR_SESSION_OPTIONS", undefined],
  ["clashError", errors.clashError("name", "session"), "ERR_SESSION_OPTIONS", undefined],
  ["unsupportedError", errors.unsupportedError("The store x cannot", "Use another"), "ERR_SESSION_UNSUPPORTED", undefined],
  ["notLoadedError", errors.notLoadedError(undefined, []), "ERR_SESSION_NOT_LOADED", undefined],
  ["notLoadedError", errors.notLoadedError("b", ["a"]), "ERR_SESSION_NOT_LOADED", undefined],
  ["committedError", errors.committedError(), "ERR_SESSION_COMMITTED", undefined],
  ["destroyedError", errors.destroyedError(), "ERR_SESSION_DESTROYED", undefined],
  ["valueError", errors.valueError(["a", 0, "b c"], "is a function", "Keep only data"), "ERR_SESSION_VALUE", undefined],
  ["serializeError", errors.serializeError("json", new Error("no")), "ERR_SESSION_SERIALIZE", undefined],
  ["tooLargeError", errors.tooLargeError(9, 8, ["session.a"]), "ERR_SESSION_TOO_LARGE", undefined],
  ["itemTooLargeError", errors.itemTooLargeError(9, 8), "ERR_SESSION_TOO_LARGE", undefined],
  ["storeError", errors.storeError("load a session", new Error("no")), "ERR_SESSION_STORE", 503],
  ["uncertainError", errors.uncertainError(), "ERR_SESSION_STORE", 503],
  ["conflictError", errors.conflictError([["a"], ["b", 1]]), "ERR_SESSION_CONFLICT", 409],
  ["contentionError", errors.contentionError(), "ERR_SESSION_CONFLICT", 409],
  ["regenerateConflictError", errors.regenerateConflictError(), "ERR_SESSION_CONFLICT", 409],
  ["ownerLimitError", errors.ownerLimitError(3), "ERR_SESSION_CONFLICT", 409],
  ["goneError", errors.goneError(), "ERR_SESSION_GONE", 409],
];

/** The sections of a page, by their anchors as GitHub makes them of headings of one word. */
function sectionsOf(page: string): Map<string, string> {
  const [, ...sections] = readFileSync(join(root, page), "utf8").split(/^## /m);
  return new Map(
    sections.map((section) => {
      const [heading = "", ...text] = section.split("\n");
      return [heading.toLowerCase(), text.join("\n").trim()];
    }),
  );
}

describe.each(ALL)("%s", (_, error, code, status) => {
  it("has its code and status", () => {
    expect([error.code, error.status]).toEqual([code, status]);
  });

  it("says what happened, and what to do", () => {
    expect(error.message).toMatch(/^\[unsession\] \S[^\n]+\. \S[^\n]+\. \(see [^)\n]+\)$/);
    expect(error.message).not.toMatch(/\.\.|undefined|\[object/);
  });

  it("leads to its section of the documentation, which names its status", () => {
    const [, file, anchor] = /\(see unsession\/(\S+)#(\w+)\)$/.exec(error.message) as unknown as [string, string, string];
    expect(manifest.files).toContain(file);
    const section = sectionsOf(file).get(anchor);
    expect(section).toMatch(new RegExp(`^HTTP status ${status ?? 500}\\. `));
  });
});

describe("docs/errors.md", () => {
  it("has one section for each code, and no other", () => {
    const source = readFileSync(join(root, "src/errors.ts"), "utf8");
    const codes = [...source.matchAll(/^ {2}\| "(ERR_SESSION_\w+)"/gm)].map(([, code = ""]) => code.toLowerCase());
    expect(codes).toEqual(expect.arrayContaining(ALL.map(([, , code]) => code.toLowerCase())));
    expect([...sectionsOf("docs/errors.md").keys()]).toEqual(codes);
  });
});

describe("a session error", () => {
  const error = errors.storeError("load a session", new Error("ECONNREFUSED"));

  it("is an error, named as its class", () => {
    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf(SessionError);
    expect([error.name, String(error)]).toEqual(["SessionError", `SessionError: ${error.message}`]);
  });

  it("keeps its cause", () => {
    expect((error.cause as Error).message).toBe("ECONNREFUSED");
  });

  it("has no cause where there is none", () => {
    expect("cause" in errors.destroyedError()).toBe(false);
  });

  it("shows its code when it is printed", () => {
    expect(inspect(error)).toContain("code: 'ERR_SESSION_STORE'");
  });
});

describe("SessionError.is", () => {
  it("knows the errors of another copy of the package", async () => {
    vi.resetModules();
    const copy: typeof errors = await import("../../src/errors.ts");
    expect(copy.SessionError).not.toBe(SessionError);
    expect(SessionError.is(copy.goneError())).toBe(true);
    expect(copy.SessionError.is(errors.goneError())).toBe(true);
  });

  it.each([
    ["another error", new Error("x")],
    ["an error with a code", Object.assign(new Error("x"), { code: "ERR_SESSION_STORE" })],
    ["an object of the same shape", { name: "SessionError", code: "ERR_SESSION_GONE", message: "x" }],
    ["null", null],
    ["undefined", undefined],
    ["a string", "ERR_SESSION_GONE"],
  ])("does not take %s for one", (_, value) => {
    expect(SessionError.is(value)).toBe(false);
  });
});

describe("each code is reached", () => {
  const codeOf = async (promise: Promise<unknown>): Promise<unknown> => (await errorOf(promise)).code;

  it("ERR_SESSION_OPTIONS by an option", () => {
    expect(() => createSessionManager({ maxBytes: -1 })).toThrow(expect.objectContaining({ code: "ERR_SESSION_OPTIONS" }));
  });

  it("ERR_SESSION_OPTIONS by a token that is none", async () => {
    const world = new World({ generateToken: () => "no token!" });
    expect(await codeOf(world.visit(undefined, (session) => void (session.a = 1)))).toBe("ERR_SESSION_OPTIONS");
  });

  it("ERR_SESSION_UNSUPPORTED by a list that the store has not", async () => {
    const world = new World();
    world.store.list = false;
    expect(await codeOf(world.manager.count())).toBe("ERR_SESSION_UNSUPPORTED");
  });

  it("ERR_SESSION_COMMITTED by a write after the response", async () => {
    const { session } = await new World().visit(undefined);
    expect(() => void (session.a = 1)).toThrow(expect.objectContaining({ code: "ERR_SESSION_COMMITTED" }));
  });

  it("ERR_SESSION_DESTROYED by a write after $destroy", async () => {
    const session = await new World().manager.load();
    await session.$destroy();
    expect(() => void (session.a = 1)).toThrow(expect.objectContaining({ code: "ERR_SESSION_DESTROYED" }));
  });

  it("ERR_SESSION_VALUE by a function", async () => {
    const session = await new World().manager.load();
    expect(() => void (session.a = () => {})).toThrow(expect.objectContaining({ code: "ERR_SESSION_VALUE" }));
  });

  it("ERR_SESSION_SERIALIZE by a serializer that fails", async () => {
    const serialize = (): string => {
      throw new Error("no");
    };
    const world = new World({ serializer: { id: "mine", serialize, deserialize: () => ({}) } });
    expect(await codeOf(world.visit(undefined, (session) => void (session.a = 1)))).toBe("ERR_SESSION_SERIALIZE");
  });

  it("ERR_SESSION_TOO_LARGE by too much", async () => {
    const world = new World({ maxBytes: 10 });
    expect(await codeOf(world.visit(undefined, (session) => void (session.a = "x".repeat(9))))).toBe("ERR_SESSION_TOO_LARGE");
  });

  it("ERR_SESSION_STORE by a store that fails", async () => {
    const world = new World();
    world.store.fault = failing("get");
    expect(await codeOf(world.manager.load("session=abc"))).toBe("ERR_SESSION_STORE");
  });

  it("ERR_SESSION_CONFLICT by a conflict that is to be refused", async () => {
    const world = new World({ conflict: "reject" });
    const { cookie } = await world.visit(undefined, (session) => void (session.a = 1));
    const late = world.visit(cookie, async (session) => {
      session.a = 2;
      await world.visit(cookie, (other) => void (other.a = 3));
    });
    expect(await codeOf(late)).toBe("ERR_SESSION_CONFLICT");
  });

  it("ERR_SESSION_GONE by a write to a session that was ended", async () => {
    const world = new World();
    const { cookie } = await world.visit(undefined, (session) => void (session.a = 1));
    const late = world.visit(cookie, async (session) => {
      session.a = 2;
      await world.visit(cookie, (other) => other.$destroy());
    });
    expect(await codeOf(late)).toBe("ERR_SESSION_GONE");
  });
});

describe("no token is in", () => {
  const SECRET = "a secret that is long enough to sign";

  it.each([
    ["a store that fails at load", failing("get"), undefined],
    ["a store that fails at save", failing("replace"), (session: Record<string, unknown>) => void (session["a"] = 2)],
  ])("message, stack or print of the error of %s", async (_, fault, handler) => {
    const world = new World({ secret: SECRET, timeouts: { load: 20, save: 20 } });
    const { cookie } = await world.visit(undefined, (session) => void (session.a = 1));
    world.store.fault = fault;
    const error = await errorOf(world.visit(cookie, handler));
    const shown = inspect(error, { depth: 10, showHidden: true }) + error.message + error.stack + JSON.stringify(error);
    expect(error.code).toBe("ERR_SESSION_STORE");
    expect(shown).not.toContain(tokenOf(cookie));
    expect(shown).not.toContain(SECRET);
  });

  it("the error of a generated token that is in use", async () => {
    const world = new World({ generateToken: () => "one-and-only" });
    await world.visit(undefined, (session) => void (session.a = 1));
    const error = await errorOf(world.visit(undefined, (session) => void (session.a = 2)));
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain("one-and-only");
  });

  it("the error of a generated token that is none", async () => {
    const world = new World({ generateToken: () => "my bad token" });
    const error = await errorOf(world.visit(undefined, (session) => void (session.a = 1)));
    expect(error.message).toContain("Option `generateToken` ");
    expect(inspect(error)).not.toContain("my bad token");
  });
});
