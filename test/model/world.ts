import { SessionError } from "../../src/errors.ts";
import { createManager } from "../../src/manager.ts";
import { parseRecord, type SessionRecord } from "../../src/record.ts";
import { stateOf } from "../../src/session.ts";
import type { Session, SessionManager, SessionOptions } from "../../src/types.ts";
import { FakeStore, type Fate } from "./fake-store.ts";
import { idOf } from "./protections.ts";
import { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** What a scenario may set of its world. */
export interface Setting {
  readonly options?: Omit<SessionOptions, "storage" | "generateToken" | "now">;
  /** How many answers of the store may be lost; any number if undefined. */
  readonly mostLost?: number;
  /** What becomes of a verb whose answer is lost; half are applied if undefined. */
  readonly fates?: readonly Fate[];
  /** How many turns a client of the store takes to connect again; one if undefined. */
  readonly reconnect?: number;
}

/** A running instance of the application. */
export type Process = SessionManager;

/** What became of a request, as far as its client can tell. */
export interface Answer {
  /**
   * - `ok`: all that it changed is stored.
   * - `unknown`: the store failed; some or all of it may be stored, now or later.
   * - `refused` (a conflict), `gone`, `unavailable` (it could not even load): nothing of it is stored.
   * - `broken`: an error that none of this explains.
   */
  readonly outcome: "ok" | "unknown" | "refused" | "gone" | "unavailable" | "broken";
  readonly error: unknown;
  /** The token it was given by a cookie. */
  readonly token: string | undefined;
  /** Its cookie was removed. */
  readonly cleared: boolean;
  /** It called `$destroy` or `$clear`. */
  readonly ends: boolean;
  /** How much had happened in the store when it was answered. */
  readonly at: number;
}

/** A record as the store holds it, its sections decoded. */
export interface Kept {
  readonly record: SessionRecord;
  readonly data: Record<string, any>;
  readonly flash: Record<string, any>;
}

const FATES: readonly Fate[] = ["dropped", "dropped", "applied", "applied", "late", "resent"];
const START = 1_700_000_000_000;
const LOAD_ATTEMPTS = 6;

/** Clients, processes and a store; made anew for each interleaving. */
export class World {
  readonly random: Random;
  readonly timeline: Timeline;
  readonly store: FakeStore;
  readonly answers: Answer[] = [];
  readonly tasks: Promise<unknown>[] = [];
  /** What broke a promise of the library. */
  readonly violations: Violation[] = [];
  /** How often each hook was called. */
  readonly told: Record<"gone" | "conflict" | "touched" | "destroyed" | "regenerated", number> = {
    gone: 0,
    conflict: 0,
    touched: 0,
    destroyed: 0,
    regenerated: 0,
  };
  /** How much had happened in the store when a token first reached a client, by its key. */
  readonly given: Map<string, number> = new Map();
  /** Every token that was generated. */
  readonly tokens: string[] = [];
  /** What gives tokens; a scenario may give worse ones. */
  nextToken: () => string = () => `token-${this.tokens.length}`;
  /** The clock on the wall, in milliseconds. */
  now: number = START;
  readonly #setting: Setting;
  readonly #single: Process | undefined;
  /** The newest version of each record whose write was acknowledged. */
  readonly #acknowledged = new Map<string, number>();

  constructor(timeline: Timeline, seed: number, setting: Setting) {
    this.#setting = setting;
    this.timeline = timeline;
    this.random = new Random(seed);
    const behaviour = {
      lost: this.random.pick([0, 0.15, 0.4]),
      mostLost: setting.mostLost ?? Infinity,
      fates: setting.fates ?? FATES,
      reconnect: setting.reconnect ?? 1,
      handles: this.random.chance(0.3),
      expires: this.random.chance(0.5),
    };
    this.store = new FakeStore(timeline, this.random, behaviour, () => this.now);
    // Requests of one process queue for a session, so its races show only between processes.
    this.#single = this.random.chance(0.25) ? this.#createProcess(1) : undefined;
  }

  /** All requests are of one process. */
  get isSingle(): boolean {
    return this.#single !== undefined;
  }

  /** Another process, or the same one again where there is only one. Its sleeps take so many turns. */
  process(sleep: number = 1): Process {
    return this.#single ?? this.#createProcess(sleep);
  }

  #createProcess(sleep: number): Process {
    const count = (hook: keyof World["told"]) => (): void => void this.told[hook]++;
    const hooks = {
      gone: count("gone"),
      conflict: count("conflict"),
      touched: count("touched"),
      destroyed: count("destroyed"),
      regenerated: count("regenerated"),
    };
    const generateToken = (): string => {
      const token = this.nextToken();
      this.tokens.push(token);
      return token;
    };
    const surroundings = { storage: this.store, generateToken, now: () => this.now };
    return createManager({ hooks, ...this.#setting.options, ...surroundings } as SessionOptions, {
      sleep: (milliseconds) => this.timeline.sleep(milliseconds, sleep),
      nextTurn: () => this.timeline.turn("walk"),
      random: () => this.random.next(),
      uptime: () => this.timeline.uptime,
    }) as Process;
  }

  /** Starts something that runs beside everything else. */
  spawn(task: () => Promise<unknown>): void {
    this.tasks.push(task());
  }

  /** Lets others go first, perhaps. */
  turn(): Promise<void> {
    return this.timeline.turn("user");
  }

  /** A session that is in the store when the scenario begins; its token. */
  async seed(data: object, flash: Record<string, unknown> = {}): Promise<string> {
    this.store.quiet = true;
    const process = this.process();
    const session = await process.load();
    Object.assign(session, data);
    for (const [key, value] of Object.entries(flash)) session.$flash(key, value);
    const [cookie] = await process.commit(session);
    this.store.quiet = false;
    const token = tokenOf(cookie) as string;
    this.given.set(keyOf(token), 0);
    return token;
  }

  /**
   * A request from beginning to end, as an adapter serves it: load, handler, commit, and a second commit for the response to an
   * error. A client whose load fails tries again.
   */
  async request(
    token: string | undefined,
    handler: (session: Session) => unknown,
    { ends = false, process = this.process() }: { ends?: boolean; process?: Process } = {},
  ): Promise<Answer> {
    let error: unknown;
    let cookies: string[] = [];
    let session: Session | undefined;
    try {
      session = await this.load(token, process);
      await handler(session);
    } catch (thrown) {
      error = thrown;
    }
    if (session !== undefined) {
      const commit = (status: number): Promise<string[]> => process.commit(session, { status, headers: NO_HEADERS });
      try {
        cookies = await commit(error === undefined ? 200 : ((error as { status?: number }).status ?? 500));
      } catch (thrown) {
        error = thrown;
        cookies = await commit(503);
      }
      if (error === undefined) this.acknowledge(session);
    }
    const set = cookies.map(tokenOf);
    const answer: Answer = {
      outcome: session === undefined && outcomeOf(error) === "unknown" ? "unavailable" : outcomeOf(error),
      error,
      token: set.find((one) => one !== ""),
      cleared: set.includes(""),
      ends,
      at: this.store.log.length,
    };
    this.answers.push(answer);
    if (answer.token !== undefined && !this.given.has(keyOf(answer.token))) this.given.set(keyOf(answer.token), answer.at);
    return answer;
  }

  /** Loads the session of a cookie, again if the store does not answer. */
  async load(token: string | undefined, process: Process = this.process()): Promise<Session> {
    const seen = new Map(this.#acknowledged);
    for (let attempt = 1; ; attempt++) {
      try {
        const session = await process.load(token === undefined ? undefined : `session=${token}`, { secure: true });
        const stored = stateOf(session).stored;
        const least = stored === undefined ? 0 : (seen.get(stored.key) ?? 0);
        this.check("I6", (stored?.record.version ?? 0) >= least, "a load shows what was acknowledged before it began");
        return session;
      } catch (error) {
        if (attempt === LOAD_ATTEMPTS || outcomeOf(error) !== "unknown") throw error;
      }
    }
  }

  /** Takes note that the client knows that the session is stored as it is. */
  acknowledge(session: Session): void {
    const { stored, status } = stateOf(session);
    if (stored === undefined || status !== "stored") return;
    this.#acknowledged.set(stored.key, Math.max(stored.record.version, this.#acknowledged.get(stored.key) ?? 0));
  }

  /** What the store holds for a token, whatever its state. */
  kept(token: string): Kept | undefined {
    return decode(this.store.peek(keyOf(token)));
  }

  /** A token's session, `undefined` if it does not live. */
  session(token: string): Kept | undefined {
    const kept = this.kept(token);
    return kept?.record.state === "live" ? kept : undefined;
  }

  /** The data of a token's session, `undefined` if it does not live. */
  live(token: string): Kept["data"] | undefined {
    return this.session(token)?.data;
  }

  /** Where a token leads by now, by rotations and nothing else, whatever their age. */
  reach(token: string): (Kept & { readonly key: string }) | undefined {
    let key = keyOf(token);
    for (;;) {
      const kept = decode(this.store.peek(key));
      const to = kept?.record.meta.to;
      if (kept === undefined || to === undefined) return kept?.record.state === "live" ? { ...kept, key } : undefined;
      key = `session:${to}`;
    }
  }

  /** The keys of all live records. */
  liveKeys(): string[] {
    return [...this.store.keys("")].filter((key) => decode(this.store.peek(key))?.record.state === "live");
  }

  /** Everything that a token's record ever was. */
  history(token: string): Kept[] {
    const key = keyOf(token);
    return this.store.log.flatMap((applied) => (applied.key === key ? (decode(applied.after) ?? []) : []));
  }

  /** Notes a violation unless a promise is held. */
  check(invariant: Invariant, held: boolean, promise: string, facts?: unknown): void {
    checks.set(invariant, (checks.get(invariant) ?? 0) + 1);
    if (!held) this.violations.push(new Violation(invariant, promise, facts));
  }
}

/** How often each invariant was looked at, in all worlds. */
export const checks: Map<Invariant, number> = new Map();

/** Of security.md, section 3.7; and what DESIGN.md promises of touches, cookies and sessions that are gone. */
export type Invariant =
  | `I${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 12 | 15 | 16 | 18 | 19 | 20 | 21 | 22}`
  | "touch"
  | "cookie"
  | "gone"
  | "owner";

/** A promise of the library that was broken. */
export class Violation extends Error {
  readonly invariant: Invariant;

  constructor(invariant: Invariant, promise: string, facts?: unknown) {
    super(`${invariant} is violated: ${promise}${facts === undefined ? "" : `\n${JSON.stringify(facts)}`}`);
    this.name = "Violation";
    this.invariant = invariant;
  }
}

const NO_HEADERS = { has: () => false, get: () => null, set() {}, append() {} } as unknown as Headers;

export function keyOf(token: string): string {
  return `session:${idOf(token)}`;
}

export function decode(text: string | undefined): Kept | undefined {
  const record = text === undefined ? undefined : parseRecord(text);
  if (record === undefined) return undefined;
  return { record, data: fieldsOf(record.data.text), flash: fieldsOf(record.flash?.text ?? "") };
}

function fieldsOf(text: string): Record<string, any> {
  return text === "" ? {} : (JSON.parse(text) as Record<string, any>);
}

/** What an error means for the client's changes. */
export function outcomeOf(error: unknown): Answer["outcome"] {
  if (error === undefined) return "ok";
  const code = SessionError.is(error) ? error.code : undefined;
  if (code === "ERR_SESSION_STORE") return "unknown";
  if (code === "ERR_SESSION_CONFLICT") return "refused";
  return code === "ERR_SESSION_GONE" ? "gone" : "broken";
}

/** The token in a `Set-Cookie`, `""` if it removes the cookie. */
function tokenOf(cookie: string | undefined): string | undefined {
  return /^session=([^;]*)/.exec(cookie ?? "")?.[1];
}
