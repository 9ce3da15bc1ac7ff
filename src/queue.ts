/**
 * Runs tasks of one key one after another, and tasks of different keys side by side.
 *
 * Commits of one session queue here before they meet in the store, so that within a process a hot session makes no conflicts.
 */
export class Queue<K> {
  readonly #tails = new Map<K, Promise<unknown>>();

  async run<R>(key: K, task: () => Promise<R>): Promise<R> {
    const before = this.#tails.get(key);
    const result = before === undefined ? task() : before.then(task, task);
    this.#tails.set(key, result);
    try {
      return await result;
    } finally {
      if (this.#tails.get(key) === result) this.#tails.delete(key);
    }
  }
}
