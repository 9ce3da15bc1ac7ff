import { HEADER_LENGTH } from "../record.ts";
import type { Bytes, RedisClient } from "./redis/client.ts";
import { connectionOf, type Connection } from "./redis/connection.ts";
import { scanKeys } from "./redis/scan.ts";
import { Script } from "./redis/script.ts";
import type { Replaced, Store, StoreEntry } from "./store.ts";

/** For a Cluster whose plain reads go to replicas, which may not have heard yet that a session was ended: scripts go to masters. */
const GET = new Script("return redis.call('GET', KEYS[1])");

/**
 * Answers nil if the key is absent, what it holds, in a list, if that does not begin with ARGV[1], and otherwise does `write`.
 *
 * Only headers are compared: no two versions of a record have the same one, and the payload need not travel twice.
 */
const ifUnchanged = (write: string): Script =>
  new Script(`
if redis.call('GETRANGE', KEYS[1], 0, ${HEADER_LENGTH - 1}) ~= ARGV[1] then
  local current = redis.call('GET', KEYS[1])
  return current and { current }
end
${write}
return 1`);

const REPLACE = ifUnchanged(`
if ARGV[3] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
else
  redis.call('SET', KEYS[1], ARGV[2])
end`);

const TOUCH = ifUnchanged(`
redis.call('SETRANGE', KEYS[1], 0, ARGV[2])
if ARGV[3] then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
else
  redis.call('PERSIST', KEYS[1])
end`);

/**
 * Creates a store of class A over an ioredis client, version 5 or 6: a `Redis`, also with sentinels, or a `Cluster`.
 *
 * Each verb is one command or one script over one key. The client stays its giver's: it is not closed here, and its commands wait
 * as its own options say, while the engine waits no longer than `timeouts`.
 */
export function createRedisStore(client: RedisClient): Store {
  return new RedisStore(client);
}

class RedisStore implements Store {
  readonly name = "redis";
  readonly class = "A";
  readonly ttl = true;
  readonly list = true;
  readonly binary = true;
  /** What Redis takes as one string, unless it is configured otherwise. */
  readonly maxBytes: number = 512 * 1024 * 1024;

  readonly #client: RedisClient;
  readonly #connection: Connection;
  readonly #readsReplicas: boolean;

  constructor(client: RedisClient) {
    const { scaleReads = "master" } = client.options;
    this.#client = client;
    this.#connection = connectionOf(client);
    this.#readsReplicas = scaleReads !== "master";
  }

  get(key: string): Promise<StoreEntry | undefined> {
    const client = this.#asked;
    const answer = this.#readsReplicas ? (GET.run(client, key, []) as Promise<Buffer | null>) : client.getBuffer(key);
    return answer.then(entryOf, withoutCommand);
  }

  create(key: string, value: string, ttl: number | undefined): Promise<boolean> {
    const client = this.#asked;
    const bytes = encode(value);
    const answer = ttl === undefined ? client.set(key, bytes, "NX") : client.set(key, bytes, "PX", ttl, "NX");
    return answer.then(isThere, withoutCommand);
  }

  replace(key: string, value: string, expected: StoreEntry, ttl: number | undefined): Promise<Replaced> {
    return this.#write(REPLACE, key, value, expected, ttl, value);
  }

  touch(key: string, header: string, expected: StoreEntry, ttl: number | undefined): Promise<Replaced> {
    return this.#write(TOUCH, key, header, expected, ttl, header + expected.value.slice(header.length));
  }

  remove(key: string): Promise<void> {
    return this.#asked.unlink(key).then(() => undefined, withoutCommand);
  }

  keys(prefix: string): AsyncIterable<string> {
    return scanKeys(this.#client, prefix);
  }

  /** The client, for a command. */
  get #asked(): RedisClient {
    this.#connection.cork.expect();
    return this.#client;
  }

  #write(
    script: Script,
    key: string,
    sent: string,
    expected: StoreEntry,
    ttl: number | undefined,
    after: string,
  ): Promise<Replaced> {
    const { closes } = this.#connection;
    const args = [encode(expected.value.slice(0, HEADER_LENGTH)), encode(sent)];
    if (ttl !== undefined) args.push(String(ttl));
    return script.run(this.#asked, key, args).then((answer) => {
      if (answer === null) return { status: "missing" };
      if (!Array.isArray(answer)) return { status: "ok", entry: { value: after } };
      const [current] = answer as [Buffer];
      return { status: "conflict", current: { value: decode(current) }, uncertain: this.#connection.closes > closes };
    }, withoutCommand);
  }
}

function entryOf(bytes: Buffer | null): StoreEntry | undefined {
  return bytes === null ? undefined : { value: decode(bytes) };
}

function isThere(answer: unknown): boolean {
  return answer !== null;
}

/** How a value that is a byte string begins. */
const BINARY = "ub1";

function encode(value: string): Bytes {
  return value.startsWith(BINARY) ? Buffer.from(value, "latin1") : value;
}

function decode(bytes: Buffer): string {
  const isBinary = bytes[0] === 0x75 && bytes[1] === 0x62 && bytes[2] === 0x31;
  return bytes.toString(isBinary ? "latin1" : "utf8");
}

/** ioredis hangs the command on an error, and with it keys and values, which belong in no log. */
function withoutCommand(error: unknown): never {
  if (error instanceof Error && "command" in error) delete error.command;
  throw error;
}
