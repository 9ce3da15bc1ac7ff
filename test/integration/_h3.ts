import {
  createEventStream,
  fromNodeHandler,
  H3,
  HTTPError,
  noContent,
  redirect,
  serve,
  type EventHandler,
  type H3Config,
  type H3Event,
} from "h3";
import { defineSessionHandler, sessionMiddleware, useSession } from "unsession/h3";
import { askAt, commonAnswers, throwing, type Adapter, type AnyEvent, type Plan, type Running } from "./_setup.ts";

const at = (event: AnyEvent): H3Event => event as unknown as H3Event;

/** Builds what is planned. */
export function build({ sessions = [], before, routes = {}, onError, mounted = {} }: Plan, config: H3Config = {}): H3 {
  const answerError: H3Config["onError"] = onError && (() => (onError.heard(), new Response(onError.body, onError)));
  const app = new H3({ silent: true, ...(answerError === undefined ? {} : { onError: answerError }), ...config });
  for (const given of sessions) app.use(sessionMiddleware(given));
  if (before !== undefined) {
    app.use(async (event, next) => {
      await before(event as never);
      return next();
    });
  }
  for (const [path, handler] of Object.entries(routes)) app.get(path, handler as unknown as EventHandler);
  for (const [prefix, plan] of Object.entries(mounted)) app.mount(prefix, build(plan));
  return app;
}

/** Serves an application without a server. */
export function runOnWeb(app: H3): Running {
  return { ask: async (request) => app.fetch(request), close: async () => {} };
}

/** Serves an application by a server of Node. */
export async function runOnNode(app: H3): Promise<Running> {
  const server = serve(app, { port: 0, hostname: "127.0.0.1", silent: true, gracefulShutdown: false });
  await server.ready();
  return { ask: (request) => askAt(server.url as string, request), close: () => server.close(true) };
}

const common: Omit<Adapter, "name" | "run"> = {
  useSession: (event, which) => useSession(at(event), which as string),
  defineSessionHandler: (handler, manager) => defineSessionHandler(handler as never, manager) as never,
  fromNodeHandler: (handler) => fromNodeHandler(handler) as never,
  sendEvents(event, produce) {
    const stream = createEventStream(at(event));
    void produce((text) => stream.push(text)).then(() => stream.close());
    return stream.send();
  },
  pathOf: (event) => at(event).url.pathname,
  httpError: (status) => new HTTPError({ status }),
  answers: {
    ...commonAnswers,
    null: [200, () => null],
    "no content": [204, () => noContent()],
    "a 304": [304, (event) => ((at(event).res.status = 304), null)],
    "a redirect": [302, () => redirect("/")],
    "a returned error": [418, () => new HTTPError({ status: 418 })],
    "a thrown error": [401, throwing(new HTTPError({ status: 401 }))],
    "a status set on the event": [202, (event) => ((at(event).res.status = 202), "accepted")],
    "headers set on the event": [200, (event) => (at(event).res.headers.set("x-own", "1"), "text")],
  },
};

export const h3OnWeb: Adapter = { ...common, name: "h3 v2 (web)", run: (plan) => runOnWeb(build(plan)) };
export const h3OnNode: Adapter = { ...common, name: "h3 v2 (node)", run: (plan) => runOnNode(build(plan)) };
