import crypto, { createHash, createHmac } from "node:crypto";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { base64url } from "../../src/base64url.ts";
import { createSigner, generateToken, hashToken, isSessionId, isToken } from "../../src/token.ts";

const SECRET = "one secret of more than 32 bytes, to sign";
const OTHER = "another secret of more than 32 bytes, for later";

const hmac = (secret: string, text: string): string => createHmac("sha256", secret).update(text).digest("base64url");

describe("a generated token", () => {
  const tokens = Array.from({ length: 20_000 }, generateToken);

  it("is 256 bits in base64url", () => {
    for (const token of tokens) expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(Buffer.from(tokens[0] as string, "base64url")).toHaveLength(32);
  });

  it("is never the same twice", () => {
    expect(new Set(tokens).size).toBe(tokens.length);
  });

  it("has each of its bits set half of the time", () => {
    const ones = Array.from({ length: 256 }, () => 0);
    for (const token of tokens) {
      const bytes = Buffer.from(token, "base64url");
      for (let bit = 0; bit < 256; bit++) ones[bit] = (ones[bit] as number) + (((bytes[bit >> 3] as number) >> (bit & 7)) & 1);
    }
    // Six standard deviations: one run in two million fails by chance.
    const tolerance = 6 * Math.sqrt(tokens.length / 4);
    for (const count of ones) expect(Math.abs(count - tokens.length / 2)).toBeLessThan(tolerance);
  });

  it("is a token", () => {
    expect(isToken(tokens[0])).toBe(true);
  });
});

describe("isToken", () => {
  it.each(["a", "A-Z_09", "x".repeat(256)])("takes %s", (value) => {
    expect(isToken(value)).toBe(true);
  });

  it.each([
    "",
    "x".repeat(257),
    "a b",
    "a.b",
    "a/b",
    "a:b",
    "a?b",
    "a$b",
    "a%20",
    "é",
    "a\n",
    "a\0",
    "..",
    5,
    null,
    undefined,
    ["a"],
  ])("refuses %j", (value) => {
    expect(isToken(value)).toBe(false);
  });
});

describe("hashToken", () => {
  it("is the SHA-256 of the token, base64url", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme" }), async (token) => {
        expect(await hashToken(token)).toBe(createHash("sha256").update(token).digest("base64url"));
      }),
    );
  });

  it("is a session id", async () => {
    expect(isSessionId(await hashToken(generateToken()))).toBe(true);
  });

  it.each([42, 44])("is of 43 characters, not %d", (length) => {
    expect(isSessionId("x".repeat(length))).toBe(false);
  });
});

describe("base64url", () => {
  it("is what node makes of any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(base64url(Uint8Array.from(bytes))).toBe(Buffer.from(bytes).toString("base64url"));
      }),
    );
  });
});

describe("a signer without secrets", () => {
  const signer = createSigner([], "session");

  it("makes the token the cookie's value", async () => {
    expect(await signer.sign("abc")).toBe("abc");
    expect(await signer.verify("abc")).toBe("abc");
  });

  it.each(["", "a.b", "a b", "x".repeat(257), '"abc"', "é"])("refuses %j", async (value) => {
    expect(await signer.verify(value)).toBeUndefined();
  });
});

describe("a signer", () => {
  const signer = createSigner([SECRET], "session");
  const token = generateToken();

  it("appends the HMAC-SHA256 of version, cookie name and token", async () => {
    expect(await signer.sign(token)).toBe(`${token}.${hmac(SECRET, `v1.session.${token}`)}`);
  });

  it("gives each value the same form: 43 characters, a dot, 43 characters", async () => {
    for (let times = 0; times < 50; times++) expect(await signer.sign(generateToken())).toMatch(/^[\w-]{43}\.[\w-]{43}$/);
  });

  it("signs the same token the same way", async () => {
    expect(await signer.sign(token)).toBe(await signer.sign(token));
  });

  it("verifies what it signed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[A-Za-z0-9_-]{1,256}$/), async (value) => {
        expect(await signer.verify(await signer.sign(value))).toBe(value);
      }),
    );
  });

  it("refuses a value with any character changed", async () => {
    const value = await signer.sign(token);
    for (let index = 0; index < value.length; index++) {
      const changed = value[index] === "A" ? "B" : "A";
      expect(await signer.verify(value.slice(0, index) + changed + value.slice(index + 1)), String(index)).toBeUndefined();
    }
  });

  it("refuses a last character that stands for the same bits", async () => {
    const value = await signer.sign(token);
    const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (const digit of digits) {
      const changed = value.slice(0, -1) + digit;
      expect(await signer.verify(changed)).toBe(changed === value ? token : undefined);
    }
  });

  it("refuses every beginning of a value", async () => {
    const value = await signer.sign(token);
    for (let length = 0; length < value.length; length++) expect(await signer.verify(value.slice(0, length))).toBeUndefined();
  });

  it.each([
    ["a token that is not signed", (value: string) => value.split(".")[0]],
    ["a signature alone", (value: string) => `.${value.split(".")[1]}`],
    ["an empty signature", (value: string) => `${value.split(".")[0]}.`],
    ["a signature of another token", (value: string) => `${"x".repeat(43)}.${value.split(".")[1]}`],
    ["anything before the signature", (value: string) => value.replace(".", ".AA")],
    ["a third part", (value: string) => `${value}.x`],
    ["an empty third part", (value: string) => `${value}.`],
    ["spaces around", (value: string) => ` ${value} `],
    ["padding", (value: string) => `${value}=`],
    ["a plain base64 signature", (value: string) => value.replaceAll("-", "+").replaceAll("_", "/") + "="],
    ["a signature of 43 other characters", (value: string) => `${value.split(".")[0]}.${"é".repeat(43)}`],
    ["nothing", () => ""],
  ])("refuses %s", async (_, change) => {
    expect(await signer.verify(change(await signer.sign(token)) as string)).toBeUndefined();
  });

  it.each([
    ["signed with another secret", hmac(OTHER, `v1.session.${token}`)],
    ["signed for another cookie", hmac(SECRET, `v1.other.${token}`)],
    ["signed by another version", hmac(SECRET, `v0.session.${token}`)],
    ["that signs the token alone", hmac(SECRET, token)],
    ["signed with no secret", hmac("", `v1.session.${token}`)],
  ])("refuses a value %s", async (_, signature) => {
    expect(await signer.verify(`${token}.${signature}`)).toBeUndefined();
  });

  it.each([undefined, null, 5, {}])("refuses %j, as of a cookie that is not there", async (value) => {
    expect(await signer.verify(value as unknown as string)).toBeUndefined();
  });

  it("does not take a value of a cookie whose name and token join to the same text", async () => {
    // v1.a.b.c, whether the cookie is a.b and the token c, or the cookie a and the token b.c
    const value = await createSigner([SECRET], "a.b").sign("c");
    expect(await createSigner([SECRET], "a").verify(`b.${value}`)).toBeUndefined();
  });
});

describe("a malformed value", () => {
  afterEach(() => void vi.restoreAllMocks());

  it.each([
    ["a token that is none", `a b.${"A".repeat(43)}`],
    ["a signature that is too short", `abc.${"A".repeat(42)}`],
    ["a signature that is too long", `abc.${"A".repeat(44)}`],
    ["a signature that ends in bits that no signature has", `abc.${"A".repeat(42)}B`],
    ["a third part", `abc.${"A".repeat(43)}.A`],
  ])("costs no signing, with %s", async (_, value) => {
    const signer = createSigner([SECRET], "session");
    const signs = vi.spyOn(crypto, "createHmac");
    expect(await signer.verify(value)).toBeUndefined();
    expect(signs).not.toHaveBeenCalled();
  });
});

describe("a value that comes again", () => {
  afterEach(() => void vi.restoreAllMocks());

  it("is not signed again to be verified", async () => {
    const signer = createSigner([OTHER, SECRET], "session");
    const value = await createSigner([SECRET], "session").sign("abc");
    const signs = vi.spyOn(crypto, "createHmac");
    expect(await signer.verify(value)).toBe("abc");
    expect(signs).toHaveBeenCalledTimes(2);
    expect(await signer.verify(value)).toBe("abc");
    expect(signs).toHaveBeenCalledTimes(2);
  });

  it("is remembered beside others", async () => {
    const signer = createSigner([SECRET], "session");
    const values = await Promise.all(["abc", "abd", "abe"].map((token) => signer.sign(token)));
    for (const value of values) await signer.verify(value);
    const signs = vi.spyOn(crypto, "createHmac");
    for (const value of values) expect(await signer.verify(value)).toBe(value.slice(0, 3));
    expect(signs).not.toHaveBeenCalled();
  });

  it("is refused as often as it is forged", async () => {
    const signer = createSigner([SECRET], "session");
    expect(await signer.verify(await signer.sign("abc"))).toBe("abc");
    const forged = `abc.${hmac(OTHER, "v1.session.abc")}`;
    for (let times = 0; times < 3; times++) expect(await signer.verify(forged)).toBeUndefined();
    expect(await signer.verify(`abd.${hmac(SECRET, "v1.session.abc")}`)).toBeUndefined();
  });

  it("is verified anew once a thousand others came", async () => {
    const signer = createSigner([SECRET], "session");
    const values = await Promise.all(Array.from({ length: 1001 }, () => signer.sign(generateToken())));
    for (const value of values) await signer.verify(value);
    const signs = vi.spyOn(crypto, "createHmac");
    expect(await signer.verify(values[0] as string)).toBe(values[0]?.slice(0, 43));
    expect(signs).toHaveBeenCalledTimes(1);
  });
});

describe("a rotation of secrets", () => {
  it("signs with the first, and verifies with all", async () => {
    const old = createSigner([OTHER], "session");
    const both = createSigner([SECRET, OTHER], "session");
    expect(await both.verify(await old.sign("abc"))).toBe("abc");
    expect(await both.sign("abc")).toBe(await createSigner([SECRET], "session").sign("abc"));
    expect(await both.verify(await both.sign("abc"))).toBe("abc");
  });

  it("ends what a secret signed that is no longer among them", async () => {
    const value = await createSigner([OTHER], "session").sign("abc");
    expect(await createSigner([SECRET], "session").verify(value)).toBeUndefined();
  });

  it("does not take an unsigned token for one of before", async () => {
    expect(await createSigner([SECRET, OTHER], "session").verify(generateToken())).toBeUndefined();
  });
});
