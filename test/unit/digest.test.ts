import crypto from "node:crypto";
import fc from "fast-check";
import { subtle } from "uncrypto";
import { describe, expect, it, vi } from "vitest";
import { digests, nodeDigests, webDigests, type Digests } from "../../src/digest.ts";

const { createHash, createHmac } = crypto;

const KINDS: [string, Digests][] = [
  ["of this platform", digests()],
  ["of Node", nodeDigests(crypto)],
  ["of Node before 20.12", nodeDigests({ ...crypto, hash: undefined as unknown as typeof crypto.hash })],
  ["of Web Crypto", webDigests],
];

describe.each(KINDS)("digests %s", (_, { sha256, hmac }) => {
  it("hash a text", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme" }), async (text) => {
        expect(await sha256(text)).toBe(createHash("sha256").update(text).digest("base64url"));
      }),
    );
  });

  it("sign a text", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 32 }), fc.string({ unit: "grapheme" }), async (secret, text) => {
        const sign = hmac(secret);
        const expected = createHmac("sha256", secret).update(text).digest("base64url");
        expect([await sign(text), await sign(text)]).toEqual([expected, expected]);
      }),
    );
  });
});

it("the digests of this platform answer at once", () => {
  expect(digests().sha256("a token")).toHaveLength(43);
});

it("Web Crypto is given secrets as keys that cannot be read out", async () => {
  const imported = vi.spyOn(subtle, "importKey");
  await webDigests.hmac("a secret")("a text");
  const key = (await imported.mock.results[0]?.value) as CryptoKey;
  imported.mockRestore();
  expect(key.extractable).toBe(false);
});
