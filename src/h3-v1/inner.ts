import type { IncomingMessage } from "node:http";

/**
 * The context of the event in whose course a request was made, by `event.$fetch` or `event.fetch` of Nitro 2.
 *
 * Such a request goes through no network: it is made up in memory, and only there can it carry an object.
 */
export function outerContextOf(request: IncomingMessage): object | undefined {
  return (request as { __unenv__?: object }).__unenv__;
}
