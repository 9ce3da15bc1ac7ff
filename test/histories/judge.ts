import { existsSync } from "node:fs";
import { createSessionManager } from "unsession";
import { hashToken } from "../../src/token.ts";
import { checkHistory, retriesOf, type History } from "./checks.ts";
import { now, readEvents, type Found } from "./events.ts";
import { IDLE_TIMEOUT, PATIENCE } from "./job.ts";
import { requestsOf } from "./requests.ts";
import { openStorage, type Address } from "./storage.ts";
import { foundOf } from "./visit.ts";

export interface Findings {
  readonly requests: number;
  /** Requests that wrote, and were told that it is stored. */
  readonly commits: number;
  /** Answers of the store that another had written first. */
  readonly conflicts: number;
  readonly retries: number;
  /** Requests of which it cannot be known whether they stored something. */
  readonly unknown: number;
  readonly sessions: number;
  readonly checks: number;
  /** Each with its facts. */
  readonly violations: readonly string[];
}

/** Two hours less, by which clocks that are an hour off may have differed. */
const LIFE = (IDLE_TIMEOUT - 2 * 3600) * 1000;

/** Puts together what the workers of a history noted, looks at what the store holds now, and checks it all. */
export async function judge(files: readonly string[], losses: History["losses"], address: Address): Promise<Findings> {
  const epoch = Date.now() - now();
  // A worker that was killed while it started has no file.
  const events = files.filter((file) => existsSync(file)).map((file) => readEvents(file));
  const requests = events.flatMap((one) => requestsOf(one));
  const tokens = events.flat().flatMap((event) => (event.type === "token" ? [event.token] : []));
  const issued = new Set(await Promise.all(tokens.map((token) => hashToken(token))));
  // Also one whose worker was killed before it noted that it had handed it out.
  const handed = [...new Set(requests.flatMap(({ token, given }) => [token ?? [], given ?? []].flat()))];
  const { final, ids } = await look(address, handed);
  const history: History = { requests, losses, final, ids, issued, patience: PATIENCE, life: LIFE, epoch };
  const violations: string[] = [];
  const checks = checkHistory(history, (invariant, promise, facts) =>
    violations.push(`${invariant}: ${promise} ${JSON.stringify(facts)}`),
  );
  return {
    requests: requests.length,
    commits: requests.filter(({ outcome, writes }) => outcome === "ok" && writes.length > 0).length,
    conflicts: requests.reduce((sum, { calls }) => sum + (calls?.conflicts ?? 0), 0),
    retries: requests.reduce((sum, request) => sum + retriesOf(request), 0),
    unknown: requests.filter(({ outcome = "unknown", unavailable }) => outcome === "unknown" && !unavailable).length,
    sessions: handed.length,
    checks,
    violations,
  };
}

/** What the store holds now, asked directly. */
async function look(address: Address, tokens: readonly string[]): Promise<Pick<History, "final" | "ids">> {
  const { store, close } = await openStorage(address);
  const { prefix } = address;
  const manager = createSessionManager({ storage: store, prefix, timeouts: { load: 30_000, save: 30_000 } });
  const final = new Map<string, Found | undefined>();
  for (const token of tokens) final.set(token, foundOf(await manager.load(`session=${token}`)));
  const ids: string[] = [];
  if (store.list) for await (const { id } of manager.list()) ids.push(id);
  await close();
  return { final, ids };
}
