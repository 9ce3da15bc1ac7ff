import { digests } from "./digest.ts";
import { andThen } from "./is-promise.ts";
import { randomText } from "./random.ts";
import type { MaybePromise } from "./stores/store.ts";

/**
 * The secret in the cookie, and what is made of it.
 *
 * A token is 256 random bits (ASVS 5.0 7.2.3 asks for 128). The session id is its SHA-256, so that neither a log nor a dump of the
 * store lets anyone in. With a `secret` the cookie also carries an HMAC, so that forged tokens never reach the store.
 */

const TOKEN_BYTES = 32;

/** Short enough for any store key, and safe in a cookie and in unstorage's keys, which fold `:`, `/` and `?`. */
const TOKEN = /^[A-Za-z0-9_-]{1,256}$/;

/** 256 bits in base64url: a SHA-256. */
const DIGEST = /^[A-Za-z0-9_-]{43}$/;

/** An HMAC: of its last character only four bits count, and the others are 0, so that each token has one value. */
const SIGNATURE = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/** Part of what is signed, so that a later scheme cannot be mistaken for this one. */
const SIGNATURE_VERSION = "v1";

export function generateToken(): string {
  return randomText(TOKEN_BYTES);
}

export function isToken(value: unknown): value is string {
  return typeof value === "string" && TOKEN.test(value);
}

export function isSessionId(value: string): boolean {
  return DIGEST.test(value);
}

/** The session id: SHA-256 of the token, base64url. */
export function hashToken(token: string): MaybePromise<string> {
  return digests().sha256(token);
}

/** Turns tokens into cookie values and back. */
export interface TokenSigner {
  sign(token: string): MaybePromise<string>;
  /** The token of a cookie value, `undefined` if it is malformed or not signed by one of the secrets; costs no I/O. */
  verify(value: string): MaybePromise<string | undefined>;
}

/** Without secrets a cookie value is the token. With some, the first signs and all verify. */
export function createSigner(secrets: readonly string[], cookieName: string): TokenSigner {
  if (secrets.length === 0) {
    return { sign: (token) => token, verify: (value) => (isToken(value) ? value : undefined) };
  }
  const signatures = secrets.map((secret) => digests().hmac(secret));
  const [first] = signatures as [(text: string) => MaybePromise<string>];
  const verified = new Verified();
  // The name is part of it, so that a value cannot be moved to another cookie signed with the same secret.
  const signed = (token: string): string => `${SIGNATURE_VERSION}.${cookieName}.${token}`;
  return {
    sign: (token) => andThen(first(signed(token)), (signature) => `${token}.${signature}`),
    verify(value) {
      // A cookie that is not there, from code that is not checked by TypeScript.
      if (typeof value !== "string") return undefined;
      const dot = value.indexOf(".");
      const token = value.slice(0, Math.max(dot, 0));
      const signature = value.slice(dot + 1);
      if (!isToken(token) || !SIGNATURE.test(signature)) return undefined;
      return andThen(hashToken(token), (id) => {
        const tryFrom = (index: number): MaybePromise<string | undefined> => {
          const sign = signatures[index];
          if (sign === undefined) return undefined;
          return andThen(sign(signed(token)), (own) => {
            if (!isSame(signature, own)) return tryFrom(index + 1);
            verified.add(id, signature);
            return token;
          });
        };
        return isSame(signature, verified.get(id)) ? token : tryFrom(0);
      });
    },
  };
}

/** How many signatures are remembered: some 200 KB of them. */
const MOST_VERIFIED = 1000;

/**
 * Signatures that were verified before, since a browser comes many times with the same: to sign takes Node 8 µs between the other work
 * of a server. They are kept by session id, so that nothing here leads to a token.
 */
class Verified {
  readonly #signatures = new Map<string, string>();

  get(id: string): string {
    return this.#signatures.get(id) ?? "";
  }

  add(id: string, signature: string): void {
    if (this.#signatures.size >= MOST_VERIFIED) this.#signatures.clear();
    this.#signatures.set(id, signature);
  }
}

/** In a time that does not tell where they differ, as `subtle.verify` did in Node before 20.20.2, 22.22.2 and 24.14.1 (CVE-2026-21713). */
function isSame(one: string, other: string): boolean {
  let difference = one.length ^ other.length;
  for (let index = 0; index < other.length; index++) difference |= one.charCodeAt(index) ^ other.charCodeAt(index);
  return difference === 0;
}
