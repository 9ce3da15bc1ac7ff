import { valueError } from "../errors.ts";
import { fillStandIn, isFrozenPlace } from "./frozen.ts";
import { containerKind, isContainer, type Container } from "./kinds.ts";
import { makeNode } from "./make-node.ts";
import { marksSince, type Marks } from "./marks.ts";
import type { Node } from "./node.ts";
import { formatPath, type Path } from "./path.ts";
import { nodeOf, registerStandIn } from "./raw.ts";

/** One recorded change. `path` leads to the place; for a Set, the member is `value` of an add and the last step of a delete. */
export interface Change {
  readonly op: "set" | "delete" | "clear" | "append" | "add" | "increment";
  readonly path: Path;
  readonly value?: unknown;
}

/** Containers that are remembered although they may have left the tree: a stream may have a session for days. */
const MAX_HELD = 1024;

/**
 * Follows one tree of plain data through proxies and knows whether, and where, it changed.
 *
 * It never copies the tree: a proxy writes through to the raw container. What changed is told in three degrees, from cheap to
 * exact: {@link touched} for "surely nothing", the serialized form for "must be stored", and `changes.ts` for "what".
 */
export class Tracker {
  readonly root: Node;
  /** Called before each write; throws where writing is over. */
  readonly guard: () => void;

  #listeners: Set<(change: Change) => void> | undefined;
  #nodes: Map<Container, Node> | WeakMap<Container, Node> = new Map();
  /** Taken out of their arrays by `pop`, `splice` …: the caller's own until they are put back. */
  #released: Set<Node> | undefined;
  /** Dates are handed out real, so their time is compared instead: with what was stored, once with what was last about to be. */
  #dates: Map<Date, { stored: number; pending: number }> | undefined;
  /** Bumped at each checkpoint. */
  #epoch = 0;
  /** The checkpoint that has been stored: marks of earlier epochs say nothing any more. */
  #storedEpoch = 0;
  /** A trap wrote since what was stored. */
  #written = false;
  /** A trap wrote since the last checkpoint. */
  #writtenSince = false;
  /** Something mutable is in the user's hands that no trap can watch. */
  #exposed = false;

  /** The root may refine what objects are: `makeRoot` makes its node. */
  constructor(guard: () => void, makeRoot: (tracker: Tracker) => Node) {
    this.guard = guard;
    this.root = this.#start(makeRoot(this));
  }

  /** False only if the tree is surely as it was stored. */
  get touched(): boolean {
    return this.#written || this.#exposed || this.#dateChanged();
  }

  /** True if the user may hold something of the tree that no trap watches. */
  get exposed(): boolean {
    return this.#exposed;
  }

  /** True if a trap wrote, as against something that merely may have changed. */
  get written(): boolean {
    return this.#written;
  }

  /** What the user gets for a value found in a container: a proxy for a container, the value itself for anything else. */
  handOut(value: unknown, node: Node, key: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    // Only what the user may hold can have been frozen since its proxy was made, and what he puts into his own is not told of.
    const mayBeFrozen = this.#exposed || this.#released !== undefined;
    return mayBeFrozen && isFrozenPlace(node.raw, key) ? value : this.#proxyOf(value, node, key);
  }

  /** The marks of a container, if it was written in a way that left any since what was stored. */
  marks(raw: Container): Marks | undefined {
    return marksSince(this.#nodes.get(raw)?.marks, this.#storedEpoch);
  }

  /** The marks of a container, made if there are none. */
  mark(node: Node): Marks {
    if (node.marks?.epoch === this.#epoch) return node.marks;
    const older = node.marks !== undefined && node.marks.epoch >= this.#storedEpoch ? node.marks : undefined;
    const marks: Marks = { epoch: this.#epoch, older, replaced: undefined, increments: undefined, reordered: false };
    node.marks = marks;
    return marks;
  }

  /**
   * Prepares a write below `node`: false if the container is the caller's own (taken out by `pop`, `splice` …).
   *
   * @throws {SessionError} `ERR_SESSION_VALUE` if the container is no longer part of the tree, where a write would vanish.
   */
  attach(node: Node): boolean {
    if (node.isIn(this.root) || this.#locate(node, this.root)) return true;
    for (const released of this.#released ?? []) if (released === node || this.#locate(node, released)) return false;
    throw valueError(
      node.path(),
      "was written through a reference to something that is no longer in the session",
      `Read it again, as ${formatPath(node.path())}, or put it back first`,
    );
  }

  /** Takes note that a trap wrote, and tells who listens. The change is made only if someone does. */
  wrote(change: () => Change): void {
    this.#written = true;
    this.#writtenSince = true;
    if (this.#listeners === undefined || this.#listeners.size === 0) return;
    const made = change();
    // A listener may add or end others, for the next time.
    const listeners = [...this.#listeners];
    for (const listener of listeners) listener(made);
  }

  /** Tells `fn` of each change from now on, until what this returns is called. */
  listen(fn: (change: Change) => void): () => void {
    // A function of its own, so that one that listens twice is called twice, and ends once at a time.
    const listener = (change: Change): void => fn(change);
    const listeners = (this.#listeners ??= new Set());
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** Takes note that a value of the user's was put at a place. */
  placed(node: Node, key: unknown, raw: unknown): void {
    node.marks?.increments?.delete(key);
    if (typeof raw !== "object" || raw === null) return;
    // The user may still hold it, and change it outside any trap.
    this.#exposed = true;
    if (containerKind(raw) === undefined) return;
    (this.mark(node).replaced ??= new Set()).add(key);
    this.place(raw, node.raw, key);
    if (this.#released !== undefined && this.#released.size > 0) this.#takeBack(this.#released, raw, node, key);
  }

  /** What was taken out, and is now in the tree again, belongs to it again. */
  #takeBack(all: Set<Node>, raw: Container, parent: Node, key: unknown): void {
    this.#proxyOf(raw, parent, key);
    const back = this.#nodes.get(raw) as Node;
    for (const released of all) if (released === back || this.#locate(released, back)) all.delete(released);
  }

  /** Hands out an item that was taken out of its array by the call that returns it: from now on the caller's own. */
  release(item: unknown, from: Node): unknown {
    const handed = this.handOut(item, from, undefined);
    const node = typeof handed === "object" && handed !== null ? nodeOf(handed) : undefined;
    if (node !== undefined) (this.#released ??= new Set()).add(node);
    return handed;
  }

  /** Takes note that the tree as it is now is about to be stored; writes from here on are told apart. */
  checkpoint(): void {
    this.#epoch++;
    this.#writtenSince = false;
    for (const [date, times] of this.#dates ?? []) times.pending = date.getTime();
  }

  /** Takes note that the tree as it was at the last checkpoint is stored now. */
  settle(): void {
    this.#storedEpoch = this.#epoch;
    this.#written = this.#writtenSince;
    for (const times of this.#dates?.values() ?? []) times.stored = times.pending;
  }

  /** Gives a raw container a new place, after the tree was rewritten around it. */
  place(raw: Container, parent: Container, key: unknown): void {
    const node = this.#nodes.get(raw);
    if (node === undefined) return;
    node.parent = this.#nodes.get(parent);
    node.key = key;
  }

  #proxyOf(value: object, parent: Node, key: unknown): object {
    const known = this.#nodes.get(value);
    if (known !== undefined) return known.proxy;
    const kind = containerKind(value);
    if (kind !== undefined) return this.#start(makeNode(kind, value, this, parent, key)).proxy;
    if (value instanceof Date) this.#watchDate(value);
    else this.#exposed = true;
    return value;
  }

  /** Gives a new node its proxy, or what takes the place of one. */
  #start(node: Node): Node {
    const { raw, kind } = node;
    this.#remember(node);
    const standIn = !Object.isExtensible(raw) && (kind === "object" || kind === "array") && Object.isFrozen(raw);
    node.proxy = standIn ? (kind === "array" ? [] : {}) : new Proxy(raw, node);
    if (standIn) {
      registerStandIn(node.proxy, node);
      fillStandIn(node.proxy, raw, (value, at) =>
        typeof value === "object" && value !== null ? this.#proxyOf(value, node, at) : value,
      );
    }
    return node;
  }

  /** A WeakMap takes the garbage collector 1.5 µs for each entry, so there is one only for a session that has let go of much. */
  #remember(node: Node): void {
    if (this.#nodes instanceof Map && this.#nodes.size === MAX_HELD) this.#nodes = new WeakMap(this.#nodes);
    this.#nodes.set(node.raw, node);
  }

  #watchDate(date: Date): void {
    const time = date.getTime();
    this.#dates ??= new Map();
    if (!this.#dates.has(date)) this.#dates.set(date, { stored: time, pending: time });
  }

  #dateChanged(): boolean {
    if (this.#dates === undefined) return false;
    for (const [date, { stored }] of this.#dates) if (!Object.is(date.getTime(), stored)) return true;
    return false;
  }

  /** Searches a tree for a container whose last known place is taken, and notes the way to it. */
  #locate(wanted: Node, tree: Node): boolean {
    const way = wayTo(wanted.raw, tree.raw);
    let parent = tree;
    for (const [key, child] of way ?? []) {
      // What nobody has read yet has no node so far.
      this.#proxyOf(child, parent, key);
      this.place(child, parent.raw, key);
      parent = this.#nodes.get(child) as Node;
    }
    return way !== undefined;
  }
}

/** The steps from one container to another inside of it, each with what it leads to. */
function wayTo(wanted: Container, from: Container, seen: Set<Container> = new Set()): [unknown, Container][] | undefined {
  seen.add(from);
  for (const [key, child] of entriesOf(from)) {
    if (!isContainer(child) || seen.has(child)) continue;
    const further = child === wanted ? [] : wayTo(wanted, child, seen);
    if (further !== undefined) return [[key, child], ...further];
  }
  return undefined;
}

/** The values inside a container with the step that leads to each; an object that is the key of a Map is its own step. */
export function* entriesOf(container: Container): Iterable<[unknown, unknown]> {
  switch (containerKind(container)) {
    case "array":
      yield* (container as unknown[]).entries();
      break;
    case "map":
      for (const [key, value] of container as Map<unknown, unknown>) {
        if (isContainer(key)) yield [key, key];
        yield [key, value];
      }
      break;
    case "set":
      for (const member of container as Set<unknown>) yield [member, member];
      break;
    default:
      yield* Object.entries(container);
  }
}
