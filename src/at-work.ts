import { notLoadedError } from "./errors.ts";
import { optionsOf } from "./manager.ts";
import type { SessionManager } from "./types.ts";

/** On the global object, so that two copies of the package meet. */
const kManagers: unique symbol = Symbol.for("unsession.managers") as never;

/** The managers that were put on routes in this process, by name. */
function managers(): Map<string, SessionManager> {
  return ((globalThis as { [kManagers]?: Map<string, SessionManager> })[kManagers] ??= new Map());
}

/** Notes that a manager was put on routes. The last of a name counts, since a dev server makes another with each change. */
export function putToWork(manager: SessionManager): void {
  managers().set(optionsOf(manager).name, manager);
}

/**
 * Finds the manager of what passes no route; without a name the one called `session`, or the only one.
 *
 * @throws {SessionError} `ERR_SESSION_NOT_LOADED` if none is at work
 */
export function managerAtWork(name: string | undefined): SessionManager {
  const present = managers();
  const [only] = present.values();
  const found = present.get(name ?? "session") ?? (name === undefined && present.size === 1 ? only : undefined);
  if (found === undefined) throw notLoadedError(name ?? "session", [...present.keys()]);
  return found;
}
