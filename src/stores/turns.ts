import { Queue } from "../queue.ts";

interface Traffic {
  /** Calls under way or waiting. */
  calls: number;
  /** The writes among them. */
  writes: number;
  /** Writes that began while there was any call. */
  begun: number;
}

/**
 * Turns at the keys of one back end that has no conditional writes: writes of a key happen one after another, and reads see none of
 * them half done.
 */
export class Turns {
  readonly #queue = new Queue<string>();
  readonly #traffic = new Map<string, Traffic>();

  /** How many keys have calls under way; of the others nothing is kept. */
  get size(): number {
    return this.#traffic.size;
  }

  write<R>(key: string, task: () => Promise<R>): Promise<R> {
    return this.#count(key, async (traffic) => {
      traffic.writes++;
      try {
        return await this.#queue.run(key, () => {
          traffic.begun++;
          return task();
        });
      } finally {
        traffic.writes--;
      }
    });
  }

  /**
   * Reads run side by side, and no write waits for one, so that a read that hangs holds up nobody. The price: a read that a write
   * overlapped may have met an empty file, and is repeated in turn.
   */
  read<R>(key: string, task: () => Promise<R>): Promise<R> {
    return this.#count(key, async (traffic) => {
      if (traffic.writes > 0) return this.#queue.run(key, task);
      const { begun } = traffic;
      try {
        const result = await task();
        if (traffic.begun === begun) return result;
      } catch (error) {
        if (traffic.begun === begun) throw error;
      }
      return this.#queue.run(key, task);
    });
  }

  async #count<R>(key: string, call: (traffic: Traffic) => Promise<R>): Promise<R> {
    const traffic = this.#traffic.get(key) ?? { calls: 0, writes: 0, begun: 0 };
    this.#traffic.set(key, traffic);
    traffic.calls++;
    try {
      return await call(traffic);
    } finally {
      if (--traffic.calls === 0) this.#traffic.delete(key);
    }
  }
}

const turns = new WeakMap<object, Turns>();

/** The turns of a back end, the same for all who use it in this process. */
export function turnsOf(backEnd: object): Turns {
  let found = turns.get(backEnd);
  if (found === undefined) turns.set(backEnd, (found = new Turns()));
  return found;
}
