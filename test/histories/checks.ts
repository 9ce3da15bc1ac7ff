import type { Found } from "./events.ts";
import { Family } from "./family.ts";
import { successorOf, type Request } from "./requests.ts";

/** All that happened, and what was found when nothing moved any more. */
export interface History {
  readonly requests: readonly Request[];
  /** When the store lost all it held: from the order until it had. */
  readonly losses: readonly (readonly [from: number, to: number])[];
  /** What lives under each token at the end; `undefined` if nothing does. */
  readonly final: ReadonlyMap<string, Found | undefined>;
  /** The ids of all records at the end, where the store can list them. */
  readonly ids: readonly string[];
  /** The ids of all tokens that were generated. */
  readonly issued: ReadonlySet<string>;
  /** Milliseconds within which every request must have ended. */
  readonly patience: number;
  /** A clock that is so many milliseconds ahead may see any session as expired. */
  readonly life: number;
  /** The instant 0, in milliseconds since 1970. */
  readonly epoch: number;
}

export type Check = (invariant: string, held: boolean, promise: string, facts: unknown) => void;
export type Report = (invariant: string, promise: string, facts: unknown) => void;

/**
 * Holds a history to the invariants of the protocol, as far as they show from outside; how many checks it made.
 *
 * Of I1 to I22 there are left those of values in one process, which other tests have: I13, I14, I17.
 */
export function checkHistory(history: History, report: Report): number {
  let checks = 0;
  const check: Check = (invariant, held, promise, facts) => {
    checks++;
    if (!held) report(invariant, promise, facts);
  };
  for (const request of history.requests) checkRequest(request, history, check);
  for (const id of history.ids) check("I10", history.issued.has(id), "every key is the hash of an issued token", { id });
  const families = new Map<string, Request[]>();
  for (const request of history.requests) {
    const known = families.get(request.family);
    if (known === undefined) families.set(request.family, [request]);
    else known.push(request);
  }
  for (const [name, requests] of families) new Family(name, requests, history, check).check();
  return checks;
}

/** What holds for a request by itself, whatever others do. */
function checkRequest(request: Request, history: History, check: Check): void {
  const { op, sent, began, endedAt = began, outcome, given, isAcknowledged, calls, clocks, error } = request;
  check("I16", outcome !== "broken", "no request fails for a reason that is not the store's or another's", { op, error });
  check("I22", endedAt - began <= history.patience, "every request ends within its budgets", { op, took: endedAt - began });
  if (given !== undefined) check("I18", isAcknowledged === true, "a cookie is given for what is in the store", { op, given });
  if (calls === undefined) return;
  if (sent !== undefined && sent !== "unknown")
    check("I11", calls.reads === 0 || calls.failures > 0, "what is no token costs no read", { op, sent, calls });
  // A store that fails is asked again; a clock that steps forward after a save makes it renew what it has saved.
  if (calls.failures > 0 || new Set(clocks).size > 1) return;
  const { reads, writes } = cost(request);
  check("I15", calls.reads <= reads && calls.writes <= writes, "a request costs what it must", { op, calls, reads, writes });
}

/** What a request may ask of a store that answers: each conflict costs one round more. */
function cost({ calls, saves, movesAt }: Request): { reads: number; writes: number } {
  const { conflicts = 0 } = calls ?? {};
  // The new record, the end of the old one, and, if another was first, the end of the new one. A round writes both.
  const [moves, round] = movesAt === undefined ? [0, 1] : [3, 2];
  return { reads: 1, writes: 1 + saves + moves + conflicts * round };
}

/** How often a request wrote beyond what it would have cost alone. */
export function retriesOf(request: Request): number {
  const { calls, saves } = request;
  const alone = 1 + saves + (successorOf(request) === undefined ? 0 : 2);
  return Math.max(0, (calls?.writes ?? 0) - alone);
}
