import { openSync, writeSync } from "node:fs";
import { createSessionManager, SessionError, type Session, type SessionManager } from "unsession";
import { stateOf } from "../../src/session.ts";
import { Random } from "../model/random.ts";
import { now, type Data, type Event, type Found, type Outcome, type Place, type Write } from "./events.ts";
import { openStorage, type StoreName } from "./storage.ts";
import { watched, type Watched } from "./watched.ts";

/** What a worker is told at its start. */
export interface Job {
  /** Begins the id of each of its requests; no other worker has it. */
  readonly name: string;
  readonly seed: number;
  readonly store: StoreName;
  readonly port: number;
  /** Where its events go. */
  readonly file: string;
  /** How many requests are under way at a time. */
  readonly requests: number;
  /** How many families there are to be at a time. */
  readonly families: number;
  /** How likely a call to the store is the worker's last deed, or the wait for its answer is. */
  readonly deadly: number;
  /** Its store compares nothing: see {@link watched}. */
  readonly blind: boolean;
  readonly known: readonly News[];
}

/** What workers tell each other: a family's newest token, or that it is over. */
export interface News {
  readonly family: string;
  readonly token?: string | undefined;
  readonly over?: boolean;
}

/** What the conductor of a history tells a worker. */
export type Order = { readonly news: News } | { readonly clock: number } | { readonly stop: true };

/** A session that many requests write into, under one token after the other. */
interface Family {
  readonly name: string;
  readonly tokens: string[];
  requests: number;
  over: boolean;
}

export const TIMEOUTS = { load: 1000, save: 2000 };

/** Then a session would outgrow `maxBytes`, and what is known of it would take long to check. */
const MOST_REQUESTS = 60;

export async function work(job: Job): Promise<void> {
  const worker = new Worker(job);
  process.send?.("ready");
  process.on("message", (order: Order) => worker.obey(order));
  process.on("unhandledRejection", (error) => worker.break(error));
  process.on("disconnect", () => process.exit(1));
  await worker.run();
  process.exit(0);
}

class Worker {
  readonly #job: Job;
  readonly #random: Random;
  readonly #file: number;
  readonly #families = new Map<string, Family>();
  readonly #manager: SessionManager;
  #store: Watched | undefined;
  #count = 0;
  #clock = 0;
  #stopped = false;

  constructor(job: Job) {
    this.#job = job;
    this.#random = new Random(job.seed);
    this.#file = openSync(job.file, "a");
    for (const news of job.known) this.#learn(news);
    this.#manager = createSessionManager({
      absoluteTimeout: 12 * 3600,
      timeouts: TIMEOUTS,
      now: () => Date.now() + this.#clock,
      generateToken: () => {
        const token = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
        this.#note({ type: "token", token });
        return token;
      },
      storage: async () => {
        const die = (): void => {
          if (this.#random.chance(job.deadly)) process.kill(process.pid, "SIGKILL");
        };
        return (this.#store ??= watched(await openStorage(job.store, job.port), die, job.blind));
      },
    });
  }

  obey(order: Order): void {
    if ("news" in order) this.#learn(order.news);
    else if ("clock" in order) this.#clock = order.clock;
    else this.#stopped = true;
  }

  /** Takes note of what must never happen. */
  break(error: unknown): void {
    const op = this.#nextOp();
    this.#note({ type: "began", op, at: now(), family: "none" });
    this.#end(op, "broken", undefined, undefined, error);
  }

  async run(): Promise<void> {
    await Promise.all(
      Array.from({ length: this.#job.requests }, async () => {
        while (!this.#stopped) await this.#request(this.#pick());
      }),
    );
  }

  #pick(): Family {
    const open = [...this.#families.values()].filter(({ over, requests }) => !over && requests < MOST_REQUESTS);
    if (open.length < this.#job.families && this.#random.chance(0.2)) {
      const family = { name: `${this.#job.name}-${this.#count}`, tokens: [], requests: 0, over: false };
      return family;
    }
    // What is over is visited too: it must not come back.
    const all = [...this.#families.values()].slice(-2 * this.#job.families);
    const family = this.#random.pick(open.length > 0 && this.#random.chance(0.9) ? open : all);
    return family ?? { name: `${this.#job.name}-${this.#count}`, tokens: [], requests: 0, over: false };
  }

  async #request(family: Family): Promise<void> {
    const op = this.#nextOp();
    const random = this.#random;
    family.requests++;
    const token = random.chance(0.9) ? family.tokens.at(-1) : random.pick(family.tokens);
    this.#note({ type: "began", op, at: now(), family: family.name, token });
    let session: Awaited<ReturnType<SessionManager["load"]>>;
    try {
      session = await this.#manager.load(token === undefined ? undefined : `session=${token}`);
    } catch (error) {
      if (outcomeOf(error) === "broken") this.#end(op, "broken", undefined, undefined, error);
      else this.#note({ type: "unavailable", op, at: now() });
      return this.#pause(20);
    }
    const { status, stored } = stateOf(session);
    const found =
      status === "stored" && stored !== undefined
        ? { ...placeOf(session), absoluteAt: stored.record.absoluteAt, data: session.$snapshot() as Data }
        : undefined;
    this.#note({ type: "loaded", op, at: now(), found: found as Found | undefined });
    if (token !== undefined && found === undefined) {
      // An ended session takes no data, and a new one would not be of this family.
      return this.#pause(5);
    }
    if (token === undefined) Object.assign(session, { family: family.name, n: 0, keys: {}, list: [], boxes: {} });
    await this.#pause(15);
    let error: unknown;
    let ended = false;
    try {
      const deed = random.next();
      if (deed < 0.04 && token !== undefined) {
        this.#note({ type: "ends", op, at: now() });
        await session.$destroy();
        ended = true;
      } else {
        this.#write(op, op, session);
        if (deed < 0.1 && token !== undefined) {
          this.#note({ type: "moves", op, at: now() });
          await session.$regenerate();
        } else if (deed < 0.2 && token !== undefined) {
          await (random.chance(0.5) ? session.$save() : this.#update(op, session));
          this.#note({ type: "saved", op, at: now(), stored: placeOf(session) });
        }
        if (deed < 0.3) this.#write(op, `${op}b`, session);
      }
    } catch (thrown) {
      error = thrown;
    }
    const headers = new Headers();
    let cookies: string[] = [];
    try {
      cookies = await this.#manager.commit(session, { status: error === undefined ? 200 : 503, headers });
    } catch (thrown) {
      error = thrown;
      cookies = await this.#manager.commit(session, { status: 503, headers });
    }
    const given = cookies.map((cookie) => /^session=([^;]*)/.exec(cookie)?.[1]).find(Boolean);
    this.#end(op, outcomeOf(error), given, placeOf(session), error);
    if (given !== undefined) this.#tell({ family: family.name, token: given });
    if (ended) this.#tell({ family: family.name, over: true });
  }

  /** Some writes of every kind; the note comes first, since a save may be on its way when the worker dies. */
  #write(op: string, id: string, session: any): void {
    const random = this.#random;
    const boxes = Object.keys(session.boxes);
    const likely = { increment: 0.6, key: 0.6, push: 0.4, pair: 0.3, box: 0.2 } as const;
    const kinds = (Object.keys(likely) as (keyof typeof likely)[]).filter((kind) => random.chance(likely[kind]));
    const writes: Write[] = kinds.map((kind) => ({ id, kind, box: id }));
    if (boxes.length > 0 && random.chance(0.3))
      writes.push({ id, kind: random.chance(0.4) ? "delete box" : "below box", box: random.pick(boxes) });
    if (writes.length === 0) return;
    this.#note({ type: "writes", op, at: now(), writes });
    for (const { kind, box } of writes) {
      if (kind === "increment") session.$increment("n");
      else if (kind === "key") session.keys[id] = 1;
      else if (kind === "push") session.list.push(id);
      else if (kind === "pair") session.pair = { x: id, y: id };
      else if (kind === "box") session.boxes[box] = {};
      else if (kind === "delete box") delete session.boxes[box];
      else if (session.boxes[box] !== undefined) session.boxes[box][id] = 1;
    }
  }

  #update(op: string, session: Session): Promise<void> {
    this.#note({ type: "writes", op, at: now(), writes: [{ id: `${op}u`, kind: "increment", box: "" }] });
    return session.$update((draft) => void (draft["n"] += 1));
  }

  #end(op: string, outcome: Outcome, token: string | undefined, stored: Place | undefined, error: unknown): void {
    const { replaces = 0, conflicts = 0 } = this.#store?.counts ?? {};
    const text = outcome === "broken" ? { error: error instanceof Error ? `${error.stack}` : String(error) } : {};
    this.#note({ type: "ended", op, at: now(), outcome, token, stored, replaces, conflicts, ...text });
  }

  #tell(news: News): void {
    this.#learn(news);
    process.send?.(news);
  }

  #learn({ family: name, token, over }: News): void {
    const family = this.#families.get(name) ?? { name, tokens: [], requests: 0, over: false };
    this.#families.set(name, family);
    if (token !== undefined && !family.tokens.includes(token)) family.tokens.push(token);
    if (over) family.over = true;
  }

  #note(event: Event): void {
    writeSync(this.#file, `${JSON.stringify(event)}\n`);
  }

  #nextOp(): string {
    return `${this.#job.name}.${++this.#count}`;
  }

  #pause(most: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.#random.below(most)));
  }
}

function placeOf(session: Session): Place | undefined {
  const { stored } = stateOf(session);
  return stored === undefined ? undefined : { id: stored.id, version: stored.record.version };
}

function outcomeOf(error: unknown): Outcome {
  if (error === undefined) return "ok";
  const code = SessionError.is(error) ? error.code : undefined;
  if (code === "ERR_SESSION_STORE") return "unknown";
  if (code === "ERR_SESSION_CONFLICT") return "refused";
  // A write through what another request has deleted is refused as a value is.
  return code === "ERR_SESSION_GONE" || code === "ERR_SESSION_VALUE" ? "gone" : "broken";
}
