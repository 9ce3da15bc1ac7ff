import { subtle } from "uncrypto";
import type { Bytes, RedisClient } from "./client.ts";

/**
 * A Lua script over one key, sent by its digest, and whole only to a server that does not know it.
 *
 * ioredis' own `defineCommand` would leave commands on a client that is not ours.
 */
export class Script {
  readonly #source: string;
  #digest: string | undefined;

  constructor(source: string) {
    this.#source = source;
  }

  run(client: RedisClient, key: string, args: readonly Bytes[]): Promise<unknown> {
    if (this.#digest === undefined) return this.#prepare().then(() => this.run(client, key, args));
    return client.evalshaBuffer(this.#digest, 1, key, ...args).catch((error: unknown) => {
      // Servers forget scripts when they restart, and every node of a Cluster has to learn them.
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return client.evalBuffer(this.#source, 1, key, ...args);
    });
  }

  async #prepare(): Promise<void> {
    this.#digest = await sha1(this.#source);
  }
}

async function sha1(text: string): Promise<string> {
  const digest = new Uint8Array(await subtle.digest("SHA-1", new TextEncoder().encode(text)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
