import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { createCodec } from "../../src/codec.ts";
import { SessionError } from "../../src/errors.ts";
import type { Encoded } from "../../src/record.ts";
import { json } from "../../src/serializers/json.ts";
import type { BinarySerializer, TextSerializer } from "../../src/serializers/serializer.ts";
import type { ValueKind } from "../../src/serializers/value-kinds.ts";
import { deepEqual } from "../../src/tracking/equal.ts";
import { errorOf } from "./_setup.ts";

const MAX = 65_536;
const codec = createCodec([], MAX);
type Fields = Record<string, unknown>;

const RUNS = process.env["LONG"] === undefined ? 1000 : 200_000;

const encode = async (data: Fields, by = codec): Promise<Encoded> => by.encode(data);
const decode = async (serializer: string, text: string, by = codec): Promise<unknown> => by.decode({ serializer, text });
const reverse = (text: string): string => [...text].reverse().join("");

/** JSON written backwards. */
const backwards: TextSerializer = {
  id: "backwards",
  serialize: (data) => reverse(JSON.stringify(data)),
  deserialize: (text) => JSON.parse(reverse(text)),
};

const slowly = (by: TextSerializer): TextSerializer => ({
  id: by.id,
  serialize: async (data) => by.serialize(data),
  deserialize: async (text) => by.deserialize(text),
});

const key = fc
  .oneof(fc.string(), fc.constantFrom("", "0", "a.b", "a\\.b", "\\", ".", "then", "toJSON", "length", "json", "meta", "values"))
  .filter((name) => !["__proto__", "constructor", "prototype"].includes(name));
const plainLeaf = fc.oneof(fc.string({ unit: "binary" }), fc.integer(), fc.boolean(), fc.constant(null));
const richLeaf = fc.oneof(
  plainLeaf,
  fc.double(),
  fc.bigInt(),
  fc.date({ noInvalidDate: true }),
  fc.constantFrom(undefined, -0, NaN, -Infinity, /a\/b/gi, new RegExp("")),
  fc.uint8Array({ maxLength: 5 }).map((bytes) => Uint8Array.from(bytes)),
  fc
    .float32Array({ noNaN: true, noDefaultInfinity: true, maxLength: 4 })
    .filter((floats) => !floats.some((x) => Object.is(x, -0))),
  fc.webUrl().map((url) => new URL(url)),
  fc.string().map((message) => new RangeError(message)),
);
const treeOf = (leaf: fc.Arbitrary<unknown>, rich: boolean): fc.Arbitrary<unknown> =>
  fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaf,
      fc.array(tie("tree"), { maxLength: 4 }),
      fc.dictionary(key, tie("tree"), { maxKeys: 4, noNullPrototype: true }),
      ...(rich
        ? [
            fc.array(fc.tuple(tie("tree"), tie("tree")), { maxLength: 3 }).map((entries) => new Map(entries)),
            fc.array(tie("tree"), { maxLength: 3 }).map((members) => new Set(members)),
          ]
        : []),
    ),
  })).tree;
const sessionsOf = (tree: fc.Arbitrary<unknown>): fc.Arbitrary<Fields> =>
  fc.dictionary(
    key.filter((name) => !name.startsWith("$")),
    tree,
    { maxKeys: 4, noNullPrototype: true },
  );

describe("the codec", () => {
  beforeAll(async () => {
    await codec.encode({ at: new Date(0) });
  });

  it("writes plain data as JSON", async () => {
    expect(await encode({ user: { id: 7, roles: ["admin"] } })).toEqual({
      serializer: "json",
      text: '{"user":{"id":7,"roles":["admin"]}}',
    });
  });

  it.each([
    ["a Date", new Date(0)],
    ["a Map", new Map()],
    ["-0", -0],
    ["a bigint", 1n],
    ["NaN", [NaN]],
  ])("writes %s by superjson", async (_, value) => {
    expect((await encode({ value })).serializer).toBe("superjson");
  });

  it("reads by the serializer that the record names", async () => {
    expect(await decode("json", '{"json":{"a":1}}')).toEqual({ json: { a: 1 } });
    expect(await decode("superjson", '{"json":{"a":1}}')).toEqual({ a: 1 });
  });

  it("reads plain data as it was, written again the same way", async () => {
    const property = fc.asyncProperty(sessionsOf(treeOf(plainLeaf, false)), async (data) => {
      const encoded = await encode(data);
      expect(encoded.serializer).toBe("json");
      const again = await decode("json", encoded.text);
      expect(again).toEqual(data);
      expect(await encode(again as Fields)).toEqual(encoded);
    });
    await fc.assert(property, { numRuns: 500 });
  });

  it("reads rich data as it was, written again the same way", async () => {
    const property = fc.asyncProperty(sessionsOf(treeOf(richLeaf, true)), async (data) => {
      const encoded = await encode(data);
      const again = await decode(encoded.serializer, encoded.text);
      expect(deepEqual(again, data)).toBe(true);
      expect(await encode(again as Fields)).toEqual(encoded);
    });
    await fc.assert(property, { numRuns: RUNS });
  });

  it.each(["3".repeat(5000), "-1".repeat(9000), "[".repeat(5000), '{"a":'.repeat(2000), "\\".repeat(5000), '"'.repeat(5000)])(
    "reads back a text that looks dangerous: %.5s…",
    async (text) => {
      for (const data of [{ text }, { text, n: 1n }, { [text]: 1 }]) {
        const encoded = await encode(data);
        expect(await decode(encoded.serializer, encoded.text)).toEqual(data);
      }
    },
  );

  it.each<[string, (inner: unknown) => unknown]>([
    ["objects", (inner) => ({ inner })],
    ["arrays", (inner) => [inner]],
    ["Maps", (inner) => new Map([["k", inner]])],
    ["Maps of Maps as keys", (inner) => new Map([[inner, 1]])],
    ["Sets", (inner) => new Set([inner])],
    ["causes of errors", (inner) => new Error("x", { cause: inner })],
  ])("reads back the deepest tree that it writes, of %s", async (_, wrap) => {
    let tree: unknown = new Date(0);
    for (let level = 0; level < 64; level++) tree = wrap(tree);
    const encoded = await encode({ tree });
    const again = (await decode(encoded.serializer, encoded.text)) as Fields;
    expect(await encode(again)).toEqual(encoded);
  });
});

describe("a payload", () => {
  it("may be exactly as long as a session", async () => {
    const text = JSON.stringify({ a: "x".repeat(MAX - '{"a":""}'.length) });
    expect(text).toHaveLength(MAX);
    expect(await decode("json", text)).toBeDefined();
    expect(await decode("json", `${text} `)).toBeUndefined();
  });

  it("is decoded without a promise by what is built in, and by what has done so before", async () => {
    const own = createCodec([backwards], MAX);
    const [json, mine] = [
      { serializer: "json", text: "{}" },
      { serializer: "backwards", text: "}{" },
    ];
    const seen = [own.decodesAtOnce(json), own.decodesAtOnce(mine)];
    await own.decode(json);
    seen.push(own.decodesAtOnce(mine));
    await own.decode(mine);
    seen.push(own.decodesAtOnce(mine));
    expect(seen).toEqual([true, false, false, true]);
  });

  it("is decoded by a promise by what has done so once", async () => {
    let later = true;
    const deserialize = (): unknown => (later ? Promise.resolve({}) : {});
    const own = createCodec([{ ...backwards, deserialize }], MAX);
    const mine = { serializer: "backwards", text: "}{" };
    for (const wait of [true, false, true]) {
      later = wait;
      await own.decode(mine);
      expect(own.decodesAtOnce(mine)).toBe(false);
    }
  });
});

describe("a payload is no data if it is", () => {
  const deep = (depth: number): string => '{"a":'.repeat(depth) + "1" + "}".repeat(depth);

  it.each<[string, string, string]>([
    ["of an unknown serializer", "yaml", "a: 1"],
    ["of no serializer", "", "{}"],
    ["named as what every object has", "constructor", "{}"],
    ["empty", "json", ""],
    ["truncated", "json", '{"a":1'],
    ["followed by something", "json", '{"a":1}x'],
    ["null", "json", "null"],
    ["an array", "json", '[{"a":1}]'],
    ["a text", "json", '"a"'],
    ["a number", "json", "5"],
    ["a key that reaches a prototype", "json", '{"__proto__":{"polluted":1}}'],
    ["such a key below", "json", '{"a":[{"__proto__":{"polluted":1}}]}'],
    ["such a key in escapes", "json", '{"\\u005f_proto__":{"polluted":1}}'],
    ["a key constructor", "json", '{"constructor":{"prototype":{"polluted":1}}}'],
    ["a key prototype below", "json", '{"a":{"prototype":1}}'],
    ["a key of a control", "json", '{"$destroy":1}'],
    ["65 levels below the session", "json", deep(66)],
    ["a hundred thousand levels deep", "json", '{"a":'.repeat(10_000)],
    ["longer than a session may be", "json", `{"a":"${"x".repeat(MAX)}"}`],
    ["by superjson, but no object", "superjson", '{"json":[1]}'],
    ["by superjson, but nothing", "superjson", "{}"],
    ["by superjson, but a Date", "superjson", '{"json":"1970","meta":{"values":["Date"],"v":1}}'],
    ["by superjson, but a Map", "superjson", '{"json":[],"meta":{"values":["map"],"v":1}}'],
    ["by superjson, but no JSON", "superjson", "x"],
    ["by superjson, with a key that reaches a prototype", "superjson", '{"json":{"a":{"__proto__":{"polluted":1}}}}'],
    [
      "by superjson, with such a key in a key of a Map",
      "superjson",
      '{"json":{"m":[[{"__proto__":{"polluted":1}},1]]},"meta":{"values":{"m":["map"]},"v":1}}',
    ],
    [
      "by superjson, with such a key in the cause of an error",
      "superjson",
      '{"json":{"e":{"type":"Error","message":"","cause":{"constructor":1}}},"meta":{"values":{"e":[["custom","Error"]]},"v":1}}',
    ],
    [
      "by superjson, with a path to a prototype",
      "superjson",
      '{"json":{"a":"1"},"meta":{"values":{"__proto__.polluted":["bigint"]},"v":1}}',
    ],
    ["by superjson, 65 levels below the session", "superjson", `{"json":${deep(66)}}`],
    [
      "by superjson, with a bigint that is no number",
      "superjson",
      '{"json":{"a":"x"},"meta":{"values":{"a":[["custom","bigint"]]}}}',
    ],
    [
      "by superjson, with a bigint of 60,000 digits",
      "superjson",
      `{"json":{"a":"${"9".repeat(60_000)}"},"meta":{"values":{"a":["bigint"]},"v":1}}`,
    ],
    ["by superjson, with a pattern that is none", "superjson", '{"json":{"a":"/(/"},"meta":{"values":{"a":["regexp"]},"v":1}}'],
    ["by superjson, with an address that is none", "superjson", '{"json":{"a":"x"},"meta":{"values":{"a":["URL"]},"v":1}}'],
  ])("%s", async (_, serializer, text) => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    expect(await decode(serializer, text)).toBeUndefined();
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
  });

  it("any text at all, or plain data without such keys", async () => {
    const payload = fc.oneof(fc.string({ unit: "binary", maxLength: 200 }), fc.json());
    const property = fc.asyncProperty(fc.constantFrom("json", "superjson"), payload, async (serializer, text) => {
      const data = await decode(serializer, text);
      if (data !== undefined) expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
    });
    await fc.assert(property, { numRuns: 500 });
  });
});

describe("several serializers", () => {
  const forwards: TextSerializer = { id: "forwards", serialize: JSON.stringify, deserialize: (text) => JSON.parse(text) };
  const bytes: BinarySerializer = {
    id: "bytes",
    binary: true,
    serialize: (data) => new TextEncoder().encode(JSON.stringify(data)),
    deserialize: (written) => JSON.parse(new TextDecoder().decode(written)),
  };
  const several = createCodec([bytes, forwards, backwards], MAX);

  it("write by the first, and read by all", async () => {
    expect(await encode({ a: "é" }, several)).toEqual({ serializer: "bytes", text: '{"a":"Ã©"}', binary: true });
    expect(await several.decode({ serializer: "bytes", text: '{"a":"Ã©"}', binary: true })).toEqual({ a: "é" });
    expect(await decode("forwards", '{"a":1}', several)).toEqual({ a: 1 });
    expect(await decode("backwards", '}1:"a"{', several)).toEqual({ a: 1 });
    expect(await decode("json", '{"a":1}', several)).toEqual({ a: 1 });
  });

  it("read text that was stored as its bytes", async () => {
    expect(await several.decode({ serializer: "forwards", text: '{"a":"Ã©"}', binary: true })).toEqual({ a: "é" });
  });

  it("trust no function that reads in the place of a built-in one", async () => {
    const copy = createCodec([{ ...json(), deserialize: (text) => JSON.parse(text) as unknown }], MAX);
    expect(await decode("json", '{"a":{"__proto__":1}}', copy)).toBeUndefined();
    expect(await decode("json", '{"a":1}', copy)).toEqual({ a: 1 });
  });

  it("read no text as bytes", async () => {
    expect(await decode("bytes", '{"a":1}', several)).toBeUndefined();
  });

  it("refuse a text of one that should give bytes", async () => {
    const wrong = { ...bytes, serialize: (data: unknown) => JSON.stringify(data) as never };
    expect(await errorOf(encode({ a: 1 }, createCodec([wrong], MAX)))).toMatchObject({ code: "ERR_SESSION_SERIALIZE" });
  });
});

describe.each([
  ["that answers at once", backwards],
  ["that answers by a promise", slowly(backwards)],
])("a serializer of the user's %s", (_, serializer) => {
  const own = createCodec([serializer], MAX);

  it("writes all data, and reads it back", async () => {
    expect(await encode({ a: 1 }, own)).toEqual({ serializer: "backwards", text: '}1:"a"{'.replace('"a"', '"a"') });
    expect(await decode("backwards", reverse('{"a":1}'), own)).toEqual({ a: 1 });
  });

  it("leaves what was written before it readable", async () => {
    expect(await decode("json", '{"a":1}', own)).toEqual({ a: 1 });
    expect(await decode("superjson", '{"json":{"a":1}}', own)).toEqual({ a: 1 });
  });

  it("is not trusted to keep prototypes out", async () => {
    expect(await decode("backwards", reverse('{"a":{"__proto__":1}}'), own)).toBeUndefined();
    expect(await decode("backwards", reverse("[1]"), own)).toBeUndefined();
  });

  it("is not asked for more than a session may hold", async () => {
    expect(await decode("backwards", reverse(`{"a":"${"x".repeat(MAX)}"}`), own)).toBeUndefined();
  });

  it("may write text that would be too deep if it were JSON", async () => {
    const brackets = createCodec([{ ...serializer, deserialize: (text) => ({ text }) }], MAX);
    expect(await decode("backwards", "[".repeat(1000), brackets)).toEqual({ text: "[".repeat(1000) });
  });

  it("makes corrupt what it reads as too deep a tree of keys", async () => {
    const keys = (depth: number): unknown => (depth === 0 ? 1 : new Map([[keys(depth - 1), 1]]));
    const deep = createCodec([{ ...serializer, deserialize: (text) => ({ keys: keys(Number(text)) }) }], MAX);
    expect(await decode("backwards", "64", deep)).toBeDefined();
    expect(await decode("backwards", "65", deep)).toBeUndefined();
  });

  it("is not trusted to keep code out", async () => {
    for (const value of [() => {}, Symbol("x")]) {
      const given = createCodec([{ ...serializer, deserialize: () => ({ list: [value] }) }], MAX);
      expect(await decode("backwards", "x", given)).toBeUndefined();
    }
  });

  it("is held to what it says it keeps, in what it reads too", async () => {
    const values = { date: new Date(0), map: new Map([[new Date(0), 1]]), cause: new Error("x", { cause: new Date(0) }) };
    for (const [kept, keeps] of [
      [false, new Set<ValueKind>(["Map", "Error"])],
      [true, new Set<ValueKind>(["Map", "Error", "Date"])],
    ] as const) {
      for (const value of Object.values(values)) {
        const given = createCodec([{ ...serializer, keeps, deserialize: () => ({ value }) }], MAX);
        expect((await decode("backwards", "x", given)) !== undefined).toBe(kept);
      }
    }
  });

  it("makes corrupt a chain of containers that is longer than each of them shows", async () => {
    const links = (count: number): object[] => {
      const all: object[] = [{}];
      for (let link = 1; link < count; link++) all.push({ next: all[link - 1] });
      return all;
    };
    const deep = createCodec([{ ...serializer, deserialize: (text) => ({ all: links(Number(text)) }) }], MAX);
    expect(await decode("backwards", "63", deep)).toBeDefined();
    expect(await decode("backwards", "64", deep)).toBeUndefined();
  });

  it("ends the request with a session error of its own", async () => {
    const error = new SessionError("ERR_SESSION_UNSUPPORTED", "Not today. Come back.");
    const deserialize = (): unknown => {
      if (serializer === backwards) throw error;
      return Promise.reject(error);
    };
    const given = createCodec([{ ...serializer, deserialize }], MAX);
    expect(await errorOf((async () => given.decode({ serializer: "backwards", text: "x" }))())).toBe(error);
  });

  it("makes corrupt what it cannot read", async () => {
    expect(await decode("backwards", "{{{", own)).toBeUndefined();
  });

  it("makes corrupt what it reads as too deep a tree", async () => {
    const depths = (depth: number): object => {
      let tree = {};
      for (let level = 0; level < depth; level++) tree = { tree };
      return tree;
    };
    const deserialize = (text: string): unknown =>
      serializer === backwards ? depths(Number(text)) : Promise.resolve(depths(Number(text)));
    const deep = createCodec([{ ...serializer, deserialize }], MAX);
    expect(await decode("backwards", "64", deep)).toBeDefined();
    expect(await decode("backwards", "65", deep)).toBeUndefined();
    expect(await decode("backwards", "100000", deep)).toBeUndefined();
  });

  it.each([undefined, 5, new Uint8Array(1), null])("is refused if it writes %o", async (written) => {
    const serialize = (): string => (serializer === backwards ? written : Promise.resolve(written)) as unknown as string;
    const error = await errorOf(encode({ a: 1 }, createCodec([{ ...serializer, serialize }], MAX)));
    expect(error).toMatchObject({ code: "ERR_SESSION_SERIALIZE" });
    expect(error.cause).toBeInstanceOf(Error);
  });

  it("is named when it fails, with its own error as the cause", async () => {
    const cause = new Error("no");
    const serialize = (): Promise<string> => {
      if (serializer === backwards) throw cause;
      return Promise.reject(cause);
    };
    const error = await errorOf(encode({ a: 1 }, createCodec([{ ...serializer, serialize }], MAX)));
    expect(error).toMatchObject({ code: "ERR_SESSION_SERIALIZE", cause });
    expect(error.message).toContain('The serializer "backwards" could not encode the session.');
  });

  it("may fail with a session error of its own", async () => {
    const own = new SessionError("ERR_SESSION_UNSUPPORTED", "Not today. Come back.");
    const serialize = (): Promise<string> => {
      if (serializer === backwards) throw own;
      return Promise.reject(own);
    };
    expect(await errorOf(encode({ a: 1 }, createCodec([{ ...serializer, serialize }], MAX)))).toBe(own);
  });

  it("keeps its `this`", async () => {
    class Counting implements TextSerializer {
      readonly id = "counting";
      count = 0;
      serialize(data: unknown): string {
        return `${++this.count}${JSON.stringify(data)}`;
      }
      deserialize(text: string): unknown {
        return { count: this.count, ...JSON.parse(text.slice(1)) };
      }
    }
    const counting = createCodec([new Counting()], MAX);
    expect(await counting.decode(await counting.encode({ a: 1 }))).toEqual({ count: 1, a: 1 });
  });
});
