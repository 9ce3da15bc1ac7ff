import type { Node } from "./node.ts";

/**
 * What a proxy, and nothing else, answers with its node: a question to its `get` trap rather than a WeakMap of all proxies, whose every
 * entry took the garbage collector 1.5 µs, and there are several for each request.
 *
 * By it a proxy of one session is recognised, and copied, when written into another.
 */
export const kNode: unique symbol = Symbol("node");

/** The nodes of frozen stand-ins, which are no proxies and have no traps. */
const standIns = new WeakMap<object, Node>();

export function registerStandIn(standIn: object, node: Node): void {
  standIns.set(standIn, node);
}

/** The node behind a proxy, `undefined` for anything that is no proxy of ours. */
export function nodeOf(proxy: object): Node | undefined {
  return (proxy as { readonly [kNode]?: Node })[kNode] ?? standIns.get(proxy);
}

/** What stands in a tree for a value that could not be put there itself, being frozen around proxies. */
const substitutes = new WeakMap<object, object>();

export function registerSubstitute(value: object, substitute: object): void {
  substitutes.set(value, substitute);
}

/** What is behind a proxy, the value itself for anything else: raw trees never hold proxies. */
export function toRaw<V>(value: V): V {
  if (typeof value !== "object" || value === null) return value;
  return ((nodeOf(value)?.raw ?? substitutes.get(value)) as V | undefined) ?? value;
}
