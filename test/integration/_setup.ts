import { H3, serve, type EventHandler, type H3Config, type H3Event } from "h3";
import { afterEach, describe, expect, it } from "vitest";
import { createSessionManager, type SessionManager, type SessionOptions } from "unsession";
import { useSession } from "unsession/h3";

/** What the browser of a test got. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** The `Set-Cookie` headers. */
  readonly cookies: string[];
}

/** One application of a test, reached without a server or through a real one. */
export interface Client {
  readonly app: H3;
  readonly manager: SessionManager;
  get(path: string, init?: RequestInit): Promise<Answer>;
}

/** Without a server, or through one. */
export type Host = "web" | "node";

type Start = (options?: SessionOptions, config?: H3Config) => Promise<Client>;

/** Runs tests over the web interface of an application, and over a real Node server. */
export function describeMatrix(name: string, define: (start: Start) => void, hosts: readonly Host[] = ["web", "node"]): void {
  for (const host of hosts) {
    describe(`${name} (${host})`, () => {
      const closing: (() => Promise<unknown>)[] = [];
      afterEach(async () => {
        for (const close of closing.splice(0)) await close();
      });
      define(async (options, config) => {
        const app = new H3({ silent: true, ...config });
        const manager = createSessionManager(options);
        let base: string | undefined;
        const get: Client["get"] = async (path, init) => {
          if (host === "node" && base === undefined) {
            const server = serve(app, { port: 0, hostname: "127.0.0.1", silent: true, gracefulShutdown: false });
            closing.push(() => server.close(true));
            await server.ready();
            base = server.url as string;
          }
          const response =
            host === "node"
              ? await fetch(new URL(path, base), { redirect: "manual", ...init })
              : await app.fetch(new Request(new URL(path, "http://localhost"), init));
          return {
            status: response.status,
            headers: response.headers,
            body: await response.text(),
            cookies: response.headers.getSetCookie(),
          };
        };
        return { app, manager, get };
      });
    });
  }
}

/** The cookie to send back after an answer. */
export function cookieOf(answer: Answer): string {
  expect(answer.cookies).toHaveLength(1);
  return (answer.cookies[0] as string).split(";")[0] as string;
}

/** The data behind the cookie of an answer. */
export function stored(client: Client, answer: Answer): Promise<unknown> {
  return client.manager.find(cookieOf(answer).split("=")[1] as string);
}

/** A handler that writes to its session, and then answers as told. */
export function writing(answer: (event: H3Event) => unknown): EventHandler {
  return async (event) => {
    const session = await useSession(event);
    session.seen = true;
    return answer(event);
  };
}

export { it, expect };
