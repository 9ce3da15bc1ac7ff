import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import nodeAdapterV1 from "crossws-v1/adapters/node";
import { plugin } from "crossws/server";
import NodeWebSocket from "crossws/websocket";
import { createEventStream, defineWebSocketHandler, H3, serve } from "h3";
import * as h3V1 from "h3-v1";
import type { Session, SessionManager } from "unsession";
import { sessionMiddleware, useSession } from "unsession/h3";
import * as v1 from "unsession/h3-v1";

/** What is used of a peer of crossws, of either version. */
export interface Peer {
  readonly request: { readonly url: string; readonly headers: Headers };
  send(data: string): unknown;
  close(code?: number, reason?: string): void;
}

/** Hooks in the form that both versions take. */
export interface Hooks {
  upgrade?(request: Peer["request"]): unknown;
  open?(peer: Peer): unknown;
  message?(peer: Peer, message: { text(): string }): unknown;
  close?(peer: Peer): unknown;
}

/** An application at work, with a WebSocket at `/ws`, a stream of events at `/events`, and a logout. */
export interface Application {
  readonly url: string;
  stop(): Promise<void>;
}

export interface Adapter {
  readonly name: string;
  readonly useSession: {
    (peer: Peer | Peer["request"], manager: SessionManager): Promise<Session>;
    (peer: Peer, name?: string): Promise<Session>;
  };
  start(manager: SessionManager, hooks?: Hooks, events?: Events): Promise<Application>;
}

/** What a stream sends, of the session that was read before it began. */
export type Events = (session: Session, push: (data: string) => Promise<void>) => Promise<void>;

const noEvents: Events = () => Promise.resolve();

export const adapters: readonly Adapter[] = [
  {
    name: "h3",
    useSession,
    async start(manager, hooks = {}, events = noEvents) {
      const app = new H3({ silent: true }).use(sessionMiddleware(manager));
      app.get("/ws", defineWebSocketHandler(hooks as object));
      app.post("/logout", async (event) => (await useSession(event)).$destroy());
      app.get("/events", async (event) => {
        const session = await useSession(event);
        const stream = createEventStream(event);
        void events(session, (data) => stream.push(data)).then(() => stream.close());
        return stream.send();
      });
      const resolve = async (request: Request): Promise<never> =>
        ((await app.fetch(request)) as unknown as { crossws: never }).crossws;
      const options = { port: 0, hostname: "127.0.0.1", silent: true, gracefulShutdown: false };
      const server = serve(app, { ...options, plugins: [plugin({ resolve })] });
      await server.ready();
      return { url: server.url as string, stop: () => server.close(true) };
    },
  },
  {
    name: "h3 v1",
    useSession: v1.useSession,
    async start(manager, hooks = {}, events = noEvents) {
      const app = h3V1.createApp();
      app.use(v1.sessionMiddleware(manager));
      app.use("/ws", h3V1.defineWebSocketHandler(hooks as object));
      app.use(
        "/logout",
        h3V1.defineEventHandler(async (event) => {
          await (await v1.useSession(event)).$destroy();
          return "";
        }),
      );
      app.use(
        "/events",
        h3V1.defineEventHandler(async (event) => {
          const session = await v1.useSession(event);
          const stream = h3V1.createEventStream(event);
          void events(session, (data) => stream.push(data)).then(() => stream.close());
          return stream.send();
        }),
      );
      const sockets = nodeAdapterV1(app.websocket as object);
      const server = createServer(h3V1.toNodeListener(app) as RequestListener).listen(0, "127.0.0.1");
      server.on("upgrade", (request, socket, head) => void sockets.handleUpgrade(request, socket as never, head));
      await once(server, "listening");
      return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
        async stop() {
          server.closeAllConnections();
          await new Promise((resolve) => server.close(resolve));
        },
      };
    },
  },
];

/** A WebSocket of a browser: what it was sent, in order, and how it ended. */
export class Client {
  readonly #socket: WebSocket;
  readonly #messages: string[] = [];
  readonly opened: Promise<boolean>;
  /** The code of the close. */
  readonly closed: Promise<number>;
  #heard: () => void = () => {};

  constructor(url: URL, cookie: string) {
    const Constructor = NodeWebSocket as unknown as new (url: string, options: object) => WebSocket;
    this.#socket = new Constructor(url.href.replace("http", "ws"), { headers: { cookie } });
    this.#socket.addEventListener("message", ({ data }) => {
      this.#messages.push(String(data));
      this.#heard();
    });
    this.closed = new Promise((resolve) => this.#socket.addEventListener("close", ({ code }) => resolve(code)));
    this.opened = new Promise((resolve) => {
      this.#socket.addEventListener("open", () => resolve(true));
      this.#socket.addEventListener("error", () => resolve(false));
    });
  }

  /** Says something, and gives what is said next. */
  ask(message: string): Promise<string> {
    this.#socket.send(message);
    return this.next();
  }

  async next(): Promise<string> {
    while (this.#messages.length === 0) await new Promise<void>((resolve) => (this.#heard = resolve));
    return this.#messages.shift() as string;
  }

  close(): void {
    this.#socket.close();
  }
}
