import { Buffer } from "node:buffer";
import type { Cas, MemcachedItem, Swapped } from "../../stores/memcached.ts";
import type { Answer } from "./answers.ts";
import { Connection } from "./connection.ts";

/** The commands of one server. `expiry` is in memcached's own terms; each call rejects unless the server has answered. */
export interface Client {
  get(key: string): Promise<MemcachedItem | undefined>;
  set(key: string, value: string | Buffer, expiry: number): Promise<void>;
  /** Stores only if the key is absent; `false` if it is taken. */
  add(key: string, value: string | Buffer, expiry: number): Promise<boolean>;
  /** Stores only if the item still is what was read with this number. */
  swap(key: string, value: string | Buffer, cas: Cas, expiry: number): Promise<Swapped>;
  delete(key: string): Promise<void>;
  close(): void;
}

/** Client flags that tell bytes from text; those that memcache-client writes, so that each reads the other's items. */
const BYTES = "8";
const TEXT = "0";

/** A client of memcached's meta protocol, which is in 1.6.13 and later. Connects when it is used, and again after any failure. */
export function createClient(server: string, timeout: number): Client {
  const port = server.slice(server.lastIndexOf(":") + 1);
  const host = server.slice(0, -port.length - 1);
  let connection: Connection | undefined;

  async function send(line: string, value?: Buffer): Promise<Answer> {
    if (connection === undefined || connection.hasEnded) connection = new Connection(host, Number(port), timeout);
    return connection.send(line, value);
  }

  /** Stores, with the codes that are no failure beside `HD`. */
  async function store(key: string, value: string | Buffer, expiry: number, mode: string, ...codes: string[]): Promise<Answer> {
    const [type, bytes] = typeof value === "string" ? [TEXT, Buffer.from(value)] : [BYTES, value];
    return expectCode(await send(`ms ${key} ${bytes.length} T${expiry} F${type} c${mode}`, bytes), "HD", ...codes);
  }

  return {
    async get(key) {
      const { value, flag } = expectCode(await send(`mg ${key} v c f`), "VA", "EN");
      if (value === undefined) return undefined;
      // Bytes are copied: what a chunk of the stream held beside them is nobody's business.
      return { value: flag("f") === BYTES ? Buffer.from(value) : value.toString(), cas: flag("c") as string };
    },
    async set(key, value, expiry) {
      await store(key, value, expiry, "");
    },
    async add(key, value, expiry) {
      return (await store(key, value, expiry, " ME", "NS")).code === "HD";
    },
    async swap(key, value, cas, expiry) {
      const { code, flag } = await store(key, value, expiry, ` C${cas}`, "EX", "NF");
      return code === "HD" ? { status: "stored", cas: flag("c") } : { status: code === "EX" ? "changed" : "missing" };
    },
    async delete(key) {
      expectCode(await send(`md ${key}`), "HD", "NF");
    },
    close: () => connection?.end(new Error("the client was closed")),
  };
}

function expectCode(answer: Answer, ...codes: string[]): Answer {
  if (codes.includes(answer.code)) return answer;
  throw new Error(answer.line);
}
