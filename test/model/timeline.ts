import type { Scheduler } from "fast-check";

/**
 * The order in which things happen: whoever waits for a turn goes on when fast-check's scheduler picks him.
 *
 * Time passes only by what is slept; nothing waits for a real clock.
 */
export class Timeline {
  readonly #scheduler: Scheduler;
  #uptime = 0;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  turn(label: string): Promise<void> {
    return this.#scheduler.schedule(Promise.resolve(), label);
  }

  /** Milliseconds that were slept so far, by whomever. */
  get uptime(): number {
    return this.#uptime;
  }

  /** Sleeps for a number of turns: one who sleeps for many is overtaken by all others. */
  async sleep(milliseconds: number, turns: number): Promise<void> {
    for (let slept = 0; slept < turns; slept++) await this.turn("sleep");
    this.#uptime += milliseconds;
  }

  /** Lets everything happen that is going to. False if the tasks then wait for something that never comes. */
  async finish(tasks: readonly Promise<unknown>[]): Promise<boolean> {
    const waiting = new Set(tasks);
    for (const task of tasks) {
      const settle = (): void => void waiting.delete(task);
      task.then(settle, settle);
    }
    // Idle is 50 ticks without a turn asked for; a long way through the library can take longer.
    for (let idle = 0; idle < PATIENCE; idle++) {
      await this.#scheduler.waitIdle();
      if (waiting.size === 0) return true;
    }
    return false;
  }
}

const PATIENCE = 20;
