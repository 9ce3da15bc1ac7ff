import { createHash, createHmac, randomBytes } from "node:crypto";
import { createSigner, generateToken, hashToken } from "../../../src/token.ts";
import { OURS, type Row } from "../row.ts";

const SECRET = "a secret that is at least 32 bytes long";

/** Tokens, against what is written with `node:crypto` by hand. */
export async function token(): Promise<Row[]> {
  const one = generateToken();
  const signer = createSigner([SECRET], "session");
  const signed = await signer.sign(one);
  const hmac = (): string => createHmac("sha256", SECRET).update(one).digest("base64url");
  return [
    { name: "make a token", ways: { "by hand": () => randomBytes(32).toString("base64url"), [OURS]: generateToken } },
    {
      name: "hash a token",
      ways: { "by hand": () => createHash("sha256").update(one).digest("base64url"), [OURS]: () => hashToken(one) },
    },
    { name: "sign a token", ways: { "by hand": hmac, [OURS]: () => signer.sign(one) } },
    { name: "check a signature", ways: { "by hand": hmac, [OURS]: () => signer.verify(signed) } },
  ];
}
