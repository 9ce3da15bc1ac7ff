import type { SessionHookInfo } from "unsession";

const SESSIONS = 100;

/** How often each top-level key of a session was a conflict, by session id. */
const reported = new Map<string, Map<unknown, number>>();

/** The `conflict` hook: two requests changed the same place, and the last to commit won. */
export function reportConflict({ id, path: [key] }: SessionHookInfo & { readonly path: readonly unknown[] }): void {
  if (id === undefined) return;
  const counts = reported.get(id) ?? new Map<unknown, number>();
  reported.set(id, counts.set(key, (counts.get(key) ?? 0) + 1));
  const [oldest] = reported.keys();
  if (reported.size > SESSIONS && oldest !== undefined) reported.delete(oldest);
}

export function conflictsAt(id: string | undefined, key: string): number {
  return (id !== undefined && reported.get(id)?.get(key)) || 0;
}

export function forgetConflicts(id: string | undefined, key: string): void {
  if (id !== undefined) reported.get(id)?.delete(key);
}
