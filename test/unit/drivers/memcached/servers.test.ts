import { describe, expect, it } from "vitest";
import { parseServers, serverOf } from "../../../../src/drivers/memcached/servers.ts";

describe("the servers option", () => {
  it("takes one or several, with port 11211 where there is none", () => {
    expect(parseServers("cache")).toEqual(["cache:11211"]);
    expect(parseServers(["10.0.0.2:11212", "10.0.0.1"])).toEqual(["10.0.0.1:11211", "10.0.0.2:11212"]);
  });

  it("is the same in any order and writing, and with repetitions", () => {
    expect(parseServers(["b", "A", "a:11211", "b:11211"])).toEqual(parseServers(["a", "b"]));
  });

  it.each([undefined, null, "", [], [""], "a:0", "a:65536", "a:b", "a b", "memcached://a", "[::1]:11211", [1], {}])(
    "is refused as %j",
    (servers) => {
      expect(() => parseServers(servers)).toThrow(
        expect.objectContaining({ code: "ERR_SESSION_OPTIONS", message: expect.stringContaining("`servers`") }),
      );
    },
  );
});

describe("the server of a key", () => {
  const three = ["10.0.0.1:11211", "10.0.0.2:11211", "10.0.0.3:11211"];
  const keys = Array.from({ length: 30_000 }, (_, n) => `session:${n}`);

  const shares = (servers: readonly string[]): number[] =>
    servers.map((server) => keys.filter((key) => serverOf(key, servers) === server).length / keys.length);

  it("is the only one", () => {
    expect(serverOf("a", ["x:1"])).toBe("x:1");
  });

  it("is each of them for an equal share of the keys", () => {
    for (const share of shares(three)) expect(share).toBeCloseTo(1 / 3, 1.5);
    const ten = Array.from({ length: 10 }, (_, n) => `cache-${n}:11211`);
    for (const share of shares(ten)) expect(share).toBeCloseTo(1 / 10, 1.5);
  });

  it("stays as it was when a server is added, but for the keys that the new one takes", () => {
    const four = [...three, "10.0.0.4:11211"];
    const moved = keys.filter((key) => serverOf(key, four) !== serverOf(key, three));
    expect(moved.every((key) => serverOf(key, four) === "10.0.0.4:11211")).toBe(true);
    expect(moved.length / keys.length).toBeCloseTo(1 / 4, 1.5);
  });

  it("stays as it was when a server is removed, but for the keys that it had", () => {
    const two = three.slice(1);
    const moved = keys.filter((key) => serverOf(key, two) !== serverOf(key, three));
    expect(moved.every((key) => serverOf(key, three) === three[0])).toBe(true);
  });

  it("does not depend on the order of the list", () => {
    expect(keys.every((key) => serverOf(key, three) === serverOf(key, three.toReversed()))).toBe(true);
  });
});
