import type { Check, History } from "./checks.ts";
import type { Data, Found } from "./events.ts";
import { successorOf, type Request, type Written } from "./requests.ts";

/** What was done to one session, under all of its tokens, held to the invariants. */
export class Family {
  readonly #name: string;
  readonly #requests: readonly Request[];
  readonly #history: History;
  readonly #check: Check;
  readonly #writes: readonly Written[];
  /** Instants after which a token lives no more. */
  readonly #ends = new Map<string, number>();
  /** Where each token was moved to, and by which request. */
  readonly #successors = new Map<string, Request>();
  /** When it may have become impossible to know what it holds, or that it lives. */
  readonly #uncertainFrom: number;
  /** When the store lost it. */
  readonly #lostFrom: number;

  constructor(name: string, requests: readonly Request[], history: History, check: Check) {
    this.#name = name;
    this.#requests = requests;
    this.#history = history;
    this.#check = check;
    this.#writes = requests.flatMap(({ writes }) => writes);
    let uncertainFrom = Infinity;
    for (const request of requests) {
      const { token, movesAt, endsAt, outcome, endedAt = Infinity } = request;
      // Its clock went on by more than a session lives while it made or wrote one: that has expired, for the store too.
      const isStored = token === undefined || request.writes.length > 0;
      if (isStored && this.#isFarAhead(request)) uncertainFrom = Math.min(uncertainFrom, request.began);
      if (token === undefined) continue;
      const isMoved = successorOf(request) !== undefined;
      if (isMoved) this.#successors.set(token, request);
      if (isMoved || (endsAt !== undefined && outcome === "ok"))
        this.#ends.set(token, Math.min(endedAt, this.#ends.get(token) ?? Infinity));
      // Where an unanswered regenerate went, nobody knows.
      const isLost =
        movesAt !== undefined && !isMoved && (outcome === undefined || outcome === "unknown" || outcome === "broken");
      if (endsAt !== undefined || isLost) uncertainFrom = Math.min(uncertainFrom, endsAt ?? (movesAt as number));
    }
    const born = Math.min(...requests.map(({ began }) => began));
    this.#lostFrom = Math.min(...history.losses.filter(([, to]) => to > born).map(([from]) => from));
    this.#uncertainFrom = Math.min(uncertainFrom, this.#lostFrom);
  }

  check(): void {
    for (const request of this.#requests) {
      this.#checkLoad(request);
      this.#checkAnswer(request);
    }
    this.#checkVersions();
    this.#checkLosses();
    this.#checkFinal();
  }

  #checkLoad(request: Request): void {
    const { op, token, began, found, loadedAt, clocks } = request;
    if (token === undefined || loadedAt === undefined) return;
    const facts = { family: this.#name, op, token };
    if (found === undefined) {
      const held = this.#isFarAhead(request) || this.#mayBeEnded(token, loadedAt);
      this.#check("I2", held, "a session that nobody ended is found", facts);
      return;
    }
    const ended = this.#ends.get(token) ?? Infinity;
    this.#check("I1", began < ended, "a session that was ended is never loaded again", { ...facts, began, ended });
    const time = this.#history.epoch + began + Math.min(...clocks);
    this.#check("I9", time < found.absoluteAt, "no session is loaded after its absolute deadline", { ...facts, time, found });
    const isOwn = found.data.family === this.#name;
    this.#check("isolation", isOwn, "a token leads to its own session", { ...facts, found: found.data.family });
    this.#checkData(found.data, began, facts);
    const later = this.#writesAfter(token).filter(({ kind, id }) => isThere(kind, id, found.data));
    this.#check("I8", later.length === 0, "a token from before a regenerate shows nothing written after it", { ...facts, later });
  }

  /** What it says, and the cookie it gives. */
  #checkAnswer(request: Request): void {
    const { op, token, found, loadedAt, endedAt = Infinity, outcome, given } = request;
    if (token === undefined || loadedAt === undefined || outcome === undefined) return;
    const facts = { family: this.#name, op, token };
    if (found === undefined) this.#check("I1", given === undefined, "no cookie is given for a session that was ended", facts);
    if (outcome === "gone" && !this.#isFarAhead(request))
      this.#check("I2", this.#mayBeEnded(token, endedAt), "only a session that was ended is gone", facts);
  }

  /** What a load or the end shows of all writes. */
  #checkData(data: Data, began: number, facts: object): void {
    const { pair, list } = data;
    this.#check("I5", pair === undefined || pair.x === pair.y, "what is written together is read together", { ...facts, pair });
    this.#check("I21", new Set(list).size === list.length, "nothing is pushed twice", { ...facts, list });
    let stored = 0;
    let possible = 0;
    for (const write of this.#writes) {
      const { kind, id, fate, settledAt = Infinity, box } = write;
      // Acknowledged before the read began: must be there. Refused: must not.
      const isSettled = fate === "stored" && settledAt < began;
      const isStored = isSettled && began < this.#uncertainFrom;
      // What was stored, unanswered, and lost with all the rest, is gone as well.
      const isRefused = fate === "not stored" && settledAt < this.#lostFrom;
      if (kind === "increment") {
        if (isStored) stored++;
        if (!isRefused) possible++;
      } else if (kind === "key" || kind === "push") {
        const isIn = isThere(kind, id, data);
        this.#check("I2", !isStored || isIn, "an acknowledged write is there", { ...facts, write });
        this.#check("I12", !isRefused || !isIn, "what was not committed is seen by nobody", { ...facts, write });
      } else if (kind === "delete box") {
        this.#check("I19", !isSettled || !(box in data.boxes), "a deletion is not undone by a write below it", {
          ...facts,
          write,
        });
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
        // A box that the request has deleted itself, or that was gone, need not have been written.
        if (fate !== "stored" || stored === undefined || kind.endsWith("box")) continue;
        const version = `${stored.id} ${stored.version}`;
        const other = writers.get(version) ?? op;
        this.#check("I4", other === op, "no two acknowledged writes make the same version", { version, op, other, id });
        writers.set(version, op);
      }
    }
    const facts = { family: this.#name, deadlines: [...deadlines] };
    this.#check("I9", deadlines.size <= 1, "the absolute deadline never moves", facts);
    this.#checkRealTime();
  }

  /** A load shows at least the version that was acknowledged, or read, before it began. */
  #checkRealTime(): void {
    const reads = this.#requests.flatMap(({ op, began, loadedAt, found }) =>
      found ? [{ op, began, at: loadedAt as number, id: found.id, version: found.version }] : [],
    );
    const written = this.#requests.flatMap(({ op, writes }) =>
      writes.flatMap(({ fate, stored, settledAt }) =>
        fate === "stored" && stored ? [{ op, at: settledAt as number, ...stored }] : [],
      ),
    );
    const known = [...reads, ...written].sort((a, b) => a.at - b.at);
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
      const before = this.#requests.filter(({ endedAt = Infinity }) => endedAt < from);
      const born = new Set(before.flatMap(({ token, given }) => [token, given]));
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
    if (this.#uncertainFrom < Infinity || tokens.length === 0) return;
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

  /** A clock that is far ahead sees any session as expired. */
  #isFarAhead({ clocks }: Request): boolean {
    return Math.max(...clocks) >= this.#history.life;
  }

  /** Whether a token may lead nowhere by then: it was being ended or moved, or the store had lost it. */
  #mayBeEnded(token: string, by: number): boolean {
    if (this.#uncertainFrom <= by) return true;
    return this.#requests.some((one) => one.token === token && Math.min(one.movesAt ?? Infinity, one.endsAt ?? Infinity) <= by);
  }

  /** What was written under the successors of a token, and by the request that moved it. */
  #writesAfter(token: string): Written[] {
    const mover = this.#successors.get(token);
    const successor = mover && successorOf(mover);
    if (mover === undefined || successor === undefined) return [];
    const under = this.#requests.filter((request) => request.token === successor).flatMap(({ writes }) => writes);
    return [...mover.writes, ...under, ...this.#writesAfter(successor)];
  }
}

function isThere(kind: Written["kind"], id: string, data: Data): boolean {
  return kind === "key" ? data.keys[id] === 1 : kind === "push" && data.list.includes(id);
}
