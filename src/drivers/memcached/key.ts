import { subtle } from "uncrypto";
import { base64url } from "../../base64url.ts";
import type { MaybePromise } from "../../stores/store.ts";

const HASHED = "sha256:";

/** What memcached takes as a key: 250 bytes, no white space, no control characters (its doc/protocol.txt). */
const TAKEN = /^[\x21-\x7E]{1,250}$/;

/**
 * The key under which memcached keeps an item: the key itself where it can be one, or else its hash.
 *
 * A bad key would not only be refused: what follows it would be read as a command, whose answer is then taken for another's. No two
 * keys share an item: one that looks like a hash is hashed too.
 */
export function itemKey(key: string): MaybePromise<string> {
  return TAKEN.test(key) && !key.startsWith(HASHED) ? key : hashed(key);
}

async function hashed(key: string): Promise<string> {
  return HASHED + base64url(new Uint8Array(await subtle.digest("SHA-256", new TextEncoder().encode(key))));
}
