import { containerKind, isContainer, type Container } from "./kinds.ts";
import { entriesOf } from "./tracker.ts";

/**
 * The containers that stand at several places of a tree, and what continues each of them in a later state of that tree.
 *
 * A write at one of its places shows at all of them. So a place that now holds an object of its own has changed, even if that
 * object is equal: what is written to the others does not reach it any more.
 */
export class Aliases {
  readonly #shared: ReadonlySet<Container>;
  readonly #continued = new Map<Container, Container>();

  constructor(tree: Container) {
    this.#shared = findShared(tree);
  }

  /** True if `later` is what continues `container` at its other places too. The first place that is asked about decides. */
  continues(container: Container, later: Container): boolean {
    if (!this.#shared.has(container)) return true;
    const first = this.#continued.get(container);
    if (first === undefined) this.#continued.set(container, later);
    return first === undefined || first === later;
  }

  /** True if two equal values continue each other in all that is inside. */
  agree(value: unknown, later: unknown): boolean {
    return this.#shared.size === 0 || this.#agree(value, later, new Set());
  }

  /** True if something inside a container has another place. */
  within(container: Container): boolean {
    if (this.#shared.size === 0) return false;
    const seen = new Set<Container>();
    return ![...entriesOf(container)].every(([, child]) => this.#agree(child, undefined, seen));
  }

  #agree(value: unknown, later: unknown, seen: Set<Container>): boolean {
    if (!isContainer(value) || seen.has(value)) return true;
    seen.add(value);
    if (!isContainer(later) ? this.#shared.has(value) : !this.continues(value, later)) return false;
    for (const [step, child] of entriesOf(value)) {
      if (!this.#agree(child, isContainer(later) ? childAt(later, step) : undefined, seen)) return false;
    }
    return true;
  }
}

/** What a path step leads to; nothing for members of Sets and for keys that are objects, which are told apart by identity. */
function childAt(container: Container, step: unknown): unknown {
  switch (containerKind(container)) {
    case "map":
      return isContainer(step) ? undefined : (container as Map<unknown, unknown>).get(step);
    case "set":
      return undefined;
    default:
      return (container as Record<PropertyKey, unknown>)[step as PropertyKey];
  }
}

function findShared(tree: Container): Set<Container> {
  const seen = new Set<Container>([tree]);
  const shared = new Set<Container>();
  const walk = (container: Container): void => {
    for (const [, child] of entriesOf(container)) {
      if (!isContainer(child)) continue;
      if (seen.has(child)) {
        shared.add(child);
      } else {
        seen.add(child);
        walk(child);
      }
    }
  };
  walk(tree);
  return shared;
}
