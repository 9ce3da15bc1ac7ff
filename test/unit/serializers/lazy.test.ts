import { describe, expect, it } from "vitest";
import { createCodec } from "../../../src/codec.ts";
import { isReady, lazy } from "../../../src/serializers/lazy.ts";
import { errorOf } from "../_setup.ts";

const loaded = { serialize: (data: unknown) => JSON.stringify(data), deserialize: (text: string) => JSON.parse(text) as unknown };

describe("a serializer with a library of its own", () => {
  it("imports it at the first use, once, and then answers at once", async () => {
    let imports = 0;
    const { serialize, deserialize } = lazy("yaml", async () => {
      imports++;
      return loaded;
    });
    expect([imports, isReady(deserialize)]).toEqual([0, false]);
    expect(await serialize({ a: 1 })).toBe('{"a":1}');
    expect([serialize({ a: 2 }), deserialize('{"a":2}')]).toEqual(['{"a":2}', { a: 2 }]);
    expect([imports, isReady(deserialize)]).toEqual([1, true]);
  });

  it("works for uses that come before it is there", async () => {
    const { serialize, deserialize } = lazy("yaml", async () => loaded);
    expect(await Promise.all([serialize(1), deserialize("2"), serialize(3)])).toEqual(["1", 2, "3"]);
  });

  it("is known not to wait any more, also when it waited at first", async () => {
    const codec = createCodec([{ id: "yaml", ...lazy("yaml", async () => loaded) }], 1000);
    const encoded = { serializer: "yaml", text: "{}" };
    expect(codec.decodesAtOnce(encoded)).toBe(false);
    await codec.decode(encoded);
    expect(codec.decodesAtOnce(encoded)).toBe(true);
  });

  it("fails as what it fails with, once it is loaded", async () => {
    const { deserialize } = lazy("yaml", async () => loaded);
    await expect((async () => deserialize("{"))()).rejects.toThrow(SyntaxError);
    expect(() => deserialize("{")).toThrow(SyntaxError);
  });

  it("says what to install if it is not there, when a session is written and when one is read", async () => {
    const cause = new Error("Cannot find package 'yaml'");
    const codec = createCodec([{ id: "yaml", ...lazy<string>("yaml", () => Promise.reject(cause)) }], 1000);
    for (const call of [() => codec.encode({}), () => codec.decode({ serializer: "yaml", text: "{}" })]) {
      const error = await errorOf((async () => call())());
      expect(error).toMatchObject({ code: "ERR_SESSION_UNSUPPORTED", cause });
      expect(error.message).toContain(
        "[unsession] The serializer needs the package `yaml`, which could not be imported. Install it: `npm i yaml`.",
      );
    }
  });

  it("is asked again for a library that could not be imported before", async () => {
    let isInstalled = false;
    const { serialize } = lazy("yaml", () => (isInstalled ? Promise.resolve(loaded) : Promise.reject(new Error("no"))));
    await errorOf((async () => serialize(1))());
    isInstalled = true;
    expect(await serialize(1)).toBe("1");
  });
});
