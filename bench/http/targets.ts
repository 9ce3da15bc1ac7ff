/** One server that is measured. */
export interface Target {
  readonly name: string;
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  /** The name of what is written by hand over the same store. */
  readonly limit: string;
  /** Whether it needs what `peers/package.json` lists. */
  readonly isPeer: boolean;
}

const BY_HAND = "by hand, Redis";
const BY_HAND_IN_MEMORY = "by hand, live objects";
const BY_HAND_ON_V1 = "by hand, h3 v1, Redis";

export const targets: readonly Target[] = [
  own(BY_HAND, "limit", { STORE: "redis" }, BY_HAND),
  own("by hand, autopipelining", "limit", { STORE: "redis", PIPELINED: "1" }, BY_HAND),
  own("unsession, Redis", "unsession", { STORE: "redis" }, BY_HAND),
  own("unsession, Redis, signed", "unsession", { STORE: "redis", SIGNED: "1" }, BY_HAND),
  own(BY_HAND_IN_MEMORY, "limit", { STORE: "memory" }, BY_HAND_IN_MEMORY),
  own("unsession, memory", "unsession", { STORE: "memory" }, BY_HAND_IN_MEMORY),
  own(BY_HAND_ON_V1, "limit-h3-v1", { STORE: "redis" }, BY_HAND_ON_V1),
  own("unsession, h3 v1, Redis", "unsession-h3-v1", {}, BY_HAND_ON_V1),
  peer("koa-session"),
  peer("@fastify/session", "fastify-session"),
  peer("@scayle/h3-session", "scayle-h3-session"),
  peer("express-session"),
  peer("hono-sessions"),
  own("h3 useSession, sealed", "h3-sealed", {}, BY_HAND),
];

function own(name: string, file: string, env: Readonly<Record<string, string>>, limit: string): Target {
  return { name, file: `servers/${file}.mjs`, env, limit, isPeer: false };
}

function peer(name: string, file: string = name): Target {
  return { name, file: `peers/${file}.mjs`, env: {}, limit: BY_HAND, isPeer: true };
}

/** What a request does to its session; the last one leaves many behind. */
export const ROUTES = ["unused", "read", "write", "nested", "new"] as const;

export type Route = (typeof ROUTES)[number];

/** Sizes of a session as JSON, in bytes. */
export const SIZES = [800, 2000] as const;
