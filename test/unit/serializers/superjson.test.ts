import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { superjson } from "../../../src/serializers/superjson.ts";
import { graphs, isSameGraph } from "../../serializers/_graphs.ts";

const serializer = superjson();
const write = async (data: unknown): Promise<string> => serializer.serialize(data);
const read = async (text: string): Promise<any> => serializer.deserialize(text);
const roundTrip = async <D>(data: D): Promise<D> => read(await write(data));

describe("superjson", () => {
  beforeAll(async () => {
    await write({});
  });

  it("answers without a promise once it is loaded", () => {
    expect(serializer.serialize({ a: 1 })).toBe('{"json":{"a":1}}');
    expect(serializer.deserialize('{"json":{"a":1}}')).toEqual({ a: 1 });
  });

  it("restores every graph of aliases and rings, in the order it had", async () => {
    const property = fc.asyncProperty(graphs(false), async (data) => {
      const text = await write(data);
      const again = await read(text);
      expect(isSameGraph(data, again)).toBe(true);
      expect(await write(again)).toBe(text);
    });
    await fc.assert(property, { numRuns: process.env["LONG"] === undefined ? 2000 : 200_000 });
  });

  it.each([
    ["a text, which has no end", '"Date"'],
    ["a text for those of a container", '{"a":["set","01"]}'],
    ["nothing", "null"],
    ["a number", '{"a":["set",5]}'],
  ])("refuses annotations that are %s", async (_, values) => {
    const text = `{"json":{"a":[1]},"meta":{"values":${values},"v":1}}`;
    await expect(read(text)).rejects.toThrow("annotations that are no tree");
  });

  it.each([
    ["an item far behind the end", '{"a.999999999":["Date"]}'],
    ["a member far behind the end", '{"a":["set",{"999999999":["undefined"]}]}'],
    ["the length of a list", '{"a.length":["Date"]}'],
    ["a key that is not there", '{"b":["Date"]}'],
    ["what is below a number", '{"a.0.x":["Date"]}'],
    ["thousands of steps", `{"${"a.".repeat(30_000)}a":["Date"]}`],
  ])("refuses annotations of %s", async (_, values) => {
    const text = `{"json":{"a":[1]},"meta":{"values":${values},"v":1}}`;
    await expect(read(text)).rejects.toThrow("an annotation of nothing");
  });

  it.each([
    ["to aliases", (path: string) => `{"a":["${path}"]}`],
    ["of what has aliases", (path: string) => `{"${path}":["a"]}`],
  ])("refuses paths %s that are longer than any", async (_, equalities) => {
    const read133 = read(`{"json":{"a":{}},"meta":{"referentialEqualities":${equalities("a.".repeat(133) + "a")},"v":1}}`);
    await expect(read133).rejects.toThrow("a path that is too long");
  });

  it("keeps Maps and Sets as deep as a session may be, and aliases in them", async () => {
    const inner = { at: new Date(0) };
    let [maps, sets]: unknown[] = [inner, inner];
    for (let level = 0; level < 63; level++) [maps, sets] = [new Map([[maps, 1]]), new Set([sets])];
    const again = await roundTrip({ maps, sets });
    expect(again).toEqual({ maps, sets });
    const innermost = (value: any): any =>
      value instanceof Set || value instanceof Map ? innermost([...value.keys()][0]) : value;
    expect(innermost(again.maps)).toBe(innermost(again.sets));
  });

  it("takes dots and backslashes in a key for no steps", async () => {
    const data = { [".".repeat(500)]: new Date(0), ["\\.".repeat(500)]: [new Date(0)] };
    expect(await roundTrip(data)).toEqual(data);
  });

  it("loses no member of a Set that others stand elsewhere too", async () => {
    const [a, b, c] = [{ n: "a" }, { n: "b" }, { n: "c" }];
    const again = await roundTrip({ all: new Set([a, b, c]), first: a, second: b });
    expect([...again.all]).toEqual([a, b, c]);
    expect([...again.all].slice(0, 2)).toEqual([again.first, again.second]);
    expect([...again.all][1]).toBe(again.second);
  });

  it("loses no entry of a Map whose keys stand elsewhere too", async () => {
    const [a, b, c] = [{ n: "a" }, { n: "b" }, { n: "c" }];
    const again = await roundTrip({
      all: new Map([
        [a, 1],
        [b, 2],
        [c, 3],
      ]),
      first: a,
      second: b,
    });
    expect([...again.all]).toEqual([
      [a, 1],
      [b, 2],
      [c, 3],
    ]);
  });

  it("loses no entry of a Map whose key is NaN", async () => {
    const again = await roundTrip({ map: new Map([[NaN, 1]]), nan: NaN, set: new Set([NaN, 1]) });
    expect(again).toEqual({ map: new Map([[NaN, 1]]), nan: NaN, set: new Set([NaN, 1]) });
    expect([...again.set]).toEqual([NaN, 1]);
  });

  it("restores two rings that lead through each other", async () => {
    const one: Record<string, unknown> = {};
    const two: Record<string, unknown> = { one };
    one["two"] = two;
    const again = await roundTrip({ one, two });
    expect((again.one["two"] as typeof two)["one"]).toBe(again.one);
    expect(again.one["two"]).toBe(again.two);
  });

  it("restores what stands below keys with dots and backslashes in them", async () => {
    const shared = { when: new Date(0) };
    const data = { "a.b": { "c\\.d": shared, "": shared }, "\\": [shared], ".": new Map([["e.f", shared]]) };
    expect(isSameGraph(data, await roundTrip(data))).toBe(true);
  });

  it("restores the session itself inside it", async () => {
    const data: Record<string, unknown> = { list: [] };
    data["self"] = data;
    (data["list"] as unknown[]).push(data, data["list"]);
    expect(isSameGraph(data, await roundTrip(data))).toBe(true);
  });

  it.each([Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError])(
    "keeps a %o as what it was",
    async (Type) => {
      const { error } = await roundTrip({ error: new Type("no", { cause: { at: new Date(0) } }) });
      expect(error).toBeInstanceOf(Type);
      expect(Object.getPrototypeOf(error)).toBe(Type.prototype);
      expect([error.name, error.message, error.cause]).toEqual([Type.name, "no", { at: new Date(0) }]);
    },
  );

  it("gives an error no cause that it had not, nor a stack of elsewhere", async () => {
    const { error } = await roundTrip({ error: new Error("no") });
    expect(["cause" in error, error.stack]).toEqual([false, undefined]);
  });

  it("keeps the name that an error was given", async () => {
    const { error } = await roundTrip({ error: Object.assign(new TypeError("no"), { name: "MyError" }) });
    expect([error.name, error instanceof TypeError]).toEqual(["MyError", true]);
  });

  it.each([0n, -1n, 10n ** 4095n, 1n - 10n ** 4096n])("keeps a bigint of up to 4,096 digits", async (value) => {
    expect((await roundTrip({ value })).value).toBe(value);
  });

  it("knows nothing of what the application taught superjson for other ends", async () => {
    const library = await import("superjson");
    class Account {
      name = "alice";
    }
    library.default.registerClass(Account, "Account");
    expect(await write({ it: { name: "bob" } })).not.toContain("Account");
    await expect(read('{"json":{"it":{}},"meta":{"values":{"it":[["class","Account"]]},"v":1}}')).rejects.toThrow();
  });
});

describe("superjson refuses", () => {
  const meta = (values: unknown, equalities?: unknown): string =>
    JSON.stringify({
      json: { a: {}, b: null, n: "9".repeat(5000) },
      meta: { values, ...(equalities === undefined ? {} : { referentialEqualities: equalities }), v: 1 },
    });

  it.each([
    ["a bigint of 5,000 digits, as it writes one", meta({ n: [["custom", "bigint"]] })],
    ["a bigint of 5,000 digits, as others write one", meta({ n: ["bigint"] })],
    [
      "a bigint of 5,000 digits, as others write one inside a Map",
      `{"json":{"m":[["k","${"9".repeat(5000)}"]]},"meta":{"values":{"m":["map",{"0.1":["bigint"]}]},"v":1}}`,
    ],
    ["an error of an unknown type", meta({ a: [["custom", "Error"]] })],
    ["a class", meta({ a: [["class", "Account"]] })],
    ["a symbol", meta({ a: [["symbol", "x"]] })],
    ["an unknown type", meta({ a: ["function"] })],
    ["an alias of what is not there", meta({}, { a: ["c.d"] })],
    ["an alias below what is no object", meta({}, { a: ["b.c"] })],
    ["an alias to a prototype", meta({}, { a: ["__proto__"] })],
    ["an alias below a prototype", meta({}, { a: ["constructor.prototype.polluted"] })],
    ["an alias from a prototype", meta({}, { "a.__proto__": ["b"] })],
    ["an alias of a method", meta({}, { "a.toString": ["b"] })],
    ["aliases that are no paths", meta({}, { a: 5 })],
    ["text that is no JSON", "{"],
    ["JSON that is no object", "null"],
  ])("%s", async (_, text) => {
    await expect(read(text)).rejects.toThrow();
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});
