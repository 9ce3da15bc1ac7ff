import { SessionError } from "unsession";
import type { Entropy } from "./entropy.ts";
import { inside, isContainer, isObject, reachable } from "./trees.ts";
import { key, mapKey, primitive, value, type FromTree, type Twin } from "./values.ts";

/** Something the user holds a reference to: the object of the plain tree, and what the session gave for it. */
export interface Held {
  readonly plain: object;
  readonly tracked: object;
}

/** What one call came to. */
type Outcome = { readonly result: unknown } | { readonly error: unknown };

/**
 * A plain object, the session that must behave like it, and what the user holds of both.
 *
 * It differs from a plain object where a session does so on purpose: what cannot be kept is refused, and a write through a
 * reference to something that left the tree throws unless the call that removed it returned it.
 */
export class World {
  readonly held: Held[] = [];
  /** False if each object has one place: then the events of `$subscribe` can be replayed. */
  readonly aliases: boolean;
  readonly #plain: object;
  readonly #tracked = new Map<object, object>();
  readonly #plainOf = new Map<object, object>();
  /** Taken out by calls that returned them: the caller's own. */
  readonly #released = new Set<object>();
  /** Seen in the tree since they were taken out: whose they are depends on how they got there. */
  readonly #putBack = new Set<object>();

  constructor(plain: object, tracked: object, aliases: boolean) {
    this.#plain = plain;
    this.aliases = aliases;
    this.meet(plain, tracked);
  }

  /** Takes two results for the same, or throws: one proxy for each object, for ever. */
  meet(plain: unknown, tracked: unknown): void {
    if (!isObject(plain)) {
      if (!Object.is(plain, tracked))
        throw new Error(`the session gave ${String(tracked)} where a plain object gives ${String(plain)}`);
      return;
    }
    if (!isObject(tracked)) throw new Error(`the session gave ${String(tracked)} where a plain object gives an object`);
    const known = this.#tracked.get(plain);
    if (known === undefined && this.#plainOf.has(tracked)) throw new Error("one proxy stands for two objects");
    if (known !== undefined && known !== tracked) throw new Error("two proxies stand for one object");
    if (known !== undefined) return;
    this.#tracked.set(plain, tracked);
    this.#plainOf.set(tracked, plain);
    this.held.push({ plain, tracked });
  }

  meetAll(plain: Iterable<unknown>, tracked: Iterable<unknown>): void {
    const [left, right] = [[...plain], [...tracked]];
    if (left.length !== right.length)
      throw new Error(`the session gave ${right.length} values where a plain object gives ${left.length}`);
    for (const [index, one] of left.entries()) this.meet(one, right[index]);
  }

  isInTree(plain: object): boolean {
    return reachable(this.#plain).has(plain);
  }

  /** Something the user holds: mostly what is in the tree, at times what may have left it. */
  pick(entropy: Entropy): Held {
    if (entropy.chance(1, 4)) return entropy.pick(this.held);
    let at = this.#plain;
    for (let steps = entropy.below(4); steps > 0; steps--) {
      const known = inside(at).filter((child): child is object => isObject(child) && this.#tracked.has(child));
      if (known.length > 0) at = entropy.pick(known);
    }
    return { plain: at, tracked: this.#tracked.get(at) as object };
  }

  get fromTree(): FromTree {
    return this.aliases ? (entropy) => ({ ...this.pick(entropy), refused: false }) : undefined;
  }

  value(entropy: Entropy): Twin {
    return value(entropy, this.fromTree);
  }

  /** A key for a Map, or a member for a Set; without aliases no container, since a path cannot lead into it. */
  member(entropy: Entropy): Twin {
    if (this.aliases && entropy.chance(1, 3)) return this.value(entropy);
    if (entropy.chance(1, 3)) return mapKey(entropy, this.fromTree);
    const one = entropy.chance(1, 2) ? primitive(entropy) : key(entropy);
    return { plain: one, tracked: one, refused: false };
  }

  /** Makes a call that only reads, on both. */
  read(onPlain: () => unknown, onTracked: () => unknown): [unknown, unknown] {
    const [plain, tracked] = [attempt(onPlain), attempt(onTracked)];
    if (!("error" in plain)) {
      if ("error" in tracked) throw tracked.error;
      return [plain.result, tracked.result];
    }
    if (!("error" in tracked)) throw new Error(`a plain object throws ${String(plain.error)}, the session does not`);
    return [undefined, undefined];
  }

  /** Takes note of what was taken out and is in the tree by now: to be done before each change. */
  look(): void {
    for (const own of this.#released) if (this.isInTree(own)) this.#putBack.add(own);
  }

  /** Makes a call that writes, on both, unless the session must refuse it. `undefined` if nothing was done. */
  write(target: Held, given: readonly Twin[], onPlain: () => unknown, onTracked: () => unknown): [unknown, unknown] | undefined {
    this.look();
    const place = this.#placeOf(target.plain);
    const isRefused = given.some(({ refused }) => refused);
    if (isRefused || place === "gone" || place === "perhaps") {
      const tracked = attempt(onTracked);
      if ("error" in tracked) return expectRefusal(tracked.error, !Object.isFrozen(target.plain));
      const before = shallow(target.plain);
      const result = onPlain();
      const isChanged = !isSame(before, shallow(target.plain));
      if (isRefused && (isChanged || !Object.isFrozen(target.plain))) throw new Error("the session took what cannot be kept");
      if (isChanged && place === "gone") throw new Error("a write through a gone reference vanished");
      return [result, tracked.result];
    }
    const plain = attempt(onPlain);
    const tracked = attempt(onTracked);
    if ("error" in plain !== "error" in tracked) throw new Error(`plain: ${show(plain)}, session: ${show(tracked)}`);
    if ("error" in plain || "error" in tracked) return undefined;
    return [plain.result, tracked.result];
  }

  /** Takes note of items that were removed by a call that returned them. */
  release(plain: readonly unknown[]): void {
    for (const item of plain) if (isContainer(item)) this.#released.add(item);
  }

  #placeOf(plain: object): "tree" | "own" | "gone" | "perhaps" {
    if (this.isInTree(plain)) return "tree";
    const owners = [...this.#released].filter((own) => reachable(own).has(plain));
    if (owners.length === 0) return "gone";
    return owners.some((own) => !this.#putBack.has(own)) ? "own" : "perhaps";
  }
}

function attempt(call: () => unknown): Outcome {
  try {
    return { result: call() };
  } catch (error) {
    return { error };
  }
}

function expectRefusal(error: unknown, bySession: boolean): undefined {
  if (bySession && !(SessionError.is(error) && error.code === "ERR_SESSION_VALUE")) throw error;
  return undefined;
}

function shallow(container: object): unknown[] {
  if (container instanceof Map) return [...container].flat();
  return container instanceof Set
    ? [...container]
    : Object.entries(container)
        .flat()
        .concat((container as unknown[]).length);
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((one, index) => Object.is(one, b[index]));
}

function show(outcome: Outcome): string {
  return "error" in outcome ? `throws ${String(outcome.error)}` : `gives ${String(outcome.result)}`;
}
