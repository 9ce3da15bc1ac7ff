/**
 * Runs tasks of one key one after another, and tasks of different keys side by side.
 *
 * Commits of one session queue here before they meet in the store, so that within a process a hot session makes no conflicts.
 */
export class Queue<K> {
  readonly #tails = new Map<K, Promise<void>>();

  run<R>(key: K, task: () => Promise<R>): Promise<R> {
    const before = this.#tails.get(key);
    const result = before === undefined ? task() : before.then(task);
    const leave = (): void => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    };
    const tail = result.then(leave, leave);
    this.#tails.set(key, tail);
    return result;
  }
}
