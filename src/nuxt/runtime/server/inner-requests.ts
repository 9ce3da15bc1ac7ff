import { AsyncLocalStorage } from "node:async_hooks";
import type { H3V1Event, H3V1Handler } from "unsession/h3-v1";

/** What is needed of Nitro 2. */
interface NitroApp {
  readonly h3App: { handler: H3V1Handler; readonly options: { onError?: ErrorHandler } };
  readonly hooks: { hook(name: "render:before", listener: (rendered: { event: H3V1Event }) => void): unknown };
}

type ErrorHandler = (error: unknown, event: H3V1Event) => unknown;

/**
 * Gives a request that a page makes while it is rendered the page's context, as `event.$fetch` does: `$fetch` alone gives none, so
 * that each would have a session of its own, whose cookie reaches nobody. A request of a server route stays as it is.
 */
export default function unsession({ h3App, hooks }: NitroApp): void {
  const pages = new AsyncLocalStorage<{ context?: object }>();
  const { handler } = h3App;
  const { onError } = h3App.options;

  const linked: H3V1Handler = (event) => {
    const { req } = event.node as { req: { __unenv__?: object | undefined } };
    // Only a request that was made up in memory has it.
    if ("__unenv__" in req) req.__unenv__ ??= pages.getStore()?.context;
    // Nothing yet, whatever made the request: only a page fills it in.
    return pages.run({}, () => handler(event));
  };
  h3App.handler = Object.assign(linked, handler);
  hooks.hook("render:before", ({ event }) => {
    const page = pages.getStore();
    if (page !== undefined) page.context = event.context;
  });
  // The page that shows an error is one more request.
  if (onError !== undefined)
    h3App.options.onError = (error, event) => pages.run({ context: event.context }, () => onError(error, event));
}
