import type { SessionError } from "./errors.ts";
import type { MergeConflict } from "./merge.ts";
import type { Serializer } from "./serializers/serializer.ts";
import type { StandardSchema } from "./standard-schema.ts";
import type { MaybePromise } from "./stores/store.ts";
import type { Change } from "./tracking/tracker.ts";

/**
 * The shape of a session's data, for you to fill in by declaration merging.
 *
 * @example
 * declare module "unsession" {
 *   interface SessionData { user?: { id: number; roles: string[] }; views: number }
 * }
 */
// eslint-disable-next-line typescript/no-empty-object-type -- empty until augmented
export interface SessionData {}

/** {@link SessionData} once augmented; until then anything goes. */
export type DefaultSessionData = keyof SessionData extends never ? Record<string, any> : SessionData;

declare const kValidated: unique symbol;

/**
 * Data that a `schema` checks: what makes its required keys required in a session. Only a type; no session holds the mark.
 *
 * @example
 * type ShopSession = Session<Validated<z.output<typeof shop>>>;
 */
export type Validated<T extends object> = T & { readonly [kValidated]: true };

/** The data of a session as it is stored. */
export type DataOf<T extends object> = T extends Validated<infer D> ? D : T;

/** The data of a session as it is read: every key may be absent, but for those that a schema requires. */
export type Shown<T extends object> = T extends Validated<infer D> ? D : Partial<T>;

/** What a session offers beside its data. Everything is under `$`, so that no data key can clash. */
export interface SessionControls<T extends object = DefaultSessionData> {
  /** The session id: SHA-256 of the token, base64url. Safe to log. `undefined` until there is a token. */
  readonly $id: string | undefined;
  /** True while the store holds no record of this session. */
  readonly $isNew: boolean;
  /** True if the store could not be read, so that this session is empty and never stored. See the option `onStoreError`. */
  readonly $isDegraded: boolean;
  /** True if a commit now would have something to store. */
  readonly $isDirty: boolean;
  /** What changed since the session was loaded or last saved; applied in order to the old data it gives the new. */
  readonly $changes: readonly Change[];
  /** When the session began: kept by `$regenerate`, a new one for a new session. */
  readonly $createdAt: Date;
  /** When the session ends if it is not used again; `null` for never. */
  readonly $expiresAt: Date | null;
  /** Settings of the cookie for this session alone, kept with it: remember-me. */
  readonly $cookie: SessionCookieOverrides;
  /** Timeouts of this session alone, kept with it and through `$regenerate`: a shorter life for an administrator, a longer one if asked for. */
  readonly $lifetime: SessionLifetimeOverrides;

  /**
   * Stores what changed so far, now, before the response.
   *
   * @throws {SessionError} `ERR_SESSION_STORE`, `_CONFLICT`, `_GONE`, `_VALUE`, `_SERIALIZE`, `_TOO_LARGE`, `_DESTROYED`
   */
  $save(): Promise<void>;
  /** Drops local changes and reads the session again; references held stay live. */
  $reload(): Promise<void>;
  /**
   * Gives the session a new token and keeps its data: call it at each change of privilege, above all at login. The old token is
   * dead for every later request. Without a record yet it does nothing, since the token will be new anyway.
   *
   * @throws {SessionError} `ERR_SESSION_CONFLICT` if another request regenerated the session first, `_GONE`, `_STORE`, `_DESTROYED`
   * @see OWASP Session Management Cheat Sheet, "Renew the Session ID After Any Privilege Level Change"
   */
  $regenerate(): Promise<void>;
  /**
   * Makes the session a user's, so that it is found by his id, and saves what changed; `null` or `undefined`: nobody's. `owner` is
   * his id, as text; `meta` is shown in lists of his sessions. Call it at login, after `$regenerate`.
   *
   * @throws {SessionError} `ERR_SESSION_GONE` if the user's sessions were ended meanwhile; `_CONFLICT` if he has as many as
   * `maxPerOwner` and that is to be refused; `_VALUE`, `_COMMITTED`; else as `$save`
   * @example
   * await session.$setOwner(String(user.id), { device: request.headers.get("user-agent"), address });
   */
  $setOwner(owner: string | null | undefined, meta?: OwnerMeta): Promise<void>;
  /**
   * Ends the session: gone from store and browser. Resolves only once the store said so.
   *
   * @throws {SessionError} `ERR_SESSION_STORE`
   */
  $destroy(): Promise<void>;
  /** Removes the keys present at load, and one-time values. If nothing is left once committed, the session ends. */
  $clear(): void;
  /**
   * Changes the session atomically: runs `fn` on the newest data and stores the result together with what was changed before,
   * again on fresher data until it holds. Works after the response too.
   *
   * `fn` is synchronous and may run more than once: keep effects out of it. Resolves to what it returns. The session gets a copy
   * of the draft: what was put into it, or kept of it, can be changed later without changing the session.
   *
   * @throws {SessionError} `ERR_SESSION_VALUE` if `fn` returns a promise; else as `$save`
   * @example
   * const left = await session.$update((draft) => --draft.credits);
   */
  $update<R>(fn: (draft: Shown<T>) => R): Promise<R>;
  /**
   * Adds to a number so that concurrent requests all count. `path` is a key, or the steps to a nested one; an absent number is 0.
   *
   * @throws {SessionError} `ERR_SESSION_VALUE` if there is something else than a number
   */
  $increment(path: (keyof T & string) | readonly unknown[], by?: number): void;
  /** Keeps a value for one reading, outside the data. */
  $flash(key: string, value: unknown): void;
  /** Reads and removes a one-time value. */
  $flash<V = unknown>(key: string): V | undefined;
  /** Calls `fn` after each change; returns what ends it. */
  $subscribe(fn: (change: Change) => void): () => void;
  /** A deep copy of the data, plain. */
  $snapshot(): Shown<T>;
}

/** A session without known data: any key. An interface, since an intersection would give the controls the type of the index. */
interface UntypedSession extends SessionControls<Record<string, any>> {
  [key: string]: any;
}

/** A session: behaves as its data, `Partial<T>`, plus the controls under `$`. With a schema, keys that it requires are not optional. */
export type Session<T extends object = DefaultSessionData> = string extends keyof T
  ? UntypedSession
  : Shown<T> & SessionControls<T>;

/** What a list of a user's sessions shows of one of them: text, numbers, booleans, at most 1,024 characters as JSON. */
export interface OwnerMeta {
  /** What he uses; the `User-Agent`, or a name made of it. */
  device?: string | null | undefined;
  /** Where he came from. */
  address?: string | null | undefined;
  [key: string]: string | number | boolean | null | undefined;
}

/** Cookie settings of one session. */
export interface SessionCookieOverrides {
  /** Whether the cookie outlives the browser; the manager's `cookie.persistent` if undefined. */
  persistent?: boolean | undefined;
  /** Seconds the cookie lives; the session's own life if undefined. The server's expiry is not affected. */
  maxAge?: number | undefined;
}

/**
 * Timeouts of one session. What is changed is in force from the next save on, which also renews the session.
 *
 * Each is the manager's if undefined. A change after the response is `ERR_SESSION_COMMITTED`, and any other value `ERR_SESSION_VALUE`.
 */
export interface SessionLifetimeOverrides {
  /** Seconds without a request after which the session ends; 0 or `null` for never. */
  idleTimeout?: number | null | undefined;
  /** Seconds after its creation at which the session ends, used or not; `null` for never. */
  absoluteTimeout?: number | null | undefined;
}

/** Attributes of the session cookie. */
export interface CookieOptions {
  /** What the browser calls it. @default "session" */
  name?: string | undefined;
  /** Hosts that get the cookie, with their subdomains; the host that set it alone if undefined. */
  domain?: string | undefined;
  /** Paths that get the cookie, with those below. @default "/" */
  path?: string | undefined;
  /** Hidden from scripts. @default true */
  httpOnly?: boolean | undefined;
  /** Whether other sites' requests carry it; `false` leaves the attribute out. @default "lax" */
  sameSite?: "lax" | "strict" | "none" | false | undefined;
  /**
   * Only over https. `"auto"`: always in production (`NODE_ENV`), with SameSite=None, Partitioned, a `__Host-` or `__Secure-` name,
   * or when the scheme is unknown; otherwise only on https requests.
   *
   * @default "auto"
   */
  secure?: boolean | "auto" | undefined;
  /** A separate cookie for each top-level site (CHIPS). @default false */
  partitioned?: boolean | undefined;
  /** Which cookies a full browser drops first (Chromium). */
  priority?: "low" | "medium" | "high" | undefined;
  /** Whether the cookie outlives the browser. False leaves Max-Age out; expiry is tracked on the server all the same. @default true */
  persistent?: boolean | undefined;
}

/** What `storage` takes: an unstorage `Storage` or driver, an ioredis client, or a {@link Store}. Structural, so that any version fits. */
export type StorageSource = object;

/** Methods, so that an adapter may give the event its own type. */
interface Predicate {
  test(event: unknown): boolean;
}
interface PolicyOf {
  of(event: unknown): StoreErrorPolicy;
}

/**
 * What a request gets where the store fails.
 *
 * - `"throw"`: `ERR_SESSION_STORE`, answered with 503.
 * - `"readonly"`: if the session cannot be loaded, an empty one that refuses every write with `ERR_SESSION_STORE`. As `"throw"` if it
 *   cannot be saved.
 * - `"ephemeral"`: if the session cannot be loaded, an empty one that takes writes and is forgotten. If it cannot be saved, the
 *   response goes out all the same, without what was changed.
 *
 * Under each, what could not be read is never overwritten, no cookie is sent for what was not stored, and what is asked for by name
 * (`$save`, `$update`, `$reload`, `$regenerate`, `$destroy`) throws if the store did not do it.
 */
export type StoreErrorPolicy = "throw" | "readonly" | "ephemeral";

/** Options of a session manager. Times are in seconds unless said otherwise. */
export interface SessionOptions<T extends object = DefaultSessionData> {
  /** Where `event.context` holds the session. @default "session" */
  name?: string | undefined;
  /** Where sessions are kept: an unstorage `Storage` or driver, an ioredis client, a store, or an (async) function that gives one. @default memory */
  storage?: StorageSource | (() => MaybePromise<StorageSource>) | undefined;
  /** Begins every key in the store. @default "session:" */
  prefix?: string | undefined;
  /** Seconds without a request after which a session ends, sliding; 0 or `null` for never. @default 2592000 */
  idleTimeout?: number | null | undefined;
  /** Seconds after its creation at which a session ends, used or not; none if undefined. */
  absoluteTimeout?: number | null | undefined;
  /**
   * Whether a request keeps its session alive. Where it does not, such as polling, data is stored all the same, but neither the idle
   * window nor the token is renewed.
   *
   * @default true
   */
  touch?: boolean | Predicate["test"] | undefined;
  /** Seconds after which a request gives its session a new token, more than `rotateGrace`; never if undefined. */
  rotateEvery?: number | null | undefined;
  /** Seconds for which a token that was rotated away still leads to its session, for requests in flight. @default 60 */
  rotateGrace?: number | undefined;
  /** Attributes of the session cookie. @default {} */
  cookie?: CookieOptions | undefined;
  /**
   * How data becomes text or bytes. Of several the first writes and all read, so that you may switch.
   *
   * @default JSON, and superjson for what JSON would lose; what these wrote can always be read
   */
  serializer?: Serializer | readonly Serializer[] | undefined;
  /** What the data has to be, by any library of Standard Schema: types the session, and is checked on load and before a save. */
  schema?: StandardSchema<DataOf<T>> | undefined;
  /** Which form of the data this application writes: count up when it changes. Records of a later one are left alone. */
  version?: number | undefined;
  /** Brings data that an earlier version wrote into today's form; `from` is 0 for what was written without one. */
  migrate?: ((old: Record<string, unknown>, from: number) => unknown) | undefined;
  /** Signs tokens: the first signs, all verify. Each at least 32 bytes. */
  secret?: string | readonly string[] | undefined;
  /** When `secret` is new on a running site: the date until which tokens from before are accepted unsigned, and replaced. */
  acceptUnsignedUntil?: Date | string | number | undefined;
  /** Makes tokens, of 1 to 256 of `A-Z a-z 0-9 _ -`, unguessable. @default 32 random bytes, base64url */
  generateToken?: (() => string) | undefined;
  /** Whether the store sees only hashes of tokens. @default true */
  hashIds?: boolean | undefined;
  /** When `hashIds` is new on a running site: the date until which records from before are found under their tokens, and moved. */
  acceptRawIdsUntil?: Date | string | number | undefined;
  /** Loads the session before the handler, so that `event.context.session` is there without `await`. @default false */
  preload?: boolean | Predicate["test"] | undefined;
  /** Whether data is stored after a 5xx or an unhandled error; destroy and regenerate stand anyway. @default "success" */
  commitOn?: "success" | "always" | undefined;
  /** What happens where two requests changed the same place: the last to commit wins, is refused (409), or a function decides. @default "merge" */
  conflict?: "merge" | "reject" | ((conflict: MergeConflict) => unknown) | undefined;
  /** What happens to data changes of a session that another request ended: `ERR_SESSION_GONE`, or nothing. @default "throw" */
  onGone?: "throw" | "drop" | undefined;
  /** What a request gets where the store fails: 503, an empty session that cannot be written, or one that is forgotten; or a function of the event that says which. @default "throw" */
  onStoreError?: StoreErrorPolicy | PolicyOf["of"] | undefined;
  /** The largest session, in bytes as it is serialized. @default 65536 */
  maxBytes?: number | undefined;
  /** Milliseconds the store may take. @default { load: 1000, save: 2000 } */
  timeouts?: { load?: number | undefined; save?: number | undefined } | undefined;
  /** Seconds that ended sessions are remembered, so that late requests can be told. @default 300 */
  tombstoneTtl?: number | undefined;
  /** How many sessions a user may have, 1 to 1000; beyond, his oldest login ends, or the new one is refused. @default 1000 */
  maxPerOwner?: number | { max: number; whenFull?: "oldest" | "refuse" | undefined } | undefined;
  /** Functions that are told what becomes of sessions. @default {} */
  hooks?: SessionHooks<T> | undefined;
  /** The clock, in milliseconds since the epoch. @default `Date.now` */
  now?: (() => number) | undefined;
}

/** What a hook is told. Never a token; `id` is the session id, which is safe to log. */
export interface SessionHookInfo {
  readonly id: string | undefined;
}

/** Functions called at turns in the life of sessions. What they throw goes to the `error` hook, and never to the request. */
export interface SessionHooks<_T extends object = DefaultSessionData> {
  /** A new session was stored. */
  created?: ((info: SessionHookInfo) => void) | undefined;
  /** A request came with a live session. */
  loaded?: ((info: SessionHookInfo) => void) | undefined;
  /** Data was stored. */
  saved?: ((info: SessionHookInfo) => void) | undefined;
  /** The idle window began anew, data unchanged. */
  touched?: ((info: SessionHookInfo) => void) | undefined;
  /** A session got a new token. */
  regenerated?: ((info: SessionHookInfo & { readonly previousId: string }) => void) | undefined;
  /** A session was ended, by `$destroy` or `$clear`, by the manager (`destroy`, `destroyByOwner`, `clear`), or for `maxPerOwner`. */
  destroyed?: ((info: SessionHookInfo) => void) | undefined;
  /** A request came with a session whose time was over, and which the store still had. */
  expired?: ((info: SessionHookInfo) => void) | undefined;
  /** A cookie was not accepted. */
  rejected?: ((info: SessionHookInfo & { readonly reason: RejectReason }) => void) | undefined;
  /** Two requests changed the same place. */
  conflict?: ((info: SessionHookInfo & { readonly path: readonly unknown[] }) => void) | undefined;
  /** Changes met a session that another request had ended. */
  gone?: ((info: SessionHookInfo) => void) | undefined;
  /** A record could not be used; it stays in the store, and a fresh session took its place. */
  corrupt?: ((info: SessionHookInfo & { readonly reason: CorruptReason; readonly error: Error | undefined }) => void) | undefined;
  /** A session got a new token, by `rotateEvery` or because the old one was of before `secret` or `hashIds`. */
  rotated?: ((info: SessionHookInfo & { readonly previousId: string }) => void) | undefined;
  /** A request came with a token that was replaced longer ago than `rotateGrace`: someone may have stolen it. `successorId` is what it was rotated to, none after a `$regenerate`. */
  reuse?: ((info: SessionHookInfo & { readonly successorId: string | undefined }) => void) | undefined;
  /** Something failed that no request was told of, or the store failed. */
  error?: ((info: SessionHookInfo & { readonly error: SessionError | Error }) => void) | undefined;
}

/** Why a cookie was not accepted: no token or a bad signature; a token no record belongs to; several live sessions at once. */
export type RejectReason = "malformed" | "unknown" | "ambiguous";

/**
 * Why a record was set aside: it was damaged, or is of an unknown serializer; a later `version` wrote it; `migrate` failed; it does
 * not fit the `schema`.
 */
export type CorruptReason = "damaged" | "version" | "migrate" | "schema";

/** One session, as `list` gives it. */
export interface SessionInfo {
  readonly id: string;
  readonly createdAt: Date;
  /** `null` for never. */
  readonly expiresAt: Date | null;
}

/** One session of a user, as `listByOwner` gives it. */
export interface OwnedSession extends SessionInfo {
  /** When its idle window last began: exact to a tenth of `idleTimeout`. */
  readonly lastSeenAt: Date;
  /** What `$setOwner` was given. */
  readonly meta: Readonly<OwnerMeta>;
}

/** What a manager's store can do. */
export interface SessionCapabilities {
  /** `"A"`: concurrent requests on any number of processes lose nothing. `"C"`: within one process only. */
  readonly class: "A" | "C";
  /** Whether the store drops expired records by itself. */
  readonly ttl: boolean;
  /** Whether `list`, `count` and `clear` work. */
  readonly list: boolean;
  /** The largest record, in bytes. */
  readonly maxBytes?: number | undefined;
  /** Its name: `memory`, or the driver's. */
  readonly store: string;
}

/** Loads and commits the sessions of one cookie. Any framework can be served with `load` and `commit` alone. */
export interface SessionManager<T extends object = DefaultSessionData> {
  /**
   * The session of a request. Whatever the client sent, it never throws for it: no, bad, unknown or expired cookies give a fresh
   * session.
   *
   * @param cookieHeader the `Cookie` header as it came
   * @param request `secure`: whether it came over https; undefined if unknown. `touch`: whether it keeps the session alive; true if
   * undefined. `event`: what `onStoreError` is given, if it is a function
   * @throws {SessionError} `ERR_SESSION_STORE`
   */
  load(
    cookieHeader?: string | null,
    request?: { secure?: boolean | undefined; touch?: boolean | undefined; event?: unknown },
  ): Promise<Session<T>>;
  /**
   * Stores what must be stored, and returns the `Set-Cookie` values to send, usually none. Call it once, before the response.
   *
   * With `response` it obeys `commitOn`, and sets `Vary` and `Cache-Control` on the headers.
   *
   * @throws {SessionError} `ERR_SESSION_STORE`, `_CONFLICT`, `_GONE`, `_VALUE`, `_SERIALIZE`, `_TOO_LARGE`
   */
  commit(session: Session<T>, response?: { status: number; headers: Headers }): Promise<string[]>;
  /** A plain copy of the data of a session, by the cookie's value; `undefined` if there is none. Touches nothing, calls no hook. */
  find(token: string): Promise<DataOf<T> | undefined>;
  /** All live sessions. @throws {SessionError} `ERR_SESSION_UNSUPPORTED` */
  list(): AsyncIterableIterator<SessionInfo>;
  /** How many live sessions there are. @throws {SessionError} `ERR_SESSION_UNSUPPORTED` */
  count(): Promise<number>;
  /** Ends a session by its id; false if there was none. */
  destroy(id: string): Promise<boolean>;
  /** The live sessions of a user, the oldest login first. Works on every store. @throws {SessionError} `ERR_SESSION_STORE` */
  listByOwner(owner: string): Promise<OwnedSession[]>;
  /**
   * Ends the sessions of a user, but for `except`, a session or its `$id`; resolves to how many. A login that was acknowledged before
   * is gone; one on its way is gone or listed.
   *
   * @throws {SessionError} `ERR_SESSION_STORE`; repeat it then
   */
  destroyByOwner(owner: string, options?: { except?: object | string | undefined }): Promise<number>;
  /** Ends all sessions. @throws {SessionError} `ERR_SESSION_UNSUPPORTED` */
  clear(): Promise<void>;
  /** Drops expired records where the store does not do so itself; resolves to how many. */
  sweep(): Promise<number>;
  /** What the store can do; `undefined` until it is first used. */
  readonly capabilities: SessionCapabilities | undefined;
  /** Releases what the manager opened. */
  close(): Promise<void>;
}
