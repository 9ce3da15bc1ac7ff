import { openSync, writeSync } from "node:fs";
import { createSessionManager, type SessionManager } from "unsession";
import { hashToken } from "../../src/token.ts";
import { Random } from "../model/random.ts";
import { now, type Event } from "./events.ts";
import { Families, type News } from "./families.ts";
import { ABSOLUTE_TIMEOUT, FAMILIES, IDLE_TIMEOUT, REQUESTS, TIMEOUTS, type Job, type Order } from "./job.ts";
import { openStorage } from "./storage.ts";
import { visit, type Host } from "./visit.ts";
import { watched, type Watched } from "./watched.ts";

/** One process of a history. */
class Worker implements Host {
  readonly #job: Job;
  readonly #file: number;
  readonly #families: Families;
  readonly random: Random;
  readonly manager: SessionManager;
  #store: Watched | undefined;
  #count = 0;
  #momentsLeft = Infinity;
  #isStopped = false;
  #clock = 0;

  constructor(job: Job) {
    this.#job = job;
    this.#file = openSync(job.file, "a");
    this.random = new Random(job.seed);
    this.#families = new Families(FAMILIES, this.random, job.known);
    const time = (): number => Date.now() + this.#clock;
    const { address, blind } = job;
    this.manager = createSessionManager({
      prefix: address.prefix,
      idleTimeout: IDLE_TIMEOUT,
      absoluteTimeout: ABSOLUTE_TIMEOUT,
      timeouts: TIMEOUTS,
      now: time,
      generateToken: () => {
        const token = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
        this.note({ type: "token", token });
        return token;
      },
      storage: async () => (this.#store ??= watched((await openStorage(address, time)).store, () => this.#pass(), blind)),
    });
  }

  obey(order: Order): void {
    if ("news" in order) this.#families.learn(order.news);
    else if ("dieAfter" in order) this.#momentsLeft = order.dieAfter;
    else if ("stop" in order) this.#isStopped = true;
    else this.note({ type: "clock", clock: (this.#clock = order.clock) });
  }

  async run(): Promise<void> {
    await Promise.all(
      Array.from({ length: REQUESTS }, async () => {
        while (!this.#isStopped) {
          await visit(this, this.#nextOp(), this.#families.pick(`${this.#job.name}-${this.#count}`));
          process.send?.("answered");
        }
      }),
    );
  }

  /** Takes note of what must never happen. */
  break(what: unknown): void {
    const op = this.#nextOp();
    const error = what instanceof Error ? `${what.stack}` : String(what);
    const calls = { reads: 0, writes: 0, conflicts: 0, failures: 0 };
    this.note({ type: "began", op, at: now(), family: "none" });
    const none = { stored: undefined, token: undefined, isAcknowledged: true };
    this.note({ type: "ended", op, at: now(), outcome: "broken", calls, error, ...none });
  }

  note(event: Event): void {
    writeSync(this.#file, `${JSON.stringify(event)}\n`);
  }

  tell(news: News): void {
    this.#families.learn(news);
    process.send?.(news);
  }

  async isAcknowledged(token: string): Promise<boolean> {
    return this.#store?.acknowledged.has(this.#job.address.prefix + (await hashToken(token))) ?? false;
  }

  #pass(): void {
    if (this.#momentsLeft-- <= 0) process.kill(process.pid, "SIGKILL");
  }

  #nextOp(): string {
    return `${this.#job.name}.${++this.#count}`;
  }
}

const worker = new Worker(JSON.parse(process.argv[2] as string) as Job);
process.on("message", (order: Order) => worker.obey(order));
process.on("unhandledRejection", (error) => worker.break(error));
// Listeners that pile up.
process.on("warning", (warning) => worker.break(warning));
process.on("disconnect", () => process.exit(1));
process.send?.("ready");
await worker.run();
process.exit(0);
