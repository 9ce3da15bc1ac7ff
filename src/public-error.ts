import { SessionError } from "./errors.ts";

/** What a client is told of an error. */
export interface PublicError {
  readonly status: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * What a client is told of a session error with an HTTP meaning; `undefined` for any other. What it says to a developer, and its
 * cause, which may tell of the store, stay on the server.
 */
export function publicErrorOf(error: unknown): PublicError | undefined {
  if (!SessionError.is(error) || error.status === undefined) return undefined;
  const { status } = error;
  if (status === 503) return { status, message: "Sessions are not available at the moment", headers: { "retry-after": "1" } };
  return { status, message: "The session was changed or ended by another request", headers: {} };
}
