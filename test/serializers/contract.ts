import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Serializer } from "unsession";
import { toByteString } from "../../src/byte-string.ts";
import { createCodec, type Codec } from "../../src/codec.ts";
import type { Encoded } from "../../src/record.ts";
import { VALUE_KINDS } from "../../src/serializers/value-kinds.ts";
import { deepEqual } from "../../src/tracking/equal.ts";
import { errorOf } from "../unit/_setup.ts";
import { graphs, isSameGraph } from "./_graphs.ts";
import { plain, samples, sessionsOf, trees } from "./_samples.ts";

const LONG = process.env["LONG"] !== undefined;

/** What a damaged or hostile payload may take: more than a pause of a busy machine, less than what grows without bounds. */
const MOST_MILLISECONDS = 3_000;

const MAX_BYTES = 65_536;

export interface SerializerContract {
  /** A serializer as an application makes it. */
  readonly make: () => Serializer;
  /** Payloads that are no session, by what is wrong with them; text, or bytes. */
  readonly hostile: readonly (readonly [title: string, payload: string | Uint8Array])[];
}

/** What holds for each serializer of this package: all that it says it keeps comes back, and nothing else gets in or out. */
export function describeSerializer(name: string, { make, hostile }: SerializerContract): void {
  const serializer = make();
  const keeps = serializer.keeps as ReadonlySet<(typeof VALUE_KINDS)[number]>;
  const codec = createCodec([serializer], MAX_BYTES);
  const encodedAs = (payload: string | Uint8Array): Encoded =>
    typeof payload === "string"
      ? { serializer: serializer.id, text: payload }
      : { serializer: serializer.id, text: toByteString(payload), binary: true };

  /** Writes and reads data, and makes sure that it came back, and would be written the same way again. */
  async function roundTrip(data: Record<string, unknown>, by: Codec = codec): Promise<Record<string, unknown>> {
    const encoded = await codec.encode(data);
    const again = await by.decode(encoded);
    if (again === undefined) throw new Error(`it cannot read what it wrote: ${encoded.text}`);
    expect(await codec.encode(again)).toEqual(encoded);
    return again;
  }

  /** What is read of a payload, which must neither throw, nor take long, nor change what all objects share. */
  async function read(payload: Encoded): Promise<unknown> {
    const shared = [Object.prototype, Array.prototype, Map.prototype, Function.prototype];
    const before = shared.map((prototype) => Reflect.ownKeys(prototype).length);
    const started = performance.now();
    const data = await codec.decode(payload);
    expect(performance.now() - started).toBeLessThan(MOST_MILLISECONDS);
    expect(shared.map((prototype) => Reflect.ownKeys(prototype).length)).toEqual(before);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    return data;
  }

  /** A session with some of each kind in it. */
  const everything = (): Record<string, unknown> => ({
    user: { id: 7, name: "Žofie 🦊", roles: ["admin", "editor"], score: 1.5, none: null },
    ...Object.fromEntries([...keeps].map((kind) => [kind, fc.sample(samples[kind], { numRuns: 1, seed: 1 })[0]])),
  });

  describe(name, () => {
    beforeAll(async () => {
      await codec.decode(await codec.encode({}));
    });

    it("is a serializer by the rules of the option", () => {
      expect(serializer.id).toBe(name);
      expect(VALUE_KINDS).toEqual(expect.arrayContaining([...keeps]));
    });

    it("answers without a promise once it is loaded", async () => {
      const encoded = codec.encode({ a: 1 });
      expect(encoded).not.toBeInstanceOf(Promise);
      expect(codec.decode(encoded as Encoded)).toEqual({ a: 1 });
      expect(codec.decodesAtOnce(encoded as Encoded)).toBe(true);
    });

    it("reads what another of its kind wrote, in another process", async () => {
      const data = everything();
      for (let written = 0; written < 3; written++) {
        expect(await createCodec([make()], MAX_BYTES).encode(data)).toEqual(await codec.encode(data));
      }
      expect(deepEqual(await createCodec([make()], MAX_BYTES).decode(await codec.encode(data)), data)).toBe(true);
    });

    it("keeps plain data", async () => {
      const property = fc.asyncProperty(sessionsOf(plain), async (data) => {
        expect(await roundTrip(data)).toEqual(data);
      });
      await fc.assert(property);
    });

    it.each([...keeps])("keeps: %s", async (kind) => {
      const property = fc.asyncProperty(samples[kind], async (value) => {
        const data = { value, list: [value], inner: { value } };
        expect(deepEqual(await roundTrip(data), data)).toBe(true);
      });
      await fc.assert(property, { numRuns: LONG ? 10_000 : 50 });
    });

    for (const kind of VALUE_KINDS.filter((each) => !keeps.has(each))) {
      it(`refuses, with its path: ${kind}`, async () => {
        for (const value of fc.sample(samples[kind], { numRuns: 10, seed: 1 })) {
          const error = await errorOf((async () => codec.encode({ a: [{ value }] }))());
          expect(error).toMatchObject({ code: "ERR_SESSION_VALUE" });
          expect(error.message).toContain("session.a[0].value");
        }
      });
    }

    it.each([
      ["a Buffer", Buffer.from("x")],
      ["a boxed number", Object(5)],
      ["an instance of a class", new (class Account {})()],
      ["an ArrayBuffer", new ArrayBuffer(1)],
      ["a promise", Promise.resolve()],
      ["an AggregateError", new AggregateError([])],
      ["a function", () => {}],
      ["a symbol", Symbol("x")],
    ])("refuses, with its path: %s", async (_, value) => {
      const error = await errorOf((async () => codec.encode({ a: [{ value }] }))());
      expect(error).toMatchObject({ code: "ERR_SESSION_VALUE" });
      expect(error.message).toContain("session.a[0].value is ");
    });

    it("keeps any tree of these", async () => {
      const property = fc.asyncProperty(sessionsOf(trees(keeps)), async (data) => {
        expect(deepEqual(await roundTrip(data), data)).toBe(true);
      });
      await fc.assert(property, { numRuns: LONG ? 100_000 : 300 });
    });

    if (keeps.has("cycle")) {
      it("keeps what is one object one object, in the order it had", async () => {
        const property = fc.asyncProperty(graphs(keeps.has("cyclic keys")), async (data) => {
          expect(isSameGraph(await roundTrip(data), data)).toBe(true);
        });
        await fc.assert(property, { numRuns: LONG ? 100_000 : 500 });
      });
    }

    it("gives plain objects, also for such without a prototype", async () => {
      const bare = Object.assign(Object.create(null) as object, { a: 1, toJSON: 5, hasOwnProperty: 6 });
      const { value } = await roundTrip({ value: bare });
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(value).toEqual({ a: 1, toJSON: 5, hasOwnProperty: 6 });
    });

    it("keeps the deepest session, and reads no deeper one", async () => {
      let tree: unknown = 1;
      for (let level = 0; level < 64; level++) tree = level % 2 === 0 ? [tree] : { tree };
      await roundTrip({ tree });
    });

    it("keeps hundreds of shapes, again and again", async () => {
      const shapes = Array.from({ length: 300 }, (_, index) => ({ [`k${index % 150}`]: index, same: { n: index } }));
      expect(await roundTrip({ shapes })).toEqual({ shapes });
    });

    it("reads no beginning of what it wrote, whatever its length", async () => {
      const whole = await codec.encode(everything());
      for (let length = 0; length < whole.text.length; length++)
        expect(await read({ ...whole, text: whole.text.slice(0, length) }), `${length}`).toBeUndefined();
    });

    it("reads nothing that has anything behind it", async () => {
      const { text, ...rest } = await codec.encode(everything());
      for (const more of ["\0", "0", "}", "]", text]) expect(await read({ ...rest, text: text + more })).toBeUndefined();
    });

    it("survives any flipped bit", async () => {
      const { text, ...rest } = await codec.encode(everything());
      const bits = fc.tuple(fc.nat(text.length - 1), fc.nat(7));
      const property = fc.asyncProperty(bits, async ([at, bit]) => {
        const flipped = String.fromCharCode(text.charCodeAt(at) ^ (1 << bit));
        await readSafely({ ...rest, text: text.slice(0, at) + flipped + text.slice(at + 1) });
      });
      await fc.assert(property, { numRuns: LONG ? 100_000 : 2000 });
    });

    it("survives any bytes", async () => {
      const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => encodedAs(serializer.binary ? bytes : toByteString(bytes)));
      const property = fc.asyncProperty(noise, readSafely);
      await fc.assert(property, { numRuns: LONG ? 100_000 : 2000 });
    });

    it("survives any parts of what it wrote, in any order", async () => {
      const { text, ...rest } = await codec.encode(everything());
      const cuts = fc.array(fc.tuple(fc.nat(text.length), fc.nat(40)), { minLength: 1, maxLength: 8 });
      const property = fc.asyncProperty(cuts, async (parts) => {
        await readSafely({ ...rest, text: parts.map(([at, length]) => text.slice(at, at + length)).join("") });
      });
      await fc.assert(property, { numRuns: LONG ? 100_000 : 2000 });
    });

    it.each(hostile)("reads no session in %s", async (_, payload) => {
      expect(await read(encodedAs(payload))).toBeUndefined();
    });

    it("reads on as before after all of these", async () => {
      for (const [, payload] of hostile) await read(encodedAs(payload));
      const data = everything();
      expect(deepEqual(await roundTrip(data), data)).toBe(true);
    });
  });

  /** What is read of anything is a session that can be written. */
  async function readSafely(payload: Encoded): Promise<void> {
    const data = await read(payload);
    if (data !== undefined) await codec.encode(data as Record<string, unknown>);
  }
}
