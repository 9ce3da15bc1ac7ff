import type { Data, Found } from "./events.ts";
import type { Request, Written } from "./requests.ts";

/** All that happened, and what was found when nothing moved any more. */
export interface History {
  readonly requests: readonly Request[];
  /** When the store lost all it held: from the order until it had. */
  readonly losses: readonly (readonly [from: number, to: number])[];
  /** What lives under each token at the end; `undefined` if nothing does. */
  readonly final: ReadonlyMap<string, Found | undefined>;
  /** The ids of all records at the end, where the store can list them. */
  readonly ids: readonly string[] | undefined;
  /** The ids of all tokens that were generated. */
  readonly issued: ReadonlySet<string>;
  /** Milliseconds within which every request must have ended. */
  readonly patience: number;
}

export type Report = (invariant: string, promise: string, facts: unknown) => void;

/** Holds a history to the invariants of the protocol, as far as they show from outside; how many checks it made. */
export function checkHistory(history: History, report: Report): number {
  let checks = 0;
  const check = (invariant: string, held: boolean, promise: string, facts: unknown): void => {
    checks++;
    if (!held) report(invariant, promise, facts);
  };
  for (const request of history.requests) {
    const { op, began, endedAt = began, outcome, error } = request;
    check("I16", outcome !== "broken", "no request fails for a reason that is not the store's or another's", { op, error });
    check("I22", endedAt - began <= history.patience, "every request ends within its budgets", { op, took: endedAt - began });
  }
  for (const id of history.ids ?? []) check("I10", history.issued.has(id), "every key is the hash of an issued token", { id });
  const families = new Map<string, Request[]>();
  for (const request of history.requests) {
    const known = families.get(request.family);
    if (known === undefined) families.set(request.family, [request]);
    else known.push(request);
  }
  families.delete("none");
  for (const [name, requests] of families) new Family(name, requests, history, check).check();
  return checks;
}

type Check = (invariant: string, held: boolean, promise: string, facts: unknown) => void;

/** What was done to one session, under all of its tokens. */
class Family {
  readonly #name: string;
  readonly #requests: readonly Request[];
  readonly #history: History;
  readonly #check: Check;
  readonly #writes: readonly Written[];
  /** Instants after which a token lives no more. */
  readonly #ends = new Map<string, number>();
  /** When it may have become impossible to know what it holds, or that it lives. */
  readonly #uncertainFrom: number;

  constructor(name: string, requests: readonly Request[], history: History, check: Check) {
    this.#name = name;
    this.#requests = requests;
    this.#history = history;
    this.#check = check;
    this.#writes = requests.flatMap(({ writes }) => writes);
    let uncertainFrom = Infinity;
    for (const { token, moves, ends, outcome, endedAt = Infinity, began, given } of requests) {
      if (!moves && !ends) continue;
      const isDone = ends ? outcome === "ok" : given !== undefined;
      if (isDone && token !== undefined) this.#ends.set(token, Math.min(endedAt, this.#ends.get(token) ?? Infinity));
      // Where an unanswered regenerate went, nobody knows.
      if (ends || (outcome !== "ok" && outcome !== "refused" && outcome !== "gone"))
        uncertainFrom = Math.min(uncertainFrom, began);
    }
    const born = Math.min(...requests.map(({ began }) => began));
    for (const [from, to] of history.losses) if (to > born) uncertainFrom = Math.min(uncertainFrom, from);
    this.#uncertainFrom = uncertainFrom;
  }

  check(): void {
    for (const request of this.#requests) this.#checkLoad(request);
    this.#checkVersions();
    this.#checkLosses();
    this.#checkFinal();
  }

  #checkLoad(request: Request): void {
    const { op, token, began, found, loadedAt } = request;
    if (token === undefined || loadedAt === undefined) return;
    const facts = { family: this.#name, op, token };
    if (found === undefined) {
      const wasEnded = (this.#ends.get(token) ?? Infinity) < Infinity || this.#moves(token).length > 0;
      const held = wasEnded || loadedAt > this.#uncertainFrom;
      this.#check("I2", held, "a session that nobody ended is found", facts);
      return;
    }
    const ended = this.#ends.get(token) ?? Infinity;
    this.#check("I1", began < ended, "a session that was ended is never loaded again", { ...facts, began, ended });
    this.#checkData(found.data, began, facts);
    const isFamily = found.data.family === this.#name;
    this.#check("isolation", isFamily, "a token leads to its own session", { ...facts, found: found.data.family });
  }

  /** What a load or the end shows of all writes. */
  #checkData(data: Data, began: number, facts: object): void {
    const { pair, list, keys } = data;
    this.#check("I5", pair === undefined || pair.x === pair.y, "what is written together is read together", { ...facts, pair });
    this.#check("I21", new Set(list).size === list.length, "nothing is pushed twice", { ...facts, list });
    let stored = 0;
    let possible = 0;
    for (const write of this.#writes) {
      const { kind, id, fate, settledAt = Infinity, box } = write;
      // Acknowledged before the read began: must be there. Refused: must not.
      const isStored = fate === "stored" && settledAt < began && began < this.#uncertainFrom;
      const isRefused = fate === "not stored";
      if (kind === "increment") {
        if (isStored) stored++;
        if (fate !== "not stored") possible++;
      } else if (kind === "key" || kind === "push") {
        const isThere = kind === "key" ? keys[id] === 1 : list.includes(id);
        this.#check("I2", !isStored || isThere, "an acknowledged write is there", { ...facts, write });
        this.#check("I2", !isRefused || !isThere, "a refused write is not there", { ...facts, write });
      } else if (kind === "delete box") {
        const isGone = !(box in data.boxes);
        const isDeleted = fate === "stored" && settledAt < began;
        this.#check("I19", !isDeleted || isGone, "a deletion is not undone by a write below it", { ...facts, write });
      }
    }
    const isCounted = stored <= data.n && data.n <= possible;
    this.#check("I3", isCounted, "a counter has every acknowledged increment, once", { ...facts, n: data.n, stored, possible });
  }

  #checkVersions(): void {
    const writers = new Map<string, string>();
    const deadlines = new Set<number>();
    for (const { op, writes, found } of this.#requests) {
      if (found !== undefined) deadlines.add(found.absoluteAt);
      for (const { kind, stored, fate, id } of writes) {
        if (fate !== "stored" || stored === undefined || kind === "below box" || kind === "delete box") continue;
        const version = `${stored.id} ${stored.version}`;
        const other = writers.get(version) ?? op;
        this.#check("I4", other === op, "no two acknowledged writes make the same version", { version, op, other, id });
        writers.set(version, op);
      }
    }
    this.#check("I9", deadlines.size <= 1, "the absolute deadline never moves", {
      family: this.#name,
      deadlines: [...deadlines],
    });
    this.#checkRealTime();
  }

  /** A load shows at least the version that was acknowledged, or read, before it began. */
  #checkRealTime(): void {
    const reads = this.#requests.flatMap(({ op, began, loadedAt, found }) =>
      found ? [{ op, began, at: loadedAt as number, ...found }] : [],
    );
    const known = [
      ...reads,
      ...this.#requests.flatMap(({ op, writes }) =>
        writes.flatMap(({ fate, stored, settledAt }) =>
          fate === "stored" && stored ? [{ op, at: settledAt as number, ...stored }] : [],
        ),
      ),
    ].sort((a, b) => a.at - b.at);
    const newest = new Map<string, number>();
    let next = 0;
    for (const read of reads.sort((a, b) => a.began - b.began)) {
      for (; next < known.length && (known[next] as (typeof known)[0]).at < read.began; next++) {
        const { id, version } = known[next] as (typeof known)[0];
        newest.set(id, Math.max(version, newest.get(id) ?? 0));
      }
      const least = newest.get(read.id) ?? 0;
      this.#check("I6", read.version >= least, "a load shows what was acknowledged before it began", { ...read, least });
    }
  }

  /** What the store lost never comes back. */
  #checkLosses(): void {
    for (const [from, to] of this.#history.losses) {
      const born = new Set(
        this.#requests.filter(({ endedAt = Infinity }) => endedAt < from).map(({ token, given }) => given ?? token),
      );
      for (const { op, token, began, found } of this.#requests) {
        if (began < to || token === undefined || !born.has(token)) continue;
        this.#check("I1", found === undefined, "a session that the store lost is never created anew", { op, token });
      }
    }
  }

  #checkFinal(): void {
    const tokens = [...new Set(this.#requests.flatMap(({ token, given }) => [token, given]).filter((one) => one !== undefined))];
    const live = tokens.filter((token) => this.#history.final.get(token) !== undefined);
    const facts = { family: this.#name, live };
    for (const token of live)
      this.#check("I1", !this.#ends.has(token), "a session that was ended is not there at the end", facts);
    this.#check("I7", live.length <= 1, "of concurrent regenerations one token lives", facts);
    if (this.#uncertainFrom < Infinity) return;
    if (tokens.length === 0) return;
    const [token] = live;
    this.#check("I7", token !== undefined, "a session that nobody ended is there at the end", { ...facts, tokens });
    if (token === undefined) return;
    const { data } = this.#history.final.get(token) as Found;
    this.#checkData(data, Number.MAX_VALUE, { ...facts, when: "at the end" });
    this.#checkLastPair(data, facts);
  }

  /** Of acknowledged writes to one place, the one with the greatest version stays. */
  #checkLastPair({ pair }: Data, facts: object): void {
    const pairs = this.#writes.filter(({ kind, fate }) => kind === "pair" && fate !== "not stored");
    const last = pairs.find(({ id }) => id === pair?.x);
    const later = pairs.filter(({ fate, stored }) => fate === "stored" && stored?.id === last?.stored?.id);
    const held = later.every(({ stored }) => (stored?.version ?? 0) <= (last?.stored?.version ?? Infinity));
    this.#check("I20", pair === undefined || (last !== undefined && held), "the last committer of a place wins", {
      ...facts,
      pair,
    });
  }

  /** Requests that may have ended a token, known or not. */
  #moves(token: string): readonly Request[] {
    return this.#requests.filter((request) => request.token === token && (request.moves || request.ends));
  }
}
