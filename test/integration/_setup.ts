import { Readable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { createSessionManager, type Session, type SessionManager, type SessionOptions } from "unsession";

/** What the browser of a test got. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** The `Set-Cookie` headers. */
  readonly cookies: string[];
}

/** The event of any version of h3, as far as the tests that both share look into it. */
export interface AnyEvent {
  readonly context: { session?: Session };
}

export type Handler<Event = AnyEvent> = (event: Event) => unknown;

/** An application, said so that each version of h3 can build it. */
export interface Plan {
  /** What `sessionMiddleware` is given, once for each; the first is outermost. */
  readonly sessions?: readonly (SessionManager | SessionOptions)[];
  /** Runs before every route. */
  readonly before?: Handler;
  readonly routes?: Readonly<Record<string, Handler>>;
  /** Answers all errors, with a text. */
  readonly onError?: { readonly status: number; readonly body: string; heard(): void };
  /** Other applications, by prefix. */
  readonly mounted?: Readonly<Record<string, Plan>>;
}

/** Each way a handler can answer, with the status that reaches the client. */
export type Answers<Event = AnyEvent> = Readonly<Record<string, readonly [status: number, answer: Handler<Event>]>>;

/** What both versions of h3 answer with in the same way. */
type CommonKind =
  | "an object"
  | "a string"
  | "an empty string"
  | "Response.redirect()"
  | "a Response"
  | "a shared Response"
  | "a 404 Response"
  | "a web stream"
  | "a node stream";

/** What both versions of h3 can answer with. */
export type SharedKind =
  | CommonKind
  | "null"
  | "no content"
  | "a 304"
  | "a redirect"
  | "a returned error"
  | "a thrown error"
  | "a status set on the event"
  | "headers set on the event";

/** A running application. */
export interface Running {
  ask(request: Request): Promise<Response>;
  close(): Promise<unknown>;
}

/** One version of h3, and how it is served. */
export interface Adapter {
  /** `h3 v2 (node)` */
  readonly name: string;
  readonly run: (plan: Plan) => Running | Promise<Running>;
  readonly answers: Readonly<Record<SharedKind, readonly [status: number, answer: Handler]>>;
  readonly useSession: (event: AnyEvent, which?: SessionManager | string) => Promise<Session>;
  readonly defineSessionHandler: (handler: Handler, manager: SessionManager) => Handler;
  readonly fromNodeHandler: (handler: (request: any, response: any) => void) => Handler;
  readonly sendEvents: (event: AnyEvent, produce: (push: (text: string) => Promise<void>) => Promise<void>) => unknown;
  readonly pathOf: (event: AnyEvent) => string;
  /** An error that stands for an HTTP status. */
  readonly httpError: (status: number) => Error;
}

/** One application of a test. */
export interface Client {
  readonly manager: SessionManager;
  ask(path: string, init?: RequestInit): Promise<Response>;
  get(path: string, init?: RequestInit): Promise<Answer>;
}

/** Starts an application with sessions, by a manager with these options, on all its routes unless the plan says on which. */
export type Start = (plan: Plan | ((manager: SessionManager) => Plan), options?: SessionOptions) => Promise<Client>;

/** Runs tests with each adapter. */
export function describeAdapters(
  name: string,
  adapters: readonly Adapter[],
  define: (start: Start, adapter: Adapter) => void,
): void {
  describe.each(adapters.map((adapter) => [`${adapter.name}, ${name}`, adapter] as const))("%s", (_name, adapter) => {
    const running: Running[] = [];
    afterEach(async () => {
      for (const { close } of running.splice(0)) await close();
    });
    const start: Start = async (plan, options) => {
      const manager = createSessionManager(options);
      const app = await adapter.run({ sessions: [manager], ...(typeof plan === "function" ? plan(manager) : plan) });
      running.push(app);
      const ask: Client["ask"] = (path, init) => app.ask(new Request(new URL(path, "http://localhost"), init));
      return { manager, ask, get: async (path, init) => answerOf(await ask(path, init)) };
    };
    define(start, adapter);
  });
}

/** A request, as a server at another address is asked it. */
export function askAt(base: string, request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const { method, headers } = request;
  return fetch(new URL(pathname + search, base), { method, headers, redirect: "manual" });
}

export async function answerOf(response: Response): Promise<Answer> {
  const { status, headers } = response;
  return { status, headers, body: await response.text(), cookies: headers.getSetCookie() };
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
export function writing({ useSession }: Pick<Adapter, "useSession">, answer: Handler): Handler {
  return async (event) => {
    const session = await useSession(event);
    session.seen = true;
    return answer(event);
  };
}

/** A handler that throws. */
export function throwing(error: unknown): () => never {
  return () => {
    throw error;
  };
}

/** One response that several requests share. */
export const shared: Response = new Response(null, { status: 200 });

export const commonAnswers: Readonly<Record<CommonKind, readonly [status: number, answer: Handler]>> = {
  "an object": [200, () => ({ a: 1 })],
  "a string": [200, () => "text"],
  "an empty string": [200, () => ""],
  "Response.redirect()": [302, () => Response.redirect("http://localhost/")],
  "a Response": [200, () => new Response("text")],
  "a shared Response": [200, () => shared],
  "a 404 Response": [404, () => new Response("no", { status: 404 })],
  "a web stream": [200, () => new Blob(["streamed"]).stream()],
  "a node stream": [200, () => Readable.from(["streamed"])],
};

export { it, expect };
