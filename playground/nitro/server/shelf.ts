import type { Session } from "unsession";

/** What the page shows of a session: what it may know, and nothing else. */
export function shelfOf({ user, books = new Map() }: Session): object {
  const listed = [...books].map(([id, { title, added, read }]) => ({ id, title, added, read }));
  return { user: user?.name ?? null, books: listed };
}
