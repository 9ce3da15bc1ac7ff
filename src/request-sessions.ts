import { putToWork } from "./at-work.ts";
import type { CommitResponse } from "./commit.ts";
import { clashError, notLoadedError } from "./errors.ts";
import { isSessionManager, optionsOf } from "./manager.ts";
import type { Session, SessionManager } from "./types.ts";

/** The managers at work on one request, and the sessions they loaded. What every adapter shares. */
export interface RequestSession {
  readonly manager: SessionManager;
  readonly name: string;
  /** The manager's option: another copy of the package, whose `useSession` this may be, cannot look it up. */
  readonly touch: (event: unknown) => boolean;
  /** What the request came with when the manager was put to work: others put something else in its place. */
  readonly origin: object;
  /** Set by the first use, so that all uses share one load. */
  loading: Promise<Session> | undefined;
  /** What `loading` resolved to. */
  session: Session | undefined;
  /** Another request commits it, which it was borrowed from. */
  isBorrowed: boolean;
  /** Set by adapters that cannot wait for what comes after them. */
  host: SessionHost | undefined;
}

/** What an adapter does for the session of a request. */
export interface SessionHost {
  /** Keeps the response back until the session is committed; called before it is loaded. */
  hold(): void;
  /** Loads the session for a request that this one made, if that comes with no other cookie, and unless the response is on its way. */
  lend(session: RequestSession, cookieHeader: string | undefined): Promise<Session> | undefined;
}

/** On the context, which sub-applications of one request share; a global symbol, so that two copies of the package meet. */
const kSessions: unique symbol = Symbol.for("unsession.sessions") as never;

interface Context {
  [kSessions]?: RequestSession[];
}

/**
 * Puts a manager to work on a request. `undefined` if it is at work already, further out, where the session will be committed.
 *
 * @throws {SessionError} `ERR_SESSION_OPTIONS` if it clashes with another manager on the request
 */
export function attach(context: object, manager: SessionManager, origin: object): RequestSession | undefined {
  const present = ((context as Context)[kSessions] ??= []);
  for (const other of present) {
    if (other.manager === manager) return undefined;
    checkClash(other.manager, manager);
  }
  const { name, touch } = optionsOf(manager);
  const attached: RequestSession = {
    manager,
    name,
    touch,
    origin,
    loading: undefined,
    session: undefined,
    isBorrowed: false,
    host: undefined,
  };
  present.push(attached);
  return attached;
}

/** What a request came with, if a manager is at work on it. */
export function originOf(context: object): object | undefined {
  return (context as Context)[kSessions]?.[0]?.origin;
}

function checkClash(one: SessionManager, other: SessionManager): void {
  const [a, b] = [optionsOf(one), optionsOf(other)];
  if (a.name === b.name) throw clashError("`name`", a.name);
  if (a.cookie.name === b.cookie.name) throw clashError("`cookie.name`", a.cookie.name);
  if (a.storage !== undefined && a.storage === b.storage && a.prefix === b.prefix)
    throw clashError("`prefix` on one storage", a.prefix);
}

/**
 * Finds the session that is meant by a manager or a name; without either the one called `session`, or the only one.
 *
 * @throws {SessionError} `ERR_SESSION_NOT_LOADED` if no middleware put it to work
 */
export function findSession(context: object, which: object | string | undefined): RequestSession {
  const present = (context as Context)[kSessions] ?? [];
  const name = typeof which === "object" ? optionsOf(which).name : which;
  const found =
    typeof which === "object"
      ? present.find(({ manager }) => manager === which)
      : (present.find((one) => one.name === (name ?? "session")) ??
        (name === undefined && present.length === 1 ? present[0] : undefined));
  if (found === undefined)
    throw notLoadedError(
      name ?? "session",
      present.map((one) => one.name),
    );
  return found;
}

/** Loads a session once per request, and puts it on the context under its name. */
export function loadOnce(
  context: object,
  session: RequestSession,
  cookieHeader: string | null,
  request: { readonly secure: boolean | undefined; readonly touch: boolean; readonly event: unknown },
): Promise<Session> {
  return (session.loading ??= shown(context, session, session.manager.load(cookieHeader, request)));
}

/**
 * Takes the session of the request that made this one, on its context, as far as it lends it: both see one object, and the other
 * request commits it.
 */
export function borrow(context: object, session: RequestSession, outer: object, cookieHeader: string | undefined): void {
  const owner = (outer as Context)[kSessions]?.find(({ manager }) => manager === session.manager);
  const lent = owner?.host?.lend(owner, cookieHeader);
  if (lent === undefined) return;
  session.isBorrowed = true;
  session.loading = shown(context, session, lent);
}

function shown(context: object, session: RequestSession, loading: Promise<Session>): Promise<Session> {
  return loading.then((loaded) => {
    session.session = loaded;
    (context as Record<string, unknown>)[session.name] = loaded;
    return loaded;
  });
}

/**
 * Commits all sessions that a request used. Called again after one of them failed, it gives the cookies of those before it once
 * more, for the response to the failure.
 */
export function committer(context: object): (response: CommitResponse) => Promise<string[]> {
  const cookies: string[] = [];
  return async (response) => {
    for (const { manager, loading, session: loaded, isBorrowed } of (context as Context)[kSessions] ?? []) {
      if (isBorrowed) continue;
      const session = loaded ?? (await loading?.catch(() => undefined));
      if (session !== undefined) cookies.push(...(await manager.commit(session, response)));
    }
    return cookies;
  };
}

/** Whether a session of a request was asked for in vain. */
export async function hasFailedToLoad(context: object): Promise<boolean> {
  const loads = ((context as Context)[kSessions] ?? []).map(({ loading }) => loading);
  return (await Promise.allSettled(loads)).some(({ status }) => status === "rejected");
}

/** A manager given as it is, or made of the options given; at work from now on. */
export function toManager(given: object | undefined, create: (options: object | undefined) => object): SessionManager {
  const manager = (given !== undefined && isSessionManager(given) ? given : create(given)) as SessionManager;
  putToWork(manager);
  return manager;
}
