import { getRouteRules, useRuntimeConfig, useStorage } from "nitropack/runtime";
import { defineSessionHandler } from "unsession/h3-v1";
import { isPrerendering } from "#unsession";
import { createManager } from "./manager.ts";

type Handler = Parameters<typeof defineSessionHandler>[0];

/** Puts sessions on the whole application, its error handler included: no hook of Nitro 2 can await a save. */
export default function unsession({ h3App }: { h3App: { handler: Handler } }): void {
  h3App.handler = isPrerendering ? prerendering(h3App.handler) : withSessions(h3App.handler);
}

function withSessions(handler: Handler): Handler {
  const secret = String(useRuntimeConfig().unsession.secret);
  return defineSessionHandler(
    handler,
    createManager(secret, () => useStorage().getMount("session:").driver),
  );
}

/** Says of every route that it is prerendered, as one is that a link leads to, so that `useSession` refuses. */
function prerendering(handler: Handler): Handler {
  return (event) => {
    getRouteRules(event).prerender = true;
    return handler(event);
  };
}
