import fc from "fast-check";

/** True if two graphs are of one shape: the same values in the same order, and the same object wherever it was one. */
export function isSameGraph(
  a: unknown,
  b: unknown,
  there: Map<unknown, unknown> = new Map(),
  back: Map<unknown, unknown> = new Map(),
): boolean {
  if (typeof a !== "object" || a === null) return Object.is(a, b);
  if (there.has(a) || back.has(b)) return there.get(a) === b && back.get(b) === a;
  if (typeof b !== "object" || b === null || Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  there.set(a, b);
  back.set(b, a);
  if (a instanceof Date) return a.getTime() === (b as Date).getTime();
  const parts = (container: object): unknown[] =>
    container instanceof Map
      ? [...container].flat()
      : container instanceof Set
        ? [...container]
        : Object.entries(container).flat();
  const [left, right] = [parts(a), parts(b)];
  return left.length === right.length && left.every((part, index) => isSameGraph(part, right[index], there, back));
}

type Edge = readonly [from: number, to: number];

/** A session made of a few containers that refer to each other. */
function build(kinds: string, edges: readonly Edge[], roots: readonly number[]): Record<string, unknown> {
  const nodes = [...kinds].map((kind) =>
    kind === "o" ? {} : kind === "a" ? [] : kind === "d" ? new Date(0) : kind === "s" ? new Set() : new Map(),
  );
  const at = (index: number): object => nodes[index % nodes.length] as object;
  for (const [index, [from, to]] of edges.entries()) {
    const container = at(from);
    if (Array.isArray(container)) container.push(at(to));
    else if (container instanceof Set) container.add(at(to));
    else if (container instanceof Map) container.set(kinds[from % nodes.length] === "k" ? at(to) : `k${index}`, at(to));
    else if (!(container instanceof Date)) (container as Record<string, unknown>)[`k${index}`] = at(to);
  }
  return Object.fromEntries(roots.map((index, key) => [`r${key}`, at(index)]));
}

/** Sessions whose containers stand in several places, and inside each other; Sets and keys of Maps too, if `cyclicKeys` are kept. */
export const graphs = (cyclicKeys: boolean): fc.Arbitrary<Record<string, unknown>> =>
  fc
    .tuple(
      fc.stringMatching(/^[oamskd]{1,6}$/),
      fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 10 }),
      fc.array(fc.nat(5), { minLength: 1, maxLength: 3 }),
    )
    .map(([kinds, edges, roots]) => {
      const forward = edges.filter(([from, to]) => cyclicKeys || !/[sk]/.test(kinds) || from % kinds.length < to % kinds.length);
      return build(kinds, forward, roots);
    });
