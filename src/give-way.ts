import type { Platform } from "./context.ts";

/** Milliseconds for which a long walk may hold up everything else. With a million sessions, a collection of garbage adds 4. */
const LONGEST_TURN = 0.5;

/**
 * Lets requests go on while a walk over many records does: a store in memory answers at once, and awaiting that lets nobody else in.
 * A million sessions were counted in 8 s, in which no request was answered.
 */
export class Turns {
  readonly #platform: Platform;
  #ends: number;

  constructor(platform: Platform) {
    this.#platform = platform;
    this.#ends = platform.uptime() + LONGEST_TURN;
  }

  /** Waits for the next turn of the event loop, once this one took long. */
  async giveWay(): Promise<void> {
    if (this.#platform.uptime() < this.#ends) return;
    await this.#platform.nextTurn();
    this.#ends = this.#platform.uptime() + LONGEST_TURN;
  }
}
