/**
 * The intent behind a difference.
 *
 * What changed is found by comparing the tree with the one that was loaded. Marks say how to read a difference: a container
 * that replaced another is a new value as a whole, one that stayed in place merges part by part.
 */
export interface Marks {
  /** The checkpoint after which they were left. */
  readonly epoch: number;
  /** Those left before that checkpoint. */
  readonly older: Marks | undefined;
  /** Keys at which a container was assigned. */
  replaced: Set<unknown> | undefined;
  /** Keys that were only ever incremented. */
  increments: Map<unknown, Increment> | undefined;
  /** An array whose items were moved or removed, rather than written in place or appended. */
  reordered: boolean;
}

/** A number that grew from `start` to `end` by `by`; void when it holds anything but `end`. */
export interface Increment {
  readonly start: number | undefined;
  readonly by: number;
  readonly end: number;
}

/** Sums up the marks of a container from `epoch` on. */
export function marksSince(marks: Marks | undefined, epoch: number): Marks | undefined {
  if (marks === undefined || marks.epoch < epoch) return undefined;
  const older = marksSince(marks.older, epoch);
  if (older === undefined) return marks;
  const increments = new Map(older.increments);
  for (const [key, { start, by, end }] of marks.increments ?? []) {
    const before = increments.get(key);
    const continues = before !== undefined && Object.is(before.end, start);
    increments.set(key, continues ? { start: before.start, by: before.by + by, end } : { start, by, end });
  }
  return {
    epoch: older.epoch,
    older: undefined,
    replaced: new Set([...(older.replaced ?? []), ...(marks.replaced ?? [])]),
    increments,
    reordered: older.reordered || marks.reordered,
  };
}
