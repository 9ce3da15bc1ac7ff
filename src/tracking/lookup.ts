import { containerKind } from "./kinds.ts";

/**
 * Finds values among many by what they equal, where comparing each with each would take quadratic time: enough to stall a process,
 * with the few thousand items that fit into one session.
 */
export class Lookup<T> {
  readonly #groups = new Map<string, T[]>();

  /** `of` says by what value an item is found. */
  constructor(items: Iterable<T>, of: (item: T) => unknown) {
    for (const item of items) {
      const print = fingerprint(of(item), 0);
      const group = this.#groups.get(print);
      if (group === undefined) this.#groups.set(print, [item]);
      else group.push(item);
    }
  }

  /** Few of the items, among them all whose value equals the one given. */
  near(value: unknown): readonly T[] {
    return this.#groups.get(fingerprint(value, 0)) ?? [];
  }

  /** Like {@link near}, the first that matches; from then on it is not found any more. */
  take(value: unknown, matches: (item: T) => boolean): T | undefined {
    const group = this.#groups.get(fingerprint(value, 0)) ?? [];
    const index = group.findIndex(matches);
    return index < 0 ? undefined : group.splice(index, 1)[0];
  }
}

/** Deeper differences are left to the comparison that follows; also, a ring ends here. */
const DEEPEST = 8;

/** Text that is the same for equal values, and different for most others. */
function fingerprint(value: unknown, depth: number): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object" || value === null) return String(value);
  const inner = (child: unknown): string => fingerprint(child, depth + 1);
  const kind = containerKind(value);
  if (kind === undefined) return value instanceof Date ? `@${value.getTime()}` : "";
  if (depth === DEEPEST) return kind;
  switch (kind) {
    case "array":
      return `[${Array.from(value as unknown[], inner).join()}]`;
    // The order of what follows does not count.
    case "map":
      return `(${[...(value as Map<unknown, unknown>)]
        .map((entry) => entry.map(inner).join(":"))
        .sort()
        .join()})`;
    case "set":
      return `<${[...(value as Set<unknown>)].map(inner).sort().join()}>`;
    case "object": {
      const fields = Object.entries(value).filter(([, child]) => child !== undefined);
      return `{${fields
        .map(([key, child]) => `${JSON.stringify(key)}:${inner(child)}`)
        .sort()
        .join()}}`;
    }
  }
}
