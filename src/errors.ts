import { formatPath } from "./tracking/path.ts";

/** Every code a {@link SessionError} can carry. */
export type SessionErrorCode =
  | "ERR_SESSION_OPTIONS"
  | "ERR_SESSION_UNSUPPORTED"
  | "ERR_SESSION_NOT_LOADED"
  | "ERR_SESSION_COMMITTED"
  | "ERR_SESSION_DESTROYED"
  | "ERR_SESSION_VALUE"
  | "ERR_SESSION_SERIALIZE"
  | "ERR_SESSION_TOO_LARGE"
  | "ERR_SESSION_STORE"
  | "ERR_SESSION_CONFLICT"
  | "ERR_SESSION_GONE"
  | "ERR_SESSION_CACHED";

/** The HTTP status an adapter answers with when the error is not handled; other codes mean a bug and give 500. */
const STATUS: Partial<Record<SessionErrorCode, number>> = {
  ERR_SESSION_STORE: 503,
  ERR_SESSION_CONFLICT: 409,
  ERR_SESSION_GONE: 409,
};

/** In the package as it is installed: a section for each code. */
const PAGE = "unsession/docs/errors.md";

/**
 * The one error class of the package.
 *
 * `code` is a literal to switch on, `status` is set where the error has an HTTP meaning (503 or 409), `cause` is the
 * error of the store or serializer. A message ends with the place of its section in the documentation, and never holds a token or
 * a session's data.
 *
 * @example
 * try { await session.$save() } catch (error) {
 *   if (SessionError.is(error) && error.code === "ERR_SESSION_GONE") return redirect("/login");
 *   throw error;
 * }
 */
export class SessionError extends Error {
  readonly code: SessionErrorCode;
  readonly status: number | undefined;

  constructor(code: SessionErrorCode, message: string, options?: { cause?: unknown }) {
    super(`[unsession] ${message} (see ${PAGE}#${code.toLowerCase()})`, options);
    this.code = code;
    this.status = STATUS[code];
  }

  /** Tells a session error from any other, also when two copies of the package are installed. */
  static is(value: unknown): value is SessionError {
    return value instanceof Error && value.name === "SessionError" && "code" in value;
  }
}
// A literal on the prototype: minifiers rename classes, and an own `name` would show in every inspection.
SessionError.prototype.name = "SessionError";

export function isStoreError(value: unknown): value is SessionError {
  return SessionError.is(value) && value.code === "ERR_SESSION_STORE";
}

type Path = readonly unknown[];

export const optionError = (option: string, value: unknown, accepted: string): SessionError =>
  new SessionError("ERR_SESSION_OPTIONS", `Option \`${option}\` is ${describe(value, option)}. Give it ${accepted}.`);

export const clashError = (what: string, value: string): SessionError =>
  new SessionError(
    "ERR_SESSION_OPTIONS",
    `Two session managers meet on one request with the same ${what} ${JSON.stringify(value)}. Give each its own \`name\`, \`cookie.name\` and (on one store) \`prefix\`.`,
  );

export const unsupportedError = (what: string, advice: string): SessionError =>
  new SessionError("ERR_SESSION_UNSUPPORTED", `${what}. ${advice}.`);

export const libraryError = (library: string, cause: unknown): SessionError =>
  new SessionError(
    "ERR_SESSION_UNSUPPORTED",
    `The serializer needs the package \`${library}\`, which could not be imported. Install it: \`npm i ${library}\`.`,
    { cause },
  );

export const notLoadedError = (name: string | undefined, present: readonly string[]): SessionError =>
  new SessionError(
    "ERR_SESSION_NOT_LOADED",
    present.length === 0
      ? "useSession() was called on a route without sessions. Add `app.use(sessionMiddleware())` before it, or wrap the handler in `defineSessionHandler()`."
      : `No session named ${JSON.stringify(name)} is on this route; there is ${present.map((n) => JSON.stringify(n)).join(", ")}. Pass one of these names, or add \`sessionMiddleware(manager)\` for the other.`,
  );

export const committedError = (): SessionError =>
  new SessionError(
    "ERR_SESSION_COMMITTED",
    "The session was written after its response was committed. Write before you return, or use `await session.$update(fn)`, which works at any time.",
  );

export const destroyedError = (): SessionError =>
  new SessionError("ERR_SESSION_DESTROYED", "The session was used after `$destroy()`. A new one begins with the next request.");

export const valueError = (path: Path, what: string, advice: string): SessionError =>
  new SessionError("ERR_SESSION_VALUE", `${formatPath(path)} ${what}. ${advice}.`);

export const serializeError = (serializer: string, cause: unknown): SessionError =>
  new SessionError(
    "ERR_SESSION_SERIALIZE",
    `The serializer ${JSON.stringify(serializer)} could not encode the session. Keep only values it supports, or choose another \`serializer\`.`,
    { cause },
  );

export const tooLargeError = (bytes: number, limit: number, largest: readonly string[]): SessionError =>
  new SessionError(
    "ERR_SESSION_TOO_LARGE",
    `The session takes ${bytes} bytes, over the limit of ${limit}; largest: ${largest.join(", ")}. Keep less in it, or raise \`maxBytes\` as far as the store allows. The stored session is unchanged.`,
  );

export const itemTooLargeError = (bytes: number, limit: number): SessionError =>
  new SessionError(
    "ERR_SESSION_TOO_LARGE",
    `An item takes ${bytes} bytes, over the limit of ${limit} of memcached. Keep less in it, or raise \`-I\` of the servers and \`maxItemBytes\` of the driver. The stored item is unchanged.`,
  );

export const storeError = (doing: string, cause: unknown): SessionError =>
  new SessionError(
    "ERR_SESSION_STORE",
    `The session store failed to ${doing}. Check that it is up and answers within \`timeouts\`.`,
    { cause },
  );

export const degradedError = (cause: unknown): SessionError =>
  new SessionError(
    "ERR_SESSION_STORE",
    "The session store could not be read for this request, so nothing can be stored in its session. Answer without it: `$isDegraded` says so beforehand.",
    { cause },
  );

export const uncertainError = (): SessionError =>
  new SessionError(
    "ERR_SESSION_STORE",
    "The session store lost its connection during a save, and what became of the save cannot be known. Read the session again before you repeat it.",
  );

export const conflictError = (paths: readonly Path[]): SessionError =>
  new SessionError(
    "ERR_SESSION_CONFLICT",
    `Another request changed ${paths.map(formatPath).join(", ")} meanwhile. Read the session again and repeat the change, or use \`$update(fn)\`.`,
  );

export const contentionError = (): SessionError =>
  new SessionError(
    "ERR_SESSION_CONFLICT",
    "Other requests kept changing the session for as long as a save may take. Repeat the request, or raise `timeouts.save`.",
  );

export const regenerateConflictError = (): SessionError =>
  new SessionError(
    "ERR_SESSION_CONFLICT",
    "Another request regenerated this session meanwhile. Repeat the request with the new cookie.",
  );

export const ownerLimitError = (max: number): SessionError =>
  new SessionError(
    "ERR_SESSION_CONFLICT",
    `The user has ${max} sessions, as many as \`maxPerOwner\` allows. End one of them first, or set \`whenFull: "oldest"\`.`,
  );

export const goneError = (): SessionError =>
  new SessionError(
    "ERR_SESSION_GONE",
    'The session was ended by another request, so this change was not stored. Start a new session, or set `onGone: "drop"`.',
  );

export const cachedError = (): SessionError =>
  new SessionError(
    "ERR_SESSION_CACHED",
    "useSession() was called for a response that Nitro keeps for all visitors, by a cache or by prerendering. Read the session outside of what is kept, or do not keep the route.",
  );

/** The type of a value, for messages: never its contents, which may be a secret, but for numbers and booleans elsewhere. */
function describe(value: unknown, option: string): string {
  if (value === null || value === undefined) return String(value);
  const isShown = typeof value === "number" || typeof value === "boolean";
  if (isShown && !/^(?:secret|encrypted)/.test(option)) return `the ${typeof value} ${value}`;
  return Array.isArray(value) ? "an array" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}
