import type { Middleware } from "h3";
import { useRuntimeConfig } from "nitro/runtime-config";
import { useStorage } from "nitro/storage";
import { sessionMiddleware } from "unsession/h3";
import { isPrerendering } from "#unsession";
import { createManager } from "./manager.ts";

/** Says of every route that it is prerendered, as one is that a link leads to, so that `useSession` refuses. */
const prerendering: Middleware = (event, next) => {
  const context = event.context as { routeRules?: object };
  context.routeRules = { ...context.routeRules, prerender: true };
  return next();
};

const middleware: Middleware = isPrerendering
  ? prerendering
  : sessionMiddleware(createManager(useRuntimeConfig().unsession.secret, () => useStorage().getMount("session:").driver));

export default middleware;
