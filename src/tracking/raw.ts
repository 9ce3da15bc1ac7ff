import type { Node } from "./node.ts";

/** Which node a proxy stands for; global, so that a proxy of one session is recognised, and copied, when written into another. */
const nodes = new WeakMap<object, Node>();

export function registerProxy(proxy: object, node: Node): void {
  nodes.set(proxy, node);
}

/** The node behind a proxy, `undefined` for anything that is no proxy of ours. */
export function nodeOf(proxy: object): Node | undefined {
  return nodes.get(proxy);
}

/** What stands in a tree for a value that could not be put there itself, being frozen around proxies. */
const substitutes = new WeakMap<object, object>();

export function registerSubstitute(value: object, substitute: object): void {
  substitutes.set(value, substitute);
}

/** What is behind a proxy, the value itself for anything else: raw trees never hold proxies. */
export function toRaw<V>(value: V): V {
  if (typeof value !== "object" || value === null) return value;
  return ((nodes.get(value)?.raw ?? substitutes.get(value)) as V | undefined) ?? value;
}
