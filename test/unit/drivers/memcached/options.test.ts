import { MemcacheClient } from "memcache-client";
import { describe, expect, it } from "vitest";
import memcached, { type MemcachedOptions } from "unsession/drivers/memcached";

const refusal = (options: unknown): unknown => {
  try {
    memcached(options as MemcachedOptions);
  } catch (error) {
    return error;
  }
  return undefined;
};

describe("the options of the memcached driver", () => {
  it("open nothing yet", () => {
    expect(memcached({ servers: "127.0.0.1:1" }).name).toBe("unsession-memcached");
  });

  it.each([
    ["servers", {}],
    ["servers", { servers: "a:b" }],
    ["servers", { servers: "a:1", client: new MemcacheClient({ server: "a:1" }) }],
    ["client", { client: {} }],
    ["client", { client: null }],
    ["client", { client: "127.0.0.1:11211" }],
    ["client", { client: new MemcacheClient({ server: { servers: [{ server: "a:1" }, { server: "b:1" }] } }) }],
    ["timeout", { servers: "a", timeout: 0 }],
    ["timeout", { servers: "a", timeout: 1.5 }],
    ["timeout", { servers: "a", timeout: Infinity }],
    ["maxItemBytes", { servers: "a", maxItemBytes: 1023 }],
    ["maxItemBytes", { servers: "a", maxItemBytes: "1m" }],
  ])("name `%s` when it is wrong", (option, options) => {
    expect(refusal(options)).toMatchObject({
      code: "ERR_SESSION_OPTIONS",
      message: expect.stringContaining(`Option \`${option}\``),
    });
  });

  it("take a client for one server, however it was told", () => {
    for (const server of ["a:1", { server: "a:1" }, { servers: [{ server: "a:1" }] }]) {
      expect(refusal({ client: new MemcacheClient({ server }) })).toBeUndefined();
    }
  });
});
