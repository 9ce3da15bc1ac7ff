import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { devalue } from "unsession/serializers/devalue";
import { encrypted } from "unsession/serializers/encrypted";
import { json } from "unsession/serializers/json";
import { msgpackr } from "unsession/serializers/msgpackr";
import { superjson } from "unsession/serializers/superjson";
import { root } from "../../scripts/entries.ts";
import { codesOf, inParallel } from "../stores/_sessions.ts";
import { tokenOf, withData, World } from "../unit/_setup.ts";
import { openSite, write } from "./_setup.ts";

/** What `docs/security.md` says of data, where no fault is needed for it; the rest is in `fault-matrix-*.test.ts`. */

const guide = readFileSync(join(root, "docs/options.md"), "utf8");
const serializers = { json, superjson, devalue, msgpackr };

describe("D2: reading", () => {
  it("writes nothing, whatever is looked at", async () => {
    const { world } = await openSite();
    const { cookie } = await world.visit(
      undefined,
      write({ list: [1, { n: 1 }], map: new Map([[1, new Date(0)]]), at: new Date(0) }),
    );
    for (let times = 0; times < 100; times++) {
      const { calls, setCookies } = await world.visit(cookie, (session) => [
        JSON.stringify(session),
        session.list.map(String),
        [...session.map.values()].map((date) => date.getTime()),
        Object.keys(session),
        session.$snapshot(),
      ]);
      expect([calls, setCookies]).toEqual([["get"], []]);
    }
  });
});

describe("D6: data that is made to be costly", () => {
  /** Whatever it is, a fresh session takes its place. */
  const cost = async (text: string, serializer: string): Promise<number> => {
    const { world, cookie } = await openSite({ serializer: Object.values(serializers).map((make) => make()) });
    await world.dataOf(cookie);
    world.store.record = withData(world.store.record, text, serializer);
    const began = performance.now();
    expect(await world.dataOf(cookie)).toEqual({});
    expect(world.infos("corrupt")).toHaveLength(1);
    return performance.now() - began;
  };

  it.each<[string, string, string]>([
    ["more bytes than may be", "json", `{"a":"${"x".repeat(70_000)}"}`],
    ["arrays in arrays, 30,000 deep", "json", `{"a":${"[".repeat(30_000)}${"]".repeat(30_000)}}`],
    ["objects in objects, 10,000 deep", "json", `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`],
    [
      "a bigint of 60,000 digits",
      "superjson",
      `{"json":{"a":"${"9".repeat(60_000)}"},"meta":{"values":{"a":[["custom","bigint"]]}}}`,
    ],
    ["arrays in arrays, 10,000 deep", "superjson", `{"json":{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}}`],
    ["a bigint of 60,000 digits", "devalue", `[{"a":1},["BigInt","${"9".repeat(60_000)}"]]`],
    ["a chain of 5,000 arrays", "devalue", JSON.stringify([{ a: 1 }, ...Array.from({ length: 5000 }, (_, n) => [n + 2]), [0]])],
    ["an array of four thousand million", "msgpackr", "\x81\xa1a\xdd\xff\xff\xff\xff"],
    ["a map of four thousand million", "msgpackr", "\x81\xa1a\xdf\xff\xff\xff\xff"],
    ["bytes of four thousand million", "msgpackr", "\x81\xa1a\xc6\xff\xff\xff\xff"],
    ["arrays in arrays, 10,000 deep", "msgpackr", `\x81\xa1a${"\x91".repeat(10_000)}\x01`],
  ])("is set aside, soon: %s, for %s", async (_what, serializer, text) => {
    // Fifty milliseconds on a machine that does nothing else.
    expect(await cost(text, serializer)).toBeLessThan(500);
  });

  it.each<[string, unknown]>([
    ["65 levels", Array.from({ length: 65 }).reduce((inner) => ({ inner }), 1)],
    ["a bigint of 4,097 digits", 10n ** 4096n],
    ["more bytes than may be", "x".repeat(70_000)],
  ])("is not stored either: %s", async (_what, value) => {
    const { world, cookie } = await openSite();
    const [code] = await codesOf([world.visit(cookie, write({ value }))]);
    expect(["ERR_SESSION_VALUE", "ERR_SESSION_TOO_LARGE"]).toContain(code);
    expect(await world.dataOf(cookie)).toEqual({ user: "alice" });
  });
});

/** A record with one bit of one character changed. */
const flipped = (record: string, at: number, bit: number): string =>
  record.slice(0, at) + String.fromCharCode(record.charCodeAt(at) ^ (1 << bit)) + record.slice(at + 1);

describe("D7: a record with one bit flipped", () => {
  it.each(Object.entries(serializers))("is never an error, nor more than data, with %s", async (_name, make) => {
    const world = new World({ serializer: make() });
    const { cookie } = await world.visit(undefined, write({ user: "alice", views: 3, roles: ["a", "b"] }));
    const { record } = world.store;
    for (let at = 0; at < record.length; at++) {
      for (const bit of [0, 2, 4, 5, 6]) {
        world.store.record = flipped(record, at, bit);
        const session = await world.manager.load(cookie);
        expect(Object.getPrototypeOf(session.$snapshot())).toBe(Object.prototype);
      }
    }
  });

  it("is what was stored or a fresh session, where it is encrypted", async () => {
    const data = { user: "alice", roles: ["a", "b"] };
    const world = new World({ serializer: encrypted(json(), { keys: ["a key that is long enough to encrypt"] }) });
    const { cookie } = await world.visit(undefined, write(data));
    const { record } = world.store;
    const seen = new Set<string>();
    for (let at = 0; at < record.length; at++) {
      world.store.record = flipped(record, at, at % 7);
      seen.add(JSON.stringify(await world.dataOf(cookie)));
    }
    expect([...seen].sort()).toEqual([JSON.stringify(data), "{}"].sort());
  });

  it("cannot pass for another session's: keys are hashes, and a record is found under its own only", async () => {
    const { world, cookie } = await openSite();
    const [key] = Object.keys(world.store.dump) as [string];
    expect(key).toMatch(/^session:[\w-]{43}$/);
    expect(JSON.stringify(world.store.dump)).not.toContain(cookie.slice("session=".length));
  });
});

describe("D11: two requests with one session", () => {
  it("share no object: what one does not save, no other sees", async () => {
    const { world } = await openSite();
    const { cookie } = await world.visit(undefined, write({ cart: { items: [1] } }));
    const [one, two] = await inParallel(2, () => world.manager.load(cookie));
    one?.cart.items.push(2);
    expect([two?.cart, await world.dataOf(cookie)]).toEqual([{ items: [1] }, { cart: { items: [1] } }]);
  });

  it("nor with what was stored: an object that goes on changing changes nothing", async () => {
    const world = new World();
    const cart = { items: [1] };
    const { cookie } = await world.visit(undefined, write({ cart }));
    cart.items.push(2);
    expect(await world.dataOf(cookie)).toEqual({ cart: { items: [1] } });
  });
});

describe("D12: a thousand users at once", () => {
  it("never see one another's data", async () => {
    const world = new World();
    const cookies = await inParallel(1000, async (user) => (await world.visit(undefined, write({ user }))).cookie);
    const seen = await inParallel(5000, async (n) => {
      const user = (n * 7) % 1000;
      const { session } = await world.visit(cookies[user], (one) => one.$increment("views"));
      return session.user === user;
    });
    expect(seen.every(Boolean)).toBe(true);
    expect(await world.dataOf(cookies[999])).toEqual({ user: 999, views: 5 });
  });
});

describe("D13: what the guide says of times and limits", () => {
  /** The default of an option, as it is written in the guide. */
  const documented = (option: string): number =>
    Number(new RegExp(`^\\| \`${option}\`.*\\| \`(\\d+)\` \\|`, "m").exec(guide)?.[1]);

  it("holds for `idleTimeout`", async () => {
    const { world, cookie } = await openSite();
    world.clock.advance(documented("idleTimeout") * 1000 - 1);
    expect(await world.manager.find(tokenOf(cookie))).toEqual({ user: "alice" });
    world.clock.advance(1);
    expect(await world.manager.find(tokenOf(cookie))).toBeUndefined();
  });

  it("holds for `maxBytes`", async () => {
    const { world, cookie } = await openSite();
    const room = documented("maxBytes") - JSON.stringify({ user: "" }).length;
    await world.visit(cookie, write({ user: "x".repeat(room) }));
    expect(await codesOf([world.visit(cookie, write({ user: "x".repeat(room + 1) }))])).toEqual(["ERR_SESSION_TOO_LARGE"]);
  });

  it("holds for `tombstoneTtl`", async () => {
    const { world, cookie } = await openSite();
    await world.visit(cookie, (session) => session.$destroy());
    world.clock.advance(documented("tombstoneTtl") * 1000 - 1);
    expect(await codesOf([world.visit(cookie, write({ user: "bob" }))])).toEqual(["ERR_SESSION_GONE"]);
    world.clock.advance(1);
    expect(await codesOf([world.visit(cookie, write({ user: "bob" }))])).toEqual([]);
  });
});
