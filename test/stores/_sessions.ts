import type { Session, SessionManager } from "unsession";
import type { StorageLike } from "../../src/stores/text-items.ts";

/** Long, since fifty requests at once share the processors with whatever else runs. */
export const timeouts = { load: 30_000, save: 30_000 };

/** One request: what its handler does, the cookie it comes with, and the one the browser has after it. */
export async function visit(
  manager: SessionManager,
  cookie: string | undefined,
  handle: (session: Session) => unknown,
): Promise<string> {
  const session = await manager.load(cookie);
  await handle(session);
  const [set = cookie ?? ""] = await manager.commit(session);
  return set.split(";")[0] as string;
}

/** The cookie of a session that a first request made. */
export function begin(manager: SessionManager): Promise<string> {
  return visit(manager, undefined, (session) => void (session.begun = true));
}

export async function idOf(manager: SessionManager, cookie: string): Promise<string> {
  return (await manager.load(cookie)).$id as string;
}

export async function inParallel<T>(times: number, call: (n: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: times }, (_, n) => call(n)));
}

/** The codes of those that are rejected, once all are settled. */
export async function codesOf(promises: readonly Promise<unknown>[]): Promise<unknown[]> {
  const settled = await Promise.allSettled(promises);
  return settled.flatMap((one) => (one.status === "rejected" ? [one.reason.code ?? one.reason] : []));
}

/** A driver as another process has it: nothing is shared but the items. `around` sees every call, and lets it happen. */
export function otherProcess(
  driver: StorageLike,
  around: (method: string, key: string, call: () => unknown) => unknown = (_method, _key, call) => call(),
): StorageLike {
  return Object.fromEntries(
    Object.entries(driver).map(([method, value]) => [
      method,
      typeof value === "function" ? (key: string, ...rest: unknown[]) => around(method, key, () => value(key, ...rest)) : value,
    ]),
  ) as unknown as StorageLike;
}
