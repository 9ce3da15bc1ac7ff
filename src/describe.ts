import type { Context } from "./context.ts";
import { expiresAt } from "./lifecycle.ts";
import type { SessionRecord } from "./record.ts";
import type { SessionInfo } from "./types.ts";

/** What lists tell of a session. */
export async function describe(context: Context, key: string, record: SessionRecord): Promise<SessionInfo> {
  const end = expiresAt(record);
  const id = await context.idOf(key, record.meta);
  return { id, createdAt: new Date(record.createdAt), expiresAt: end === undefined ? null : new Date(end) };
}
