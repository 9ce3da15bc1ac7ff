import { MAX_DEPTH } from "./plain-tree.ts";

/** Paths of superjson that lead to one object: from a first place to the others, those of the root apart. */
export type Equalities = [root: string[], others?: Record<string, string[]>] | Record<string, string[]>;

/**
 * Makes the places that were one object one object again, and closes rings.
 *
 * superjson does this too, but moves a member of a Set, or a key of a Map, to the end as it restores it, so that its next path
 * leads to a neighbour, which is lost. And of the copies that it wrote of a ring it may keep one that is not closed.
 *
 * @throws {TypeError} if a path leads nowhere
 */
export function restoreAliases(data: unknown, equalities: Equalities): void {
  const tree = new Tree(data);
  const [root, others = {}] = Array.isArray(equalities) ? equalities : [[], equalities];
  const groups = Object.entries(others).map(([first, places]) => [first].concat(places));
  const walked = new Set([root, ...groups].flat().flatMap(placesAbove));
  const shared = groups.map((places) => {
    // Paths lead into one of the copies only.
    const origin = places.find((place) => walked.has(place)) ?? (places[0] as string);
    return { places, origin, value: tree.get(origin) };
  });
  for (const place of root) tree.put(place, data);
  for (const { places, origin, value } of shared) {
    // Among what superjson counts as objects is NaN.
    if (typeof value !== "object" || value === null) continue;
    for (const place of places) if (place !== origin) tree.put(place, value);
  }
  tree.finish();
}

/** The most steps that a path can have: to a session, its containers, and two for each Map and Set. */
const MAX_STEPS = 2 * MAX_DEPTH + 4;

type Fields = Record<string, unknown>;

/** A decoded tree in which members of Sets, and keys and values of Maps, have a place each. */
class Tree {
  readonly #root: unknown;
  /** Members and entries as lists, in which places stay what they are. */
  readonly #lists = new Map<Set<unknown> | Map<unknown, unknown>, unknown[]>();

  constructor(root: unknown) {
    this.#root = root;
  }

  get(path: string): unknown {
    return parsePath(path).reduce((at, step) => this.#inside(at, step)[step], this.#root);
  }

  put(path: string, value: unknown): void {
    const steps = parsePath(path);
    const last = steps.pop() as string;
    const at = steps.reduce((inner, step) => this.#inside(inner, step)[step], this.#root);
    this.#inside(at, last)[last] = value;
  }

  /** Puts what became of the lists back into their Sets and Maps. */
  finish(): void {
    for (const [collection, list] of this.#lists) {
      collection.clear();
      if (collection instanceof Set) for (const member of list) collection.add(member);
      else for (const [key, value] of list as [unknown, unknown][]) collection.set(key, value);
    }
  }

  #inside(at: unknown, step: string): Fields {
    const fields = at instanceof Set || at instanceof Map ? this.#listOf(at) : at;
    if (typeof fields === "object" && fields !== null && Object.hasOwn(fields, step)) return fields as Fields;
    throw new TypeError("a path that leads nowhere");
  }

  #listOf(collection: Set<unknown> | Map<unknown, unknown>): unknown[] {
    const known = this.#lists.get(collection);
    if (known !== undefined) return known;
    const list: unknown[] = [...collection];
    this.#lists.set(collection, list);
    return list;
  }
}

/**
 * The paths to what a place is in.
 *
 * @throws {TypeError} if there are more than there can be, before they become a burden
 */
function placesAbove(path: string): string[] {
  const above: string[] = [];
  for (let index = 0; index < path.length; index++) {
    const character = path.charAt(index);
    if (character === ".") above.push(path.slice(0, index));
    else if (character === "\\") index++;
    if (above.length > MAX_STEPS) throw new TypeError("a path that is too long");
  }
  return above;
}

/** Splits at dots; a backslash makes the next character a plain one. */
export function parsePath(path: string): string[] {
  if (!path.includes("\\")) return path.split(".");
  const steps = [""];
  for (let index = 0; index < path.length; index++) {
    const character = path.charAt(index);
    if (character === ".") steps.push("");
    else steps[steps.length - 1] += character === "\\" ? path.charAt(++index) : character;
  }
  return steps;
}
