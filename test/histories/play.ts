import { fork, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createSessionManager, type Session } from "unsession";
import { stateOf } from "../../src/session.ts";
import { hashToken } from "../../src/token.ts";
import { Random } from "../model/random.ts";
import { checkHistory, type History } from "./checks.ts";
import { now, readEvents, type Data, type Event, type Found } from "./events.ts";
import { faults, wait, type FaultName, type Victim } from "./faults.ts";
import { startProxy, type Proxy } from "./proxy.ts";
import { requestsOf } from "./requests.ts";
import { openStorage, type StoreName } from "./storage.ts";
import { TIMEOUTS, type Job, type News, type Order } from "./worker.ts";

/** A store that a history is played on. */
export interface Stage {
  readonly name: StoreName;
  /** Where it listens now; a restart may change it. */
  readonly port: () => number;
  /** What can be done to the store itself. */
  readonly server: Pick<Victim, "pause" | "resume" | "restart" | "flush">;
  readonly faults: readonly FaultName[];
}

export interface Play {
  readonly seconds: number;
  readonly workers: number;
  readonly seed: number;
  /** How many milliseconds pass between faults, about. */
  readonly calm: number;
  /** Takes compare-and-set away: to see that the checks notice. */
  readonly blind?: boolean;
  readonly say?: (text: string) => void;
}

export interface Findings {
  readonly requests: number;
  readonly commits: number;
  readonly conflicts: number;
  readonly unknown: number;
  readonly sessions: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly checks: number;
  /** The first of each kind, with its facts. */
  readonly violations: readonly string[];
}

/** Between two calls to the store, one in so many is the last of its worker. */
const DEADLY = 1 / 1500;

/** Loads and saves of one request, and as much again for a machine that is busy. */
const PATIENCE = 2 * (2 * TIMEOUTS.load + 4 * TIMEOUTS.save);

/**
 * Lets several processes work on the same sessions of a real store while faults are injected, and checks what they noted.
 *
 * Once the time is over everything is healed, so that what the store holds in the end can be compared with what was acknowledged.
 */
export async function playHistory(stage: Stage, play: Play): Promise<Findings> {
  const folder = await mkdtemp(join(tmpdir(), "unsession-history-"));
  try {
    return await new Conductor(stage, play, folder).run();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

class Conductor {
  readonly #stage: Stage;
  readonly #play: Play;
  readonly #folder: string;
  readonly #random: Random;
  readonly #workers = new Map<string, ChildProcess>();
  readonly #files: string[] = [];
  readonly #news: News[] = [];
  readonly #losses: [number, number][] = [];
  readonly #injected: Record<string, number> = {};
  #proxy: Proxy | undefined;
  #isOver = false;
  #failure: Error | undefined;

  constructor(stage: Stage, play: Play, folder: string) {
    this.#stage = stage;
    this.#play = play;
    this.#folder = folder;
    this.#random = new Random(play.seed);
  }

  async run(): Promise<Findings> {
    const proxy = (this.#proxy = await startProxy(this.#stage.port()));
    try {
      await Promise.all(Array.from({ length: this.#play.workers }, () => this.#start()));
      const end = Date.now() + this.#play.seconds * 1000;
      let said = Date.now();
      while (Date.now() < end && this.#failure === undefined) {
        await wait(Math.min(this.#play.calm * (0.5 + this.#random.next()), end - Date.now()));
        if (Date.now() < end) await this.#hurt(this.#random.pick(this.#stage.faults));
        if (Date.now() - said > 10_000) {
          said = Date.now();
          this.#play.say?.(`${Math.round((end - said) / 1000)} s left, faults ${JSON.stringify(this.#injected)}`);
        }
      }
      await this.#stop();
      if (this.#failure !== undefined) throw this.#failure;
      return await this.#judge();
    } finally {
      for (const worker of this.#workers.values()) worker.kill("SIGKILL");
      await proxy.close();
    }
  }

  /** Starts a worker; resolves when it has begun. */
  #start(): Promise<void> {
    const name = `w${this.#files.length}`;
    const file = join(this.#folder, name);
    const { seed } = this.#play;
    const job: Job = {
      name,
      seed: seed + this.#files.length,
      store: this.#stage.name,
      port: (this.#proxy as Proxy).port,
      file,
      requests: 6,
      families: 6,
      deadly: DEADLY,
      blind: this.#play.blind ?? false,
      known: this.#news.slice(-60),
    };
    const worker = fork(fileURLToPath(new URL("worker.mjs", import.meta.url)), [JSON.stringify(job)], {
      execArgv: [],
      env: { ...process.env, NODE_ENV: "test", VITEST: "" },
    });
    this.#files.push(file);
    this.#workers.set(name, worker);
    worker.on("message", (news: News | "ready") => {
      if (news === "ready") return;
      this.#news.push(news);
      for (const [other, one] of this.#workers) if (other !== name) order(one, { news });
    });
    worker.once("exit", (code, signal) => {
      this.#workers.delete(name);
      if (signal === "SIGKILL") {
        this.#count("kill -9");
        if (!this.#isOver) void this.#start();
      } else if (code !== 0) this.#failure ??= new Error(`A worker ended with ${code ?? signal}.`);
    });
    return new Promise((resolve) => {
      for (const event of ["message", "exit"]) worker.once(event, () => resolve());
    });
  }

  async #hurt(name: FaultName): Promise<void> {
    const proxy = this.#proxy as Proxy;
    const pickWorker = (): ChildProcess => this.#random.pick([...this.#workers.values()]);
    const victim: Victim = {
      ...this.#stage.server,
      resetConnections: () => proxy.reset(),
      loseAnswers: () => proxy.loseAnswers(),
      killWorker: () => void pickWorker()?.kill("SIGKILL"),
      stepClock: (clock) => order(pickWorker(), { clock }),
    };
    const began = now();
    if (name !== "kill") this.#count(name);
    if (await faults[name](victim, this.#random)) this.#losses.push([began, now()]);
    proxy.target = this.#stage.port();
  }

  /** Lets every worker end what it has begun. */
  async #stop(): Promise<void> {
    this.#isOver = true;
    const ended = [...this.#workers.values()].map(
      (worker) => new Promise((resolve) => (worker.exitCode === null ? worker.once("exit", resolve) : resolve(undefined))),
    );
    for (const worker of this.#workers.values()) order(worker, { stop: true });
    const stuck = setTimeout(() => {
      this.#failure ??= new Error("A worker did not end.");
      for (const worker of this.#workers.values()) worker.kill("SIGKILL");
    }, PATIENCE + 10_000);
    await Promise.all(ended);
    clearTimeout(stuck);
  }

  async #judge(): Promise<Findings> {
    // One that was killed while it started has no file.
    const events = this.#files.filter((file) => existsSync(file)).map((file) => readEvents(file));
    const requests = requestsOf(events.flat());
    const tokens = events.flat().flatMap((event) => (event.type === "token" ? [event.token] : []));
    const issued = new Set(await Promise.all(tokens.map((token) => hashToken(token))));
    const handed = requests.flatMap(({ given }) => given ?? []);
    const { final, ids } = await this.#look(handed);
    const history: History = { requests, losses: this.#losses, final, ids, issued, patience: PATIENCE };
    const violations: string[] = [];
    const checks = checkHistory(history, (invariant, promise, facts) =>
      violations.push(`${invariant}: ${promise} ${JSON.stringify(facts)}`),
    );
    const last = events.map((list) => list.findLast((event): event is Event & { type: "ended" } => event.type === "ended"));
    const sum = (count: (event: Event & { type: "ended" }) => number): number =>
      last.reduce((total, event) => total + (event === undefined ? 0 : count(event)), 0);
    return {
      requests: requests.length,
      commits: requests.filter(({ outcome, writes }) => outcome === "ok" && writes.length > 0).length,
      conflicts: sum(({ conflicts }) => conflicts),
      unknown: requests.filter(({ outcome, unavailable }) => (outcome === undefined ? !unavailable : outcome === "unknown"))
        .length,
      sessions: new Set(handed).size,
      faults: this.#injected,
      checks,
      violations,
    };
  }

  /** What the store holds now, asked directly. */
  async #look(tokens: readonly string[]): Promise<Pick<History, "final" | "ids">> {
    const store = await openStorage(this.#stage.name, this.#stage.port());
    const manager = createSessionManager({ storage: store, timeouts: { load: 30_000, save: 30_000 } });
    const final = new Map<string, Found | undefined>();
    for (const token of tokens) final.set(token, foundOf(await manager.load(`session=${token}`)));
    if (!store.list) return { final, ids: undefined };
    const ids: string[] = [];
    for await (const { id } of manager.list()) ids.push(id);
    return { final, ids };
  }

  #count(fault: string): void {
    this.#injected[fault] = (this.#injected[fault] ?? 0) + 1;
  }
}

function foundOf(session: Session): Found | undefined {
  const { status, stored } = stateOf(session);
  if (status !== "stored" || stored === undefined) return undefined;
  const { version, absoluteAt } = stored.record;
  return { id: stored.id, version, absoluteAt, data: session.$snapshot() as unknown as Data };
}

function order(worker: ChildProcess | undefined, what: Order): void {
  if (worker?.connected) worker.send(what, () => {});
}
