import type { Buffer } from "node:buffer";
import { optionError } from "../../errors.ts";
import type { Client } from "./client.ts";

/**
 * What is used of a memcached client of yours, for one server; `MemcacheClient` of the package memcache-client is one.
 *
 * Text comes back as text and bytes as bytes. What memcached refuses (`NOT_STORED`, `EXISTS`, `NOT_FOUND`) is a rejection with that
 * message, and so is any other failure with its own: nothing resolves unless the server said so, and no command is sent twice.
 */
export interface MemcachedClient {
  gets(key: string): Promise<{ readonly value: unknown; readonly casUniq: string | number } | undefined>;
  set(key: string, value: string | Buffer, options: { readonly lifetime: number }): Promise<unknown>;
  add(key: string, value: string | Buffer, options: { readonly lifetime: number }): Promise<unknown>;
  cas(
    key: string,
    value: string | Buffer,
    options: { readonly lifetime: number; readonly casUniq: string | number },
  ): Promise<unknown>;
  delete(key: string): Promise<unknown>;
}

const VERBS = ["gets", "set", "add", "cas", "delete"] as const;

/** @throws {SessionError} `ERR_SESSION_OPTIONS` for what is no client, or one of several servers */
export function adaptClient(client: MemcachedClient, timeout: number): Client {
  checkClient(client);
  /** What memcached says: "" if it did as it was told, or the refusal. */
  const ask = async (run: () => Promise<unknown>, ...refusals: string[]): Promise<string> => {
    try {
      await within(timeout, run());
      return "";
    } catch (error) {
      const { message } = error as Error;
      if (refusals.includes(message)) return message;
      throw error;
    }
  };
  return {
    async get(key) {
      const found = await within(timeout, client.gets(key));
      // memcache-client looks a key up in a plain object, where it finds `constructor` too.
      if (found?.casUniq === undefined) return undefined;
      const { value, casUniq: cas } = found;
      if (typeof value === "string" || value instanceof Uint8Array) return { value, cas };
      throw new TypeError(`it holds neither text nor bytes, but a ${typeof value} that another program wrote`);
    },
    async set(key, value, lifetime) {
      await ask(() => client.set(key, value, { lifetime }));
    },
    async add(key, value, lifetime) {
      return (await ask(() => client.add(key, value, { lifetime }), "NOT_STORED")) === "";
    },
    async swap(key, value, casUniq, lifetime) {
      const refusal = await ask(() => client.cas(key, value, { lifetime, casUniq }), "EXISTS", "NOT_FOUND");
      return { status: refusal === "" ? "stored" : refusal === "EXISTS" ? "changed" : "missing" };
    },
    async delete(key) {
      await ask(() => client.delete(key), "NOT_FOUND");
    },
    // What was given is the giver's to close.
    close() {},
  };
}

function checkClient(client: unknown): void {
  const { server } = (client as { options?: { server?: { servers?: readonly unknown[] } } } | null)?.options ?? {};
  // memcache-client picks one of several servers at random: they are to hold the same, which no conditional write could keep.
  const isSingle = (server?.servers?.length ?? 1) === 1;
  if (isSingle && VERBS.every((verb) => typeof (client as Partial<MemcachedClient> | null)?.[verb] === "function")) return;
  throw optionError(
    "client",
    client,
    "a client of one server with promises, such as a MemcacheClient of the package memcache-client",
  );
}

/** Waits for an answer, but no longer than so many milliseconds, whatever limits the client has. */
async function within<R>(milliseconds: number, answer: Promise<R>): Promise<R> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
