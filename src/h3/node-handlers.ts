import type { ServerResponse } from "node:http";
import type { H3Event } from "h3";
import { HeldResponse, type Gate } from "../node-response.ts";

type NodeContext = NonNullable<NonNullable<H3Event["runtime"]>["node"]>;

const watched = new WeakMap<NodeContext, HeldResponse>();

/**
 * Sees to it that a handler written for Node (`fromNodeHandler`), which writes to the response by itself, waits for the commit.
 *
 * Costs one property until such a handler asks for the response: only then is it held.
 */
export function watchNodeResponse(event: H3Event, gate: Gate): void {
  const node = event.runtime?.node;
  if (node?.res === undefined || watched.has(node)) return;
  const held = new HeldResponse(node.res as ServerResponse, gate);
  watched.set(node, held);
  Object.defineProperty(node, "res", {
    configurable: true,
    enumerable: true,
    get: () => held.hold(),
  });
}

/** Ends the watch. With `handled` the response was a Node handler's: it is let go, once committed. */
export async function releaseNodeResponse(event: H3Event, handled: boolean): Promise<void> {
  const node = event.runtime?.node;
  const held = node && watched.get(node);
  if (node === undefined || held === undefined) return;
  watched.delete(node);
  Object.defineProperty(node, "res", { configurable: true, enumerable: true, writable: true, value: held.response });
  if (handled || held.isWaiting) await held.letGo();
  else held.restore();
}
