import type { IncomingMessage, ServerResponse } from "node:http";

/**
 * What is needed of h3 v1's event, by its shape. Nothing of h3 is imported for v1, since the `h3` beside this package may be v2:
 * a package manager that keeps packages apart chooses the newest that we accept, whatever Nitro 2 has inside.
 */
export interface H3V1Event {
  readonly node: { readonly req: IncomingMessage; readonly res: ServerResponse };
  /** Set by `toWebHandler`. */
  readonly web?: { readonly url?: URL };
  readonly context: object;
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
}

/** A handler of h3 v1. Parameters of methods are compared both ways, so that one which takes h3's own event fits as well. */
export type H3V1Handler = { handle(event: H3V1Event): unknown }["handle"];
