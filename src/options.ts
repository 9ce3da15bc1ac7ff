import { COOKIE_NAME, type CookieAttributes } from "./cookie.ts";
import { optionError } from "./errors.ts";
import type { Resolve } from "./merge.ts";
import { isSerializer, type Serializer } from "./serializers/serializer.ts";
import { isStandardSchema, type StandardSchema } from "./standard-schema.ts";
import { isStorageSource } from "./stores/open.ts";
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

/** A century: more is a mistake in the unit. */
const MAX_SECONDS = 100 * 365 * 24 * 60 * 60;

/** Requests in flight end sooner, and every second is one more that a stolen token works (PHP manual, `session_regenerate_id`). */
const MAX_GRACE = 300;

const MAX_MILLISECONDS = 24 * 60 * 60 * 1000;

/** Each login reads and writes the index of all: this many take 100 kB. */
const MAX_PER_OWNER = 1000;

/** Unstorage folds `/`, `\` and repeated `:`, cuts at `?` and hides keys that end in `$`: none of these may be in a key. */
const PREFIX = /^(?:[A-Za-z0-9_.-]+(?::[A-Za-z0-9_.-]+)*:?)?$/;

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
  const conflict = or(options.conflict, "merge");
  check(
    "conflict",
    conflict,
    conflict === "merge" || conflict === "reject" || isFunction(conflict),
    '"merge", "reject" or a function',
  );
  const { storage } = options;
  check(
    "storage",
    storage,
    storage === undefined || isStorageSource(storage),
    "an unstorage Storage or driver, an ioredis client, a store, or a function that gives one",
  );
  const timeouts = checkKeys("timeouts", or(options.timeouts, {}), ["load", "save"]);
  return Object.freeze({
    name: resolveName(or(options.name, "session")),
    storage,
    prefix: resolvePrefix(or(options.prefix, "session:")),
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
    conflict,
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
    now: wholeMilliseconds(functionOr("now", options.now, () => Date.now())),
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

function resolveName(name: unknown): string {
  const valid = typeof name === "string" && /^[\p{ID_Start}_][\p{ID_Continue}-]*$/u.test(name) && !RESERVED_NAMES.has(name);
  check("name", name, valid, `a name for \`event.context\`, and none of ${[...RESERVED_NAMES].join(", ")}`);
  return name as string;
}

function resolvePrefix(prefix: unknown): string {
  const valid =
    typeof prefix === "string" && prefix.length <= 128 && PREFIX.test(prefix) && !/\.\.|(?:^|:)\.(?::|$)/.test(prefix);
  check("prefix", prefix, valid, "at most 128 of A-Z a-z 0-9 _ . - and single colons between or after them");
  return prefix as string;
}

function resolveCookie(cookie: CookieOptions): Pick<ResolvedOptions, "cookie" | "secure" | "persistent"> {
  checkKeys("cookie", cookie, COOKIE_OPTIONS);
  const { domain, priority } = cookie;
  const name = or(cookie.name, "session");
  check(
    "cookie.name",
    name,
    typeof name === "string" && name.length <= 256 && COOKIE_NAME.test(name),
    "a token as of RFC 9110: letters, digits and !#$%&'*+-.^_`|~, at most 256",
  );
  const path = or(cookie.path, "/");
  check(
    "cookie.path",
    path,
    typeof path === "string" && /^\/[\x21-\x3a\x3c-\x7e]*$/.test(path) && path.length <= 1024,
    "a path that begins with a slash, without spaces or semicolons",
  );
  check(
    "cookie.domain",
    domain,
    domain === undefined ||
      (typeof domain === "string" && domain.length <= 253 && /^\.?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(domain)),
    "a host name, at most 253 characters",
  );
  const sameSite = or(cookie.sameSite, "lax");
  check(
    "cookie.sameSite",
    sameSite,
    sameSite === false || ["lax", "strict", "none"].includes(sameSite),
    '"lax", "strict", "none" or false',
  );
  const secure = or(cookie.secure, "auto");
  check("cookie.secure", secure, secure === "auto" || isBoolean(secure), 'true, false or "auto"');
  check(
    "cookie.priority",
    priority,
    priority === undefined || ["low", "medium", "high"].includes(priority),
    '"low", "medium" or "high"',
  );
  const partitioned = booleanOr("cookie.partitioned", cookie.partitioned, false);
  const host = /^__Host-/i.test(name);
  // RFC 6265bis, 5.7 and CHIPS: browsers drop these silently.
  if (secure === false) {
    check("cookie.secure", secure, sameSite !== "none", 'true or "auto" with `sameSite: "none"`');
    check("cookie.secure", secure, !partitioned, 'true or "auto" with `partitioned`');
    check(
      "cookie.secure",
      secure,
      !host && !/^__Secure-/i.test(name),
      'true or "auto" with a name that begins with `__Host-` or `__Secure-`',
    );
  }
  if (host) {
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

/** A date up to which something old is accepted, in milliseconds; 0 for none. */
function until(option: string, date: Date | string | number | undefined, isNeeded: boolean, needs: string): number {
  if (date === undefined) return 0;
  const time = date instanceof Date || typeof date === "string" ? new Date(date).getTime() : date;
  check(option, date, Number.isInteger(time) && time > 0, "a Date, an ISO 8601 string, or milliseconds since the epoch");
  check(option, date, isNeeded, `no value without ${needs}`);
  return time;
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

/** `null` is a value, and mostly a wrong one. */
function or<V>(value: V | undefined, otherwise: V): V {
  return value === undefined ? otherwise : value;
}

function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

/** Records hold whole milliseconds, and some clocks count finer. */
function wholeMilliseconds(now: () => number): () => number {
  return () => Math.floor(now());
}

/** Seconds of the user's to milliseconds. */
function seconds(option: string, value: number, least: number): number {
  const none = least === 0 ? ", 0 or null for never" : "";
  return whole(option, value, least, MAX_SECONDS, `a whole number of seconds, at least ${Math.max(least, 1)}${none}`) * 1000;
}

function whole(option: string, value: unknown, least: number, most: number, what: string): number {
  check(
    option,
    value,
    typeof value === "number" && Number.isInteger(value) && value >= least && value <= most,
    `${what} (${least} to ${most})`,
  );
  return value as number;
}

function booleanOr(option: string, value: unknown, otherwise: boolean): boolean {
  check(option, value, value === undefined || isBoolean(value), "true or false");
  return (value as boolean | undefined) ?? otherwise;
}

function functionOr<F extends (...args: never[]) => unknown>(option: string, value: F | undefined, otherwise: F): F {
  check(option, value, value === undefined || isFunction(value), "a function");
  return value ?? otherwise;
}

function predicate<P extends (event: unknown) => boolean>(
  option: string,
  value: boolean | P | undefined,
  otherwise: boolean,
): (event: unknown) => boolean {
  const given = or<boolean | P>(value, otherwise);
  check(option, given, isBoolean(given) || isFunction(given), "a boolean or a function of the event");
  return typeof given === "function" ? given : () => given;
}

function oneOf<V extends string>(option: string, value: V, accepted: readonly V[]): V {
  check(option, value, accepted.includes(value), accepted.map((one) => JSON.stringify(one)).join(" or "));
  return value;
}

/** A misspelt option would otherwise be a default that nobody wanted. */
function checkKeys<O extends object>(option: string, value: O, known: readonly string[]): O {
  check(option, value, isObject(value), "an object");
  for (const key of Object.keys(value)) {
    check(
      option === "options" ? key : `${option}.${key}`,
      (value as Record<string, unknown>)[key],
      known.includes(key),
      `no value: there is no such option, only ${known.join(", ")}`,
    );
  }
  return value;
}

function check(option: string, value: unknown, valid: boolean, accepted: string): void {
  if (!valid) throw optionError(option, value, accepted);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}
