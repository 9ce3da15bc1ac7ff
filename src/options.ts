import { COOKIE_NAME, type CookieAttributes } from "./cookie.ts";
import type { Resolve } from "./merge.ts";
import {
  booleanOr,
  check,
  checkKeys,
  functionOr,
  isAbsent,
  isFunction,
  isObject,
  oneOf,
  or,
  predicate,
  seconds,
  text,
  until,
  whole,
} from "./option-checks.ts";
import { isSerializer, type Serializer } from "./serializers/serializer.ts";
import { isStandardSchema, type StandardSchema } from "./standard-schema.ts";
import { isStorageSource } from "./stores/source.ts";
import { generateToken } from "./token.ts";
import type { CookieOptions, SessionHooks, SessionOptions, StoreErrorPolicy } from "./types.ts";

/** Options with every default filled in and every value checked; times in milliseconds. This file is the only place of defaults. */
export interface ResolvedOptions {
  readonly name: string;
  readonly storage: SessionOptions["storage"];
  readonly prefix: string;
  /** 0: never idle. */
  readonly idleWindow: number;
  /** 0: none. */
  readonly absoluteTimeout: number;
  /** Whether a request renews its session. */
  readonly touch: (event: unknown) => boolean;
  /** 0: never. */
  readonly rotateEvery: number;
  readonly rotateGrace: number;
  readonly cookie: CookieAttributes;
  readonly secure: boolean | "auto";
  readonly persistent: boolean;
  /** The first writes, all read; none for what is built in. */
  readonly serializers: readonly Serializer[];
  readonly schema: StandardSchema | undefined;
  readonly version: number | undefined;
  readonly migrate: ((old: Record<string, unknown>, from: number) => unknown) | undefined;
  readonly secrets: readonly string[];
  /** Milliseconds since the epoch; 0: not at all. */
  readonly acceptUnsignedUntil: number;
  readonly generateToken: () => string;
  readonly hashIds: boolean;
  /** Milliseconds since the epoch; 0: not at all. */
  readonly acceptRawIdsUntil: number;
  readonly preload: (event: unknown) => boolean;
  readonly commitOn: "success" | "always";
  readonly conflict: "merge" | "reject" | Resolve;
  readonly onGone: "throw" | "drop";
  readonly onStoreError: (event: unknown) => StoreErrorPolicy;
  readonly maxBytes: number;
  readonly timeouts: { readonly load: number; readonly save: number };
  readonly tombstoneTtl: number;
  readonly maxPerOwner: { readonly max: number; readonly whenFull: "oldest" | "refuse" };
  readonly hooks: SessionHooks;
  readonly now: () => number;
}

/** Requests in flight end sooner, and every second is one more that a stolen token works (PHP manual, `session_regenerate_id`). */
const MAX_GRACE = 300;

const MAX_MILLISECONDS = 24 * 60 * 60 * 1000;

/** Each login reads and writes the index of all: this many take 100 kB. */
const MAX_PER_OWNER = 1000;

/** Unstorage folds `/`, `\`, `..` and repeated `:`, cuts at `?` and hides keys that end in `$`: none of these may be in a key. */
const PREFIX = /^(?!.*\.\.)(?!(?:.*:)?\.(?::|$))(?:[A-Za-z0-9_.-]+(?::[A-Za-z0-9_.-]+)*:?)?$/;
const PREFIX_RULE = "at most 128 of A-Z a-z 0-9 _ . - and single colons between or after them";

/** What h3, Nitro and JavaScript keep on `event.context` or on any object. */
const RESERVED_NAMES = new Set(
  (
    "__proto__ constructor prototype sessions params middlewareParams matchedRoute clientAddress " +
    "basicAuth nitro cache route hasOwnProperty toString valueOf then"
  ).split(" "),
);

const HOOKS: readonly (keyof SessionHooks)[] = [
  "created",
  "loaded",
  "saved",
  "touched",
  "regenerated",
  "destroyed",
  "expired",
  "rejected",
  "conflict",
  "gone",
  "corrupt",
  "rotated",
  "reuse",
  "error",
];

const NAME_RULE = "a token as of RFC 9110: letters, digits and !#$%&'*+-.^_`|~, at most 256";
const PATH = /^\/[\x21-\x3a\x3c-\x7e]*$/;
const PATH_RULE = "a path that begins with a slash, without spaces or semicolons";
const DOMAIN = /^\.?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/;

const POLICIES: readonly StoreErrorPolicy[] = ["throw", "readonly", "ephemeral"];

const OPTIONS: readonly (keyof SessionOptions)[] = [
  "name",
  "storage",
  "prefix",
  "idleTimeout",
  "absoluteTimeout",
  "touch",
  "rotateEvery",
  "rotateGrace",
  "cookie",
  "serializer",
  "schema",
  "version",
  "migrate",
  "secret",
  "acceptUnsignedUntil",
  "generateToken",
  "hashIds",
  "acceptRawIdsUntil",
  "preload",
  "commitOn",
  "conflict",
  "onGone",
  "onStoreError",
  "maxBytes",
  "timeouts",
  "tombstoneTtl",
  "maxPerOwner",
  "hooks",
  "now",
];

const COOKIE_OPTIONS: readonly (keyof CookieOptions)[] = [
  "name",
  "domain",
  "path",
  "httpOnly",
  "sameSite",
  "secure",
  "partitioned",
  "priority",
  "persistent",
];

/**
 * Checks options and fills in defaults.
 *
 * @throws {SessionError} `ERR_SESSION_OPTIONS`, with the option, the type of its value and what is accepted
 */
export function resolveOptions<T extends object>(options: SessionOptions<T> = {}): ResolvedOptions {
  checkKeys("options", options, OPTIONS);
  const { storage } = options;
  const isUsable = storage === undefined || isStorageSource(storage);
  check("storage", storage, isUsable, "an unstorage Storage or driver, an ioredis client, a store, or a function that gives one");
  const timeouts = checkKeys("timeouts", or(options.timeouts, {}), ["load", "save"]);
  const now = functionOr("now", options.now, () => Date.now());
  return Object.freeze({
    name: resolveName(or(options.name, "session")),
    storage,
    prefix: text("prefix", or(options.prefix, "session:"), PREFIX, 128, PREFIX_RULE),
    idleWindow: seconds("idleTimeout", options.idleTimeout === null ? 0 : or(options.idleTimeout, 2_592_000), 0),
    absoluteTimeout: isAbsent(options.absoluteTimeout) ? 0 : seconds("absoluteTimeout", options.absoluteTimeout, 1),
    touch: predicate("touch", options.touch, true),
    ...resolveRotation(options),
    ...resolveCookie(or(options.cookie, {})),
    serializers: resolveSerializers(options.serializer),
    ...resolveShape(options),
    secrets: resolveSecrets(options.secret),
    acceptUnsignedUntil: until("acceptUnsignedUntil", options.acceptUnsignedUntil, options.secret !== undefined, "`secret`"),
    generateToken: functionOr("generateToken", options.generateToken, generateToken),
    hashIds: booleanOr("hashIds", options.hashIds, true),
    acceptRawIdsUntil: until("acceptRawIdsUntil", options.acceptRawIdsUntil, options.hashIds !== false, "`hashIds: true`"),
    preload: predicate("preload", options.preload, false),
    commitOn: oneOf("commitOn", or(options.commitOn, "success"), ["success", "always"]),
    conflict: resolveConflict(or(options.conflict, "merge")),
    onGone: oneOf("onGone", or(options.onGone, "throw"), ["throw", "drop"]),
    onStoreError: resolvePolicy(or(options.onStoreError, "throw")),
    maxBytes: whole("maxBytes", or(options.maxBytes, 65_536), 1, 16_777_216, "a whole number of bytes"),
    timeouts: Object.freeze({
      load: whole("timeouts.load", or(timeouts.load, 1000), 1, MAX_MILLISECONDS, "a whole number of milliseconds"),
      save: whole("timeouts.save", or(timeouts.save, 2000), 1, MAX_MILLISECONDS, "a whole number of milliseconds"),
    }),
    tombstoneTtl: seconds("tombstoneTtl", or(options.tombstoneTtl, 300), 1),
    maxPerOwner: resolveMaxPerOwner(or(options.maxPerOwner, MAX_PER_OWNER)),
    hooks: resolveHooks(or(options.hooks, {})),
    // Records hold whole milliseconds, and some clocks count finer.
    now: () => Math.floor(now()),
  });
}

function resolvePolicy(policy: SessionOptions["onStoreError"]): ResolvedOptions["onStoreError"] {
  const isPolicy = (value: unknown): boolean => POLICIES.includes(value as StoreErrorPolicy);
  const accepted = '"throw", "readonly", "ephemeral" or a function that gives one of them';
  check("onStoreError", policy, isPolicy(policy) || isFunction(policy), accepted);
  if (typeof policy !== "function") return () => policy as StoreErrorPolicy;
  return (event) => {
    const chosen = policy(event);
    check("onStoreError", chosen, isPolicy(chosen), accepted);
    return chosen;
  };
}

function resolveName(name: string): string {
  const valid = typeof name === "string" && /^[\p{ID_Start}_][\p{ID_Continue}-]*$/u.test(name) && !RESERVED_NAMES.has(name);
  return check("name", name, valid, `a name for \`event.context\`, and none of ${[...RESERVED_NAMES].join(", ")}`);
}

function resolveConflict(conflict: ResolvedOptions["conflict"]): ResolvedOptions["conflict"] {
  const valid = conflict === "merge" || conflict === "reject" || isFunction(conflict);
  return check("conflict", conflict, valid, '"merge", "reject" or a function');
}

function resolveCookie(cookie: CookieOptions): Pick<ResolvedOptions, "cookie" | "secure" | "persistent"> {
  checkKeys("cookie", cookie, COOKIE_OPTIONS);
  const name = text("cookie.name", or(cookie.name, "session"), COOKIE_NAME, 256, NAME_RULE);
  const path = text("cookie.path", or(cookie.path, "/"), PATH, 1024, PATH_RULE);
  const { domain } = cookie;
  if (domain !== undefined) text("cookie.domain", domain, DOMAIN, 253, "a host name, at most 253 characters");
  const sameSite = oneOf("cookie.sameSite", or(cookie.sameSite, "lax"), ["lax", "strict", "none", false]);
  const secure = oneOf("cookie.secure", or(cookie.secure, "auto"), [true, false, "auto"]);
  const priority = oneOf("cookie.priority", cookie.priority, ["low", "medium", "high", undefined]);
  const partitioned = booleanOr("cookie.partitioned", cookie.partitioned, false);
  // RFC 6265bis, 5.7 and CHIPS: browsers drop these silently.
  const needsSecure = (isGiven: boolean, what: string): unknown =>
    check("cookie.secure", secure, secure !== false || !isGiven, `true or "auto" with ${what}`);
  needsSecure(sameSite === "none", '`sameSite: "none"`');
  needsSecure(partitioned, "`partitioned`");
  needsSecure(/^__(?:Host|Secure)-/i.test(name), "a name that begins with `__Host-` or `__Secure-`");
  if (/^__Host-/i.test(name)) {
    check("cookie.domain", domain, domain === undefined, "no value with a name that begins with `__Host-`");
    check("cookie.path", path, path === "/", '"/" with a name that begins with `__Host-`');
  }
  return {
    cookie: Object.freeze({
      name,
      domain,
      path,
      httpOnly: booleanOr("cookie.httpOnly", cookie.httpOnly, true),
      sameSite,
      partitioned,
      priority,
    }),
    secure,
    persistent: booleanOr("cookie.persistent", cookie.persistent, true),
  };
}

function resolveSerializers(serializer: Serializer | readonly Serializer[] | undefined): readonly Serializer[] {
  if (serializer === undefined) return [];
  const serializers = [serializer].flat() as Serializer[];
  check("serializer", serializer, serializers.length > 0, "a serializer or a non-empty array of them");
  for (const [index, one] of serializers.entries()) {
    const option = Array.isArray(serializer) ? `serializer[${index}]` : "serializer";
    check(
      option,
      one,
      isSerializer(one),
      "an object with `id` (1 to 16 of a-z 0-9 -), `serialize` and `deserialize`; if at all, `binary` (true or false) and `keeps` (a Set)",
    );
    const first = serializers.findIndex(({ id }) => id === one.id);
    check(option, one, first === index, `an \`id\` of its own: ${JSON.stringify(one.id)} is that of \`serializer[${first}]\``);
  }
  return Object.freeze(serializers);
}

function resolveRotation({
  rotateEvery: every,
  rotateGrace: grace,
}: Pick<SessionOptions, "rotateEvery" | "rotateGrace">): Pick<ResolvedOptions, "rotateEvery" | "rotateGrace"> {
  const rotateEvery = isAbsent(every) ? 0 : seconds("rotateEvery", every, 1);
  const rotateGrace = whole("rotateGrace", or(grace, 60), 1, MAX_GRACE, "a whole number of seconds") * 1000;
  // A token that is forwarded leads to one that is not.
  check("rotateEvery", every, rotateEvery === 0 || rotateEvery > rotateGrace, "more seconds than `rotateGrace`");
  return { rotateEvery, rotateGrace };
}

function resolveShape<T extends object>(options: SessionOptions<T>): Pick<ResolvedOptions, "schema" | "version" | "migrate"> {
  const { schema, version, migrate } = options;
  check(
    "schema",
    schema,
    schema === undefined || isStandardSchema(schema),
    "a schema of a library that follows Standard Schema v1",
  );
  if (version !== undefined) whole("version", version, 1, 999_999_999, "a whole number");
  check(
    "migrate",
    migrate,
    migrate === undefined || (isFunction(migrate) && version !== undefined),
    "a function, and `version` with it",
  );
  return { schema, version, migrate };
}

function resolveSecrets(secret: string | readonly string[] | undefined): readonly string[] {
  if (secret === undefined) return [];
  const secrets: readonly unknown[] = Array.isArray(secret) ? secret : [secret];
  check("secret", secret, secrets.length > 0, "a string or a non-empty array of strings");
  for (const [index, one] of secrets.entries()) {
    const option = Array.isArray(secret) ? `secret[${index}]` : "secret";
    check(
      option,
      one,
      typeof one === "string" && new TextEncoder().encode(one).length >= 32,
      "a string of at least 32 bytes, from `openssl rand -base64 32`",
    );
  }
  return Object.freeze([...(secrets as string[])]);
}

function resolveMaxPerOwner(
  given: number | { max?: number; whenFull?: "oldest" | "refuse" | undefined },
): ResolvedOptions["maxPerOwner"] {
  const [option, limit] = typeof given === "number" ? ["maxPerOwner", { max: given }] : ["maxPerOwner.max", given];
  check(
    "maxPerOwner",
    given,
    isObject(limit),
    `a whole number of sessions (1 to ${MAX_PER_OWNER}), or an object with \`max\` and \`whenFull\``,
  );
  checkKeys("maxPerOwner", limit, ["max", "whenFull"]);
  return Object.freeze({
    max: whole(option, or(limit.max, MAX_PER_OWNER), 1, MAX_PER_OWNER, "a whole number of sessions"),
    whenFull: oneOf("maxPerOwner.whenFull", or(limit.whenFull, "oldest"), ["oldest", "refuse"]),
  });
}

function resolveHooks<T extends object>(hooks: SessionHooks<T>): SessionHooks {
  checkKeys("hooks", hooks, HOOKS);
  for (const hook of HOOKS) functionOr(`hooks.${hook}`, hooks[hook] as (() => void) | undefined, noop);
  return Object.freeze({ ...hooks });
}

function noop(): void {}
