import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type * as unsession from "unsession";

/** Notices are given once per process, so that each test has the modules anew. */
let createSessionManager: typeof unsession.createSessionManager;
const warn = vi.fn();

beforeEach(async () => {
  vi.resetModules();
  warn.mockClear();
  vi.spyOn(console, "warn").mockImplementation(warn);
  ({ createSessionManager } = await import("unsession"));
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe("a notice", () => {
  it.each([0, null])("says at start-up that sessions never expire with an idle timeout of %s, once", (idleTimeout) => {
    createSessionManager({ idleTimeout });
    createSessionManager({ idleTimeout });
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/^\[unsession\] Sessions never expire: /)]]);
  });

  it("says nothing of it where an absolute timeout ends sessions", () => {
    createSessionManager({ idleTimeout: 0, absoluteTimeout: 60 });
    expect(warn).not.toHaveBeenCalled();
  });

  it("says nothing of the defaults", async () => {
    await createSessionManager().count();
    expect(warn).not.toHaveBeenCalled();
  });

  it("says in production that sessions are kept in memory, once", async () => {
    vi.stubEnv("NODE_ENV", "production");
    await createSessionManager().count();
    await createSessionManager({ prefix: "other:" }).count();
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/^\[unsession\] Sessions are kept in memory: /)]]);
  });

  it.each([
    ["development", 1],
    ["production", 0],
  ])("says in %s of a public response that depends on a session: %d times", async (environment, times) => {
    vi.stubEnv("NODE_ENV", environment);
    const manager = createSessionManager({ storage: (await import("../../src/stores/memory.ts")).createMemoryStore() });
    for (let responses = 0; responses < 2; responses++) {
      const session = await manager.load();
      void session["user"];
      await manager.commit(session, { status: 200, headers: new Headers({ "cache-control": "public" }) });
    }
    expect(warn).toHaveBeenCalledTimes(times);
  });
});
