import type { ServerResponse } from "node:http";
import type { H3Event } from "h3";
import { HeldResponse, type Gate } from "../node-response.ts";
import type { MaybePromise } from "../stores/store.ts";

const kWatch: unique symbol = Symbol("watch");

interface NodeContext {
  readonly res?: ServerResponse;
  [kWatch]?: Watch;
}

/** A response that is to wait for the commit if a handler written for Node asks for it. */
interface Watch {
  readonly response: ServerResponse;
  readonly gate: () => Gate;
  held: HeldResponse | undefined;
  isOver: boolean;
}

/** The same for all requests, and never taken back: an accessor of its own took each request 4 µs, since no two had one shape. */
const WATCHED: PropertyDescriptor & ThisType<Required<NodeContext>> = {
  configurable: true,
  enumerable: true,
  get() {
    const watch = this[kWatch];
    if (watch.isOver) return watch.response;
    watch.held ??= new HeldResponse(watch.response, watch.gate());
    return watch.held.hold();
  },
};

/**
 * Sees to it that a handler written for Node (`fromNodeHandler`), which writes to the response by itself, waits for the commit.
 *
 * Costs one property until such a handler asks for the response: only then is it held.
 */
export function watchNodeResponse(event: H3Event, gate: () => Gate): void {
  const node = event.runtime?.node as NodeContext | undefined;
  if (node === undefined || node[kWatch]?.isOver === false) return;
  const { res: response } = node;
  if (response === undefined) return;
  node[kWatch] = { response, gate, held: undefined, isOver: false };
  Object.defineProperty(node, "res", WATCHED);
}

/** Ends the watch. With `handled` the response was a Node handler's: it is let go, once committed. */
export function releaseNodeResponse(event: H3Event, handled: boolean): MaybePromise<void> {
  const watch = (event.runtime?.node as NodeContext | undefined)?.[kWatch];
  if (watch === undefined || watch.isOver) return;
  watch.isOver = true;
  const { held } = watch;
  if (held === undefined) {
    // A Node handler that had the response from elsewhere, before it was watched.
    return handled ? new HeldResponse(watch.response, watch.gate()).letGo() : undefined;
  }
  if (handled || held.isWaiting) return held.letGo();
  held.restore();
}
