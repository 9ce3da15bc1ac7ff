import type { ServerResponse } from "node:http";
import type { H3Event } from "h3";
import { HeldResponse, type Gate } from "../node-response.ts";
import type { MaybePromise } from "../stores/store.ts";

type Node = NonNullable<NonNullable<H3Event["runtime"]>["node"]>;

/**
 * Stands for the `node` of a request, whose response is to wait for the commit if a handler written for Node asks for it.
 *
 * An accessor on the prototype: one that is defined on each request's own object took 3 µs, since no two had one shape.
 */
class WatchedNode {
  readonly #node: Node;
  readonly #gate: () => Gate;
  #held: HeldResponse | undefined = undefined;
  isOver = false;

  constructor(node: Node, gate: () => Gate) {
    this.#node = node;
    this.#gate = gate;
    for (const key in node) if (key !== "res") (this as Record<string, unknown>)[key] = (node as Record<string, unknown>)[key];
  }

  get res(): ServerResponse {
    const response = this.#node.res as ServerResponse;
    if (this.isOver) return response;
    this.#held ??= new HeldResponse(response, this.#gate());
    return this.#held.hold();
  }

  /** Ends the watch. With `handled` the response was a Node handler's: it is let go, once committed. */
  release(handled: boolean): MaybePromise<void> {
    this.isOver = true;
    const held = this.#held;
    if (held === undefined) {
      // A Node handler that had the response from elsewhere, before it was watched.
      return handled ? new HeldResponse(this.res, this.#gate()).letGo() : undefined;
    }
    if (handled || held.isWaiting) return held.letGo();
    held.restore();
  }
}

/**
 * Sees to it that a handler written for Node (`fromNodeHandler`), which writes to the response by itself, waits for the commit.
 *
 * Costs one object until such a handler asks for the response: only then is it held.
 */
export function watchNodeResponse(event: H3Event, gate: () => Gate): void {
  const { runtime } = event;
  const node = runtime?.node;
  // Not asked for its response, which would hold it.
  if (node instanceof WatchedNode && !node.isOver) return;
  if (runtime === undefined || node?.res === undefined) return;
  runtime.node = new WatchedNode(node, gate) as unknown as Node;
}

/** Ends the watch of a response, if it is watched. */
export function releaseNodeResponse(event: H3Event, handled: boolean): MaybePromise<void> {
  const node: unknown = event.runtime?.node;
  return node instanceof WatchedNode && !node.isOver ? node.release(handled) : undefined;
}
