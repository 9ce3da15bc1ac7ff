import { describe, expect, it } from "vitest";
import { inspect, MAX_BIGINT_DIGITS } from "../../../src/serializers/inspect.ts";
import { MAX_DEPTH } from "../../../src/serializers/plain-tree.ts";
import { superjson } from "../../../src/serializers/superjson.ts";

const MANY = 65_536;
const { keeps: KEEPS } = superjson();
const richness = (data: object): string => inspect(data, MANY, KEEPS);

function refusal(data: object): string {
  try {
    inspect(data, MANY, KEEPS);
  } catch (error) {
    expect(error).toMatchObject({ name: "SessionError" });
    return (error as Error).message;
  }
  throw new Error("nothing was refused");
}

/** A tree in which `value` stands `depth` containers below the session. */
function nest(depth: number, value: unknown, wrap: (inner: unknown) => unknown = (inner) => ({ inner })): object {
  let tree = value;
  for (let level = 0; level < depth; level++) tree = wrap(tree);
  return { tree };
}

const SHARED = { a: 1 };

/** An array with a hole in its middle. */
function holed(): unknown[] {
  const list: unknown[] = [1, 2, 3];
  delete list[1];
  return list;
}

class Account {
  name = "alice";
}

describe("JSON keeps", () => {
  it.each([
    ["text", "x"],
    ["a lone surrogate", "\ud800"],
    ["numbers", [0, -1, 1.5, 1e300, Number.MAX_SAFE_INTEGER]],
    ["booleans and null", [true, false, null]],
    ["arrays and objects", { a: [{ b: [] }] }],
    ["an object without a prototype", Object.assign(Object.create(null), { a: 1 })],
    ["a key that holds undefined, which is no key", { a: undefined }],
    ["keys with dots, dollars and nothing", { "a.b": 1, $nested: 2, "": 3 }],
    ["one object at two places, as two", [SHARED, SHARED]],
  ])("%s", (_, value) => {
    expect(richness({ value })).toBe("plain");
  });
});

describe("superjson keeps", () => {
  const ring: Record<string, unknown> = {};
  ring["self"] = ring;

  it.each([
    ["NaN", NaN],
    ["Infinity", -Infinity],
    ["-0", -0],
    ["undefined in an array", [undefined]],
    ["a hole in an array", holed()],
    ["a bigint", 5n],
    ["a Date", new Date(0)],
    ["a Map", new Map()],
    ["a Set", new Set()],
    ["a RegExp", /a/],
    ["a URL", new URL("http://a.com")],
    ["an Error", new Error("x", { cause: [1] })],
    ["an Error whose message was set later", Object.assign(new Error(), { message: "x", name: "y" })],
    ["a TypeError", new TypeError("x")],
    ["bytes", new Uint8Array([1])],
    ["floats", new Float64Array([1.5])],
    ["a ring", ring],
  ])("%s", (_, value) => {
    expect(richness({ value })).toBe("rich");
  });

  it("holes of an array as undefined, which read the same", () => {
    const list = holed();
    inspect({ list }, MANY, KEEPS);
    expect(Object.keys(list)).toEqual(["0", "1", "2"]);
  });
});

describe("is refused with its path", () => {
  const hidden = Object.defineProperty({}, "secret", { value: 1, enumerable: false });

  it.each<[string, unknown, string]>([
    ["a function", [{ f: () => {} }], "session.value[0].f is a function."],
    ["a symbol", Symbol("x"), "session.value is a symbol."],
    ["an instance of a class", new Map([["k", new Account()]]), "session.value.k is an instance of Account."],
    [
      "an instance of a class without a name",
      new (class {
        name = "";
      })(),
      "session.value is an instance of an unnamed class.",
    ],
    ["a member of a Set", new Set([new Account()]), "session.value[object] is an instance of Account."],
    ["a key of a Map", new Map([[new Account(), 1]]), "session.value[object] is an instance of Account."],
    ["a Buffer", Buffer.from("x"), "session.value is an instance of Buffer."],
    ["a boxed number", Object(5), "session.value is an instance of Number."],
    ["a promise", Promise.resolve(), "session.value is an instance of Promise."],
    ["a WeakMap", new WeakMap(), "session.value is an instance of WeakMap."],
    ["64-bit integers", new BigInt64Array(1), "session.value is an instance of BigInt64Array."],
    ["a DataView", new DataView(new ArrayBuffer(1)), "session.value is an instance of DataView."],
    ["an ArrayBuffer", new ArrayBuffer(1), "session.value is an instance of ArrayBuffer."],
    ["a subclass of Map", new (class Tags extends Map {})(), "session.value is an instance of Tags."],
    ["a subclass of Array", new (class List extends Array {})(), "session.value is an instance of List."],
    ["a subclass of Error", new (class Oops extends Error {})(), "session.value is an instance of Oops."],
    ["an AggregateError", new AggregateError([]), "session.value is an instance of AggregateError."],
    ["an invalid Date", new Date(NaN), "session.value is an invalid Date."],
    ["NaN among floats", new Float32Array([1, NaN]), "session.value[1] is NaN, infinite or -0 in a typed array"],
    ["-0 among floats", new Float64Array([-0]), "session.value[0] is NaN, infinite or -0 in a typed array"],
    ["a property of an error", Object.assign(new Error("x"), { code: 1 }), "session.value.code is a property of an Error"],
    ["the cause of an error", new Error("x", { cause: () => {} }), "session.value.cause is a function."],
    ["a hidden property", hidden, "session.value.secret is a hidden property"],
    ["a key __proto__", JSON.parse('{"a":{"__proto__":1}}'), "session.value.a.__proto__ has a key that reaches a prototype"],
    ["a key constructor", { constructor: 1 }, "session.value.constructor has a key that reaches a prototype"],
    ["a key prototype", [{ prototype: 1 }], "session.value[0].prototype has a key that reaches a prototype"],
  ])("%s", (_, value, message) => {
    const shown = refusal({ value });
    expect(shown).toContain(`[unsession] ${message}`);
    expect(shown).toMatch(/\. [A-Z][^.]+\. \(see /);
  });

  it("a key of the session that begins with a dollar", () => {
    expect(refusal({ $user: 1 })).toContain("session.$user has a key that begins with `$`");
  });

  it("two rings that close at members of one Set, which would come back as one", () => {
    const inner: unknown[] = [];
    const outer = { inner };
    const set = new Set([inner, outer]);
    inner.push(set);
    expect(refusal(outer)).toContain("session.inner[0] holds more than one container of itself");
  });

  it("a bigint of more than 4,096 digits", () => {
    expect(MAX_BIGINT_DIGITS).toBe(4096);
    expect(richness({ n: 10n ** 4096n - 1n })).toBe("rich");
    expect(refusal({ n: 10n ** 4096n })).toContain("session.n is a bigint of more than 4096 digits");
    expect(refusal({ n: -(10n ** 4096n) })).toContain("session.n is a bigint of more than 4096 digits");
  });
});

describe("a tree may be 64 levels deep", () => {
  it.each<[string, (inner: unknown) => unknown]>([
    ["objects", (inner) => ({ inner })],
    ["arrays", (inner) => [inner]],
    ["Maps", (inner) => new Map([["k", inner]])],
    ["keys of Maps", (inner) => new Map([[inner, 1]])],
    ["Sets", (inner) => new Set([inner])],
    ["causes of errors", (inner) => new Error("x", { cause: inner })],
  ])("of %s, and no more", (_, wrap) => {
    expect(MAX_DEPTH).toBe(64);
    expect(() => richness(nest(64, 1, wrap))).not.toThrow();
    expect(refusal(nest(66, 1, wrap))).toMatch(/^\[unsession\] session\.tree\S* is nested more than 64 levels deep\./);
  });

  it("however much deeper it would go", () => {
    expect(refusal(nest(100_000, 1))).toContain("is nested more than 64 levels deep");
  });
});

describe("a tree that would be larger than could be stored is refused before it is written", () => {
  it("for aliases that multiply", () => {
    let bomb: unknown = "x";
    for (let level = 0; level < 40; level++) bomb = [bomb, bomb];
    const started = performance.now();
    expect(refusal({ bomb })).toContain("over the limit of 65536; largest: session.bomb.");
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it("for an array that is all holes", () => {
    const list: unknown[] = [];
    list.length = 4_000_000_000;
    expect(refusal({ list })).toContain("session.list has 4000000000 items, more than could be stored");
  });
});

describe("with a serializer of the user's", () => {
  it.each([
    ["instances of classes are its own matter", new Account()],
    ["an invalid Date is its own matter", new Date(NaN)],
    ["properties of an error are its own matter", Object.assign(new Error("x"), { code: 1 })],
  ])("%s", (_, value) => {
    expect(inspect({ value }, MANY, undefined)).toBe("rich");
  });

  it.each([
    ["functions", { value: () => {} }, "is a function"],
    ["depth", nest(66, 1), "is nested more than 64 levels deep"],
    ["digits", { value: 10n ** 5000n }, "is a bigint"],
    ["keys that reach a prototype", { value: { constructor: 1 } }, "reaches a prototype"],
    ["keys of controls", { $id: 1 }, "begins with `$`"],
  ])("%s are refused all the same", (_, data, message) => {
    expect(() => inspect(data, MANY, undefined)).toThrow(message);
  });
});
