/**
 * Runs tasks of one key one after another, and tasks of different keys side by side.
 *
 * Commits of one session queue here before they meet in the store, and each leaves to the next what it wrote, so that within a
 * process a hot session makes no conflicts.
 */
export class Queue<K, V = never> {
  readonly #lines = new Map<K, Line<V>>();

  run<R>(key: K, task: () => Promise<R>): Promise<R> {
    const line: Line<V> = this.#lines.get(key) ?? { tail: undefined, left: undefined, streak: 0 };
    this.#lines.set(key, line);
    const result = line.tail === undefined ? task() : line.tail.then(task);
    const leave = (): void => {
      line.streak++;
      if (line.tail !== tail) return;
      this.#lines.delete(key);
      // A line that was promoted to the old generation would keep what it leads to until that is collected.
      line.tail = line.left = undefined;
    };
    const tail = result.then(leave, leave);
    line.tail = tail;
    return result;
  }

  /** Keeps a value for those that wait for the same key. */
  leave(key: K, value: V): void {
    const line = this.#lines.get(key);
    if (line !== undefined) line.left = value;
  }

  /** What a task that went before left last. */
  left(key: K): V | undefined {
    return this.#lines.get(key)?.left;
  }

  /** How many tasks of the key went before, each right after another. */
  streak(key: K): number {
    return this.#lines.get(key)?.streak ?? 0;
  }
}

interface Line<V> {
  /** The end of the last task. */
  tail: Promise<void> | undefined;
  left: V | undefined;
  streak: number;
}
