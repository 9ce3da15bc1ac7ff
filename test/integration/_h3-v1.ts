import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import {
  createApp,
  createError,
  createEventStream,
  createRouter,
  defineEventHandler,
  fromNodeMiddleware,
  sendNoContent,
  sendRedirect,
  setResponseHeader,
  setResponseStatus,
  toNodeListener,
  toWebHandler,
  type App,
  type H3Event,
} from "h3-v1";
import { vi } from "vitest";
import { defineSessionHandler, sessionMiddleware, useSession } from "unsession/h3-v1";
import { askAt, commonAnswers, throwing, type Adapter, type AnyEvent, type Plan, type Running } from "./_setup.ts";

const at = (event: AnyEvent): H3Event => event as unknown as H3Event;

/** Builds what is planned, with a middleware, or around the handler of the application. */
export function build(plan: Plan, by: "middleware" | "wrapper"): App {
  const { sessions = [], before, routes = {}, onError, mounted = {} } = plan;
  const app = createApp({
    onError(_error, event) {
      if (onError === undefined) return;
      onError.heard();
      setResponseStatus(event, onError.status);
      event.node.res.end(onError.body);
    },
  });
  for (const given of by === "middleware" ? sessions : []) app.use(sessionMiddleware(given));
  if (before !== undefined) app.use(defineEventHandler(async (event) => void (await before(event as never))));
  const router = createRouter();
  for (const [path, handler] of Object.entries(routes)) {
    router.get(path, defineEventHandler(handler as never)).head(path, defineEventHandler(handler as never));
  }
  app.use(router);
  for (const [prefix, inner] of Object.entries(mounted)) app.use(prefix, build(inner, by).handler);
  for (const given of by === "wrapper" ? sessions.toReversed() : []) app.handler = defineSessionHandler(app.handler, given);
  return app;
}

/** Serves an application without a server. */
export function runOnWeb(app: App): Running {
  const handle = toWebHandler(app);
  const quiet = quieten();
  return { ask: (request) => handle(request), close: async () => quiet.mockRestore() };
}

/** Serves an application by a server of Node. */
export async function runOnNode(app: App): Promise<Running> {
  const server = createServer(toNodeListener(app) as RequestListener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const quiet = quieten();
  return {
    ask: (request) => askAt(base, request),
    async close() {
      quiet.mockRestore();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** h3 v1 has no option to keep what it does not know from the console. */
function quieten(): { mockRestore(): void } {
  return vi.spyOn(console, "error").mockImplementation(() => {});
}

const common: Omit<Adapter, "name" | "run"> = {
  useSession: (event, which) => useSession(at(event), which as string),
  defineSessionHandler: (handler, manager) => defineSessionHandler(handler as never, manager),
  // h3 v1 waits for the response of those only that take a third parameter.
  fromNodeHandler: (handler) => fromNodeMiddleware((request, response, _next) => handler(request, response)) as never,
  async sendEvents(event, produce) {
    const stream = createEventStream(at(event));
    void produce((text) => stream.push(text)).then(() => stream.close());
    await stream.send();
  },
  pathOf: (event) => at(event).path,
  httpError: (status) => createError({ status }),
  answers: {
    ...commonAnswers,
    null: [204, () => null],
    "no content": [204, (event) => sendNoContent(at(event))],
    "a 304": [304, (event) => (setResponseStatus(at(event), 304), "")],
    "a redirect": [302, (event) => sendRedirect(at(event), "/")],
    "a returned error": [418, () => createError({ status: 418 })],
    "a thrown error": [401, throwing(createError({ status: 401 }))],
    "a status set on the event": [202, (event) => (setResponseStatus(at(event), 202), "accepted")],
    "headers set on the event": [200, (event) => (setResponseHeader(at(event), "x-own", "1"), "text")],
  },
};

export const h3V1OnNode: Adapter = {
  ...common,
  name: "h3 v1 (node, middleware)",
  run: (plan) => runOnNode(build(plan, "middleware")),
};
export const h3V1WrappedOnNode: Adapter = {
  ...common,
  name: "h3 v1 (node, wrapped)",
  run: (plan) => runOnNode(build(plan, "wrapper")),
};
export const h3V1OnWeb: Adapter = { ...common, name: "h3 v1 (web, wrapped)", run: (plan) => runOnWeb(build(plan, "wrapper")) };
