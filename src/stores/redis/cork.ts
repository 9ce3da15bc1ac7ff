import { afterTurn } from "../../event-loop.ts";
import type { RedisClient, Stream } from "./client.ts";

/**
 * Sends in one piece what a client is asked within one turn of the event loop.
 *
 * The system call that writes a command takes longer than anything else that reading a session does in this process, and under load
 * many requests are answered in each turn. To ioredis each command stays one of its own, with its answer, its retries and its timeout,
 * as it would not in a pipeline: its bytes alone wait. What the application asks the same client meanwhile goes along. The commands of
 * a client that is not connected wait in ioredis.
 */
export class Cork {
  readonly #client: RedisClient;
  /** Those of this turn. */
  #commands = 0;
  /** Whether the last turn that had any had several. Otherwise the first is sent at once: Redis would idle until this turn is over. */
  #isBusy = false;
  /** What is held back. A client has another stream after it reconnected, so each is let go itself. */
  readonly #held: Stream[] = [];

  constructor(client: RedisClient) {
    this.#client = client;
  }

  /** Takes note that a command follows. */
  expect(): void {
    if (++this.#commands === 1) afterTurn(this.#release);
    if (this.#held.length === 0 && (this.#isBusy || this.#commands > 1)) this.#hold();
  }

  #hold(): void {
    // Which node of a Cluster a command goes to, ioredis keeps to itself.
    for (const { status, stream } of this.#client.nodes?.("master") ?? [this.#client]) {
      if (status !== "ready" || stream?.cork === undefined) continue;
      stream.cork();
      this.#held.push(stream);
    }
  }

  readonly #release = (): void => {
    for (const stream of this.#held.splice(0)) stream.uncork();
    this.#isBusy = this.#commands > 1;
    this.#commands = 0;
  };
}
