import type { Entropy } from "../tracking/entropy.ts";
import { isContainer } from "../tracking/trees.ts";

export type Fields = Record<string, unknown>;
export type Steps = readonly unknown[];

/** Makes values no two of which are equal, so that nobody can take one item for another. */
export class Source {
  #last = 0;

  get next(): number {
    return ++this.#last;
  }

  scalar(entropy: Entropy): unknown {
    const next = this.next;
    return entropy.pick([next, `s${next}`, next + 0.5, BigInt(next), new Date(next)]);
  }

  /** A tree of containers, each with a value of its own in it. */
  value(entropy: Entropy, depth = 0): unknown {
    const kind = entropy.below(depth > 2 ? 2 : 10);
    const size = entropy.below(4);
    const inner = (): unknown => this.value(entropy, depth + 1);
    const several = <V>(make: (index: number) => V): V[] => Array.from({ length: size }, (_, index) => make(index));
    if (kind < 2) return this.scalar(entropy);
    if (kind < 5) return this.object(several((index) => [`k${index}`, inner()]));
    if (kind < 8) return [this.next, ...several(inner)];
    if (kind === 8)
      return new Map<unknown, unknown>([
        ["id", this.next],
        ...several((index) => [index === 1 ? index : `k${index}`, inner()] as const),
      ]);
    return new Set([this.next, ...several(() => (depth < 2 && entropy.chance(1, 4) ? this.object([]) : this.next))]);
  }

  object(entries: Iterable<readonly [string, unknown]>): Fields {
    return { id: this.next, ...Object.fromEntries(entries) };
  }

  tree(entropy: Entropy): Fields {
    return Object.fromEntries(["a", "b", "c", "d"].map((key) => [key, this.value(entropy)]));
  }
}

/** What a path leads to; `undefined` if it leads nowhere. */
export function at(tree: unknown, path: Steps): unknown {
  let here = tree;
  for (const step of path) {
    if (!isContainer(here)) return undefined;
    here = here instanceof Map ? here.get(step) : (here as Fields)[step as string];
  }
  return here;
}

/** Every way to a container, through objects, arrays and Maps. */
export function ways(tree: unknown, way: Steps = []): Steps[] {
  if (!isContainer(tree)) return [];
  if (tree instanceof Set) return [way];
  const entries: Iterable<[unknown, unknown]> =
    tree instanceof Map ? tree : Array.isArray(tree) ? tree.entries() : Object.entries(tree);
  return [way, ...[...entries].flatMap(([step, child]) => ways(child, [...way, step]))];
}
