import type { RequestRecord } from "./record.ts";

const REQUESTS = 25;
const SESSIONS = 100;

/** The last requests by session id: in memory, and few. */
const requests = new Map<string, RequestRecord[]>();

export function addToLog(id: string, record: RequestRecord): void {
  keep(id, [record, ...requestsOf(id)].slice(0, REQUESTS));
}

/** The last requests of a session, newest first. */
export function requestsOf(id: string | undefined): readonly RequestRecord[] {
  return (id !== undefined && requests.get(id)) || [];
}

/** A session that was regenerated keeps its past, and the old id shows nothing any more. */
export function moveLog(from: string, to: string): void {
  const moved = requestsOf(from);
  requests.delete(from);
  keep(to, [...moved]);
}

function keep(id: string, records: RequestRecord[]): void {
  // Deleted first, so that the session seen longest ago comes first and leaves first.
  requests.delete(id);
  requests.set(id, records);
  const [oldest] = requests.keys();
  if (requests.size > SESSIONS && oldest !== undefined) requests.delete(oldest);
}
