import { fork, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../model/random.ts";
import { startTcpProxy, type TcpProxy } from "../services/tcp-proxy.ts";
import { fileOf } from "./bundle.ts";
import { now } from "./events.ts";
import type { News } from "./families.ts";
import { faults, wait, type FaultName, type Victim } from "./faults.ts";
import { PATIENCE, type Job, type Order } from "./job.ts";
import { judge, type Findings } from "./judge.ts";
import { faultsOf, type Stage } from "./stages.ts";
import type { Address } from "./storage.ts";

export interface Play {
  readonly workers: number;
  readonly seed: number;
  /** How many milliseconds pass between faults, about. */
  readonly calm: number;
  /** How often each fault is injected: so often, or again and again for so many seconds. */
  readonly faults: { readonly rounds: number } | { readonly seconds: number };
  /** How many requests there must have been, however long a busy machine takes. */
  readonly requests: number;
  /** Takes compare-and-set away: to see that the checks notice. */
  readonly blind?: boolean;
}

export interface Played extends Findings {
  readonly faults: Readonly<Record<string, number>>;
  /** Where all events are, if there are violations. */
  readonly folder: string | undefined;
}

/**
 * Lets several processes work on the same sessions of a real store while faults are injected, and checks what they noted.
 *
 * Once it is over everything is healed, so that what the store holds in the end can be compared with what was acknowledged.
 */
export async function playHistory(stage: Stage, play: Play): Promise<Played> {
  const folder = await mkdtemp(join(tmpdir(), "unsession-history-"));
  let isKept = false;
  try {
    const conductor = new Conductor(stage, play, folder, await fileOf("worker"));
    const findings = await conductor.run();
    isKept = findings.violations.length > 0 && play.blind !== true;
    return { ...findings, faults: conductor.injected, folder: isKept ? folder : undefined };
  } finally {
    if (!isKept) await rm(folder, { recursive: true, force: true });
  }
}

class Conductor {
  readonly #stage: Stage;
  readonly #play: Play;
  readonly #folder: string;
  readonly #program: string;
  readonly #random: Random;
  readonly #workers = new Map<string, ChildProcess>();
  readonly #files: string[] = [];
  readonly #news: News[] = [];
  readonly #losses: [number, number][] = [];
  readonly injected: Record<string, number> = {};
  readonly #prefix = `history:${crypto.randomUUID()}:`;
  #proxy!: TcpProxy;
  #answered = 0;
  #isOver = false;
  #failure: Error | undefined;

  constructor(stage: Stage, play: Play, folder: string, program: string) {
    this.#stage = stage;
    this.#play = play;
    this.#folder = folder;
    this.#program = program;
    this.#random = new Random(play.seed);
  }

  async run(): Promise<Findings> {
    this.#proxy = await startTcpProxy(new URL(this.#stage.url()).host);
    try {
      await Promise.all(Array.from({ length: this.#play.workers }, () => this.#start()));
      await this.#direct();
      await this.#stop();
      if (this.#failure !== undefined) throw this.#failure;
      return await judge(this.#files, this.#losses, this.#address(this.#stage.url()));
    } finally {
      this.#isOver = true;
      for (const worker of this.#workers.values()) worker.kill("SIGKILL");
      await this.#proxy.close();
    }
  }

  /** Faults of every kind, in rounds, with some peace before each and after the last. */
  async #direct(): Promise<void> {
    const { calm, requests } = this.#play;
    const { rounds = Infinity, seconds = Infinity } = this.#play.faults as { rounds?: number; seconds?: number };
    const end = now() + seconds * 1000;
    const peace = (): Promise<void> => wait(Math.max(0, Math.min(calm * (0.5 + this.#random.next()), end - now())));
    const isOver = (): boolean => now() >= end || this.#failure !== undefined;
    for (let round = 0; round < rounds && !isOver(); round++) {
      for (const fault of this.#shuffled(faultsOf(this.#stage))) {
        await peace();
        if (isOver()) break;
        await this.#hurt(fault);
      }
    }
    do await peace();
    while (this.#answered < requests && this.#failure === undefined);
  }

  /** Starts a worker; resolves when it has begun. */
  #start(): Promise<void> {
    const name = `w${this.#files.length}`;
    const file = join(this.#folder, name);
    const { seed, blind = false } = this.#play;
    const url = new URL(this.#stage.url());
    url.host = this.#proxy.address;
    const job: Job = {
      name,
      seed: seed + this.#files.length,
      address: this.#address(url.href),
      file,
      blind,
      known: this.#news.slice(-60),
    };
    const env = { ...process.env, NODE_ENV: "test", VITEST: "" };
    const worker = fork(this.#program, [JSON.stringify(job)], { execArgv: [], env });
    this.#files.push(file);
    this.#workers.set(name, worker);
    worker.on("message", (news: News | "ready" | "answered") => {
      if (news === "answered") this.#answered++;
      if (typeof news === "string") return;
      this.#news.push(news);
      for (const [other, one] of this.#workers) if (other !== name) order(one, { news });
    });
    worker.once("exit", (code, signal) => {
      this.#workers.delete(name);
      if (signal !== "SIGKILL" && code !== 0) this.#failure ??= new Error(`A worker ended with ${code ?? signal}.`);
      else if (!this.#isOver) void this.#start();
    });
    return new Promise((resolve) => {
      for (const event of ["message", "exit"]) worker.once(event, () => resolve());
    });
  }

  async #hurt(name: FaultName): Promise<void> {
    const proxy = this.#proxy;
    const pickWorker = (): ChildProcess => this.#random.pick([...this.#workers.values()]);
    const victim: Victim = {
      ...(this.#stage.server as NonNullable<Stage["server"]>),
      resetConnections: () => proxy.reset(),
      loseAnswers: () => proxy.loseAnswers(),
      killWorker: () => void pickWorker().kill("SIGKILL"),
      async killBetweenCalls(dieAfter) {
        const worker = pickWorker();
        const died = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
        order(worker, { dieAfter });
        await died;
      },
      stepClock(clock) {
        const worker = pickWorker();
        order(worker, { clock });
        return () => order(worker, { clock: 0 });
      },
    };
    const began = now();
    this.injected[name] = (this.injected[name] ?? 0) + 1;
    if (await faults[name](victim, this.#random)) this.#losses.push([began, now()]);
    proxy.target = new URL(this.#stage.url()).host;
  }

  /** Lets every worker end what it has begun. */
  async #stop(): Promise<void> {
    this.#isOver = true;
    const workers = [...this.#workers.values()];
    const ended = Promise.all(workers.map((worker) => new Promise((resolve) => worker.once("exit", resolve))));
    for (const worker of workers) order(worker, { stop: true });
    const stuck = setTimeout(() => {
      this.#failure ??= new Error("A worker did not end.");
      for (const worker of workers) worker.kill("SIGKILL");
    }, PATIENCE + 10_000);
    await ended;
    clearTimeout(stuck);
  }

  #address(url: string): Address {
    return { store: this.#stage.store, url, prefix: this.#prefix };
  }

  #shuffled<V>(values: readonly V[]): V[] {
    return values
      .map((value) => ({ value, at: this.#random.next() }))
      .sort((a, b) => a.at - b.at)
      .map(({ value }) => value);
  }
}

function order(worker: ChildProcess, what: Order): void {
  if (worker.connected) worker.send(what, () => {});
}
