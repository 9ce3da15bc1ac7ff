/** What of an ioredis client is used, a `Redis` or a `Cluster`, of version 5 or 6. Structural, so that nothing is imported. */
export interface RedisClient {
  readonly status: string;
  /** The socket, another one after each reconnect. A Cluster has none. */
  readonly stream?: Stream | undefined;
  readonly options: {
    readonly keyPrefix?: string | Buffer | undefined;
    /** Which nodes of a Cluster answer what only reads. */
    readonly scaleReads?: unknown;
    readonly host?: string | undefined;
    readonly port?: number | undefined;
  };
  getBuffer(key: string): Promise<Buffer | null>;
  set(key: string, value: Bytes, ...options: (string | number)[]): Promise<unknown>;
  unlink(key: string): Promise<unknown>;
  evalBuffer(script: string, keys: number, key: string, ...args: Bytes[]): Promise<unknown>;
  evalshaBuffer(digest: string, keys: number, key: string, ...args: Bytes[]): Promise<unknown>;
  scan(cursor: string, ...options: (string | number)[]): Promise<[cursor: string, keys: string[]]>;
  ping(): Promise<unknown>;
  info(section: string): Promise<string>;
  on(event: string, listener: (argument: never) => void): unknown;
  once(event: string, listener: () => void): unknown;
  listenerCount(event: string): number;
  /** A Cluster's connections to its nodes. */
  nodes?(role: "all" | "master"): RedisClient[];
  /** For each slot of a Cluster the nodes that have it, as `host:port`, its master first. */
  readonly slots?: readonly (readonly string[] | undefined)[];
}

/** What of a socket is used; not every platform's has it. */
export interface Stream {
  cork?(): void;
  uncork(): void;
}

/** What a command takes: text goes as UTF-8. */
export type Bytes = string | Buffer;

/** Tells an ioredis client, by commands that no other client has. */
export function isRedisClient(value: unknown): value is RedisClient {
  return typeof value === "object" && value !== null && "evalshaBuffer" in value && "scan" in value;
}
