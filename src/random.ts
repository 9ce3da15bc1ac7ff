import { getRandomValues } from "uncrypto";
import { base64url } from "./base64url.ts";

/** Bytes for the next tokens and write ids: asked for one by one, they took 4 µs each time. */
const pool = new Uint8Array(1024);
let used: number = pool.length;

/** So many random bytes in base64url, by the platform's own generator. Each is given once, and kept nowhere then. */
export function randomText(bytes: number): string {
  if (used + bytes > pool.length) {
    getRandomValues(pool);
    used = 0;
  }
  const drawn = pool.subarray(used, (used += bytes));
  const text = base64url(drawn);
  drawn.fill(0);
  return text;
}
