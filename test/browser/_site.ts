import { EventEmitter, once } from "node:events";
import { H3, html, redirect, serve } from "h3";
import { onTestFinished } from "vitest";
import { createSessionManager, type SessionManager, type SessionOptions } from "unsession";
import { sessionMiddleware, useSession } from "unsession/h3";
import { certificate } from "./_certificate.ts";

export interface Visitor {
  user: string;
  count: number;
}

/** What the site got from a browser. */
export interface Received {
  readonly method: string;
  readonly path: string;
  /** The `Cookie` header. */
  readonly cookie: string | null;
}

/** A small site with a login, served for one test. */
export interface Site {
  readonly sessions: SessionManager<Visitor>;
  readonly received: readonly Received[];
  /** The next request to a path. */
  next(path: string): Promise<Received>;
  /** Its address on a host: localhost, 127.0.0.1, or any name under `test`. */
  url(path?: string, host?: string): string;
}

export interface SiteOptions extends SessionOptions<Visitor> {
  /** @default "http" */
  readonly scheme?: "http" | "https" | undefined;
  /** Pages beside those that each site has. */
  readonly routes?: ((app: H3, sessions: SessionManager<Visitor>) => void) | undefined;
}

/** Serves the site on a free port until the test is over. */
export async function startSite({ scheme = "http", routes, ...options }: SiteOptions = {}): Promise<Site> {
  const sessions = createSessionManager<Visitor>(options);
  const received: Received[] = [];
  const arrivals = new EventEmitter();
  const app = new H3();
  app.use(({ req, url }) => {
    // The browser asks for it when it likes to.
    if (url.pathname === "/favicon.ico") return;
    const request = { method: req.method, path: url.pathname, cookie: req.headers.get("cookie") };
    received.push(request);
    arrivals.emit(url.pathname, request);
  });
  app.use(sessionMiddleware(sessions));
  addRoutes(app, sessions);
  routes?.(app, sessions);
  const tls = scheme === "https" ? { tls: certificate } : {};
  const server = serve(app, { port: 0, hostname: "127.0.0.1", silent: true, gracefulShutdown: false, ...tls });
  await server.ready();
  onTestFinished(() => server.close(true));
  const { port } = new URL(server.url as string);
  return {
    sessions,
    received,
    next: async (path) => (await once(arrivals, path))[0] as Received,
    url: (path = "/", host = "localhost") => `${scheme}://${host}:${port}${path}`,
  };
}

/** At the root, and under a path of its own. */
function addRoutes(app: H3, sessions: SessionManager<Visitor>): void {
  for (const base of ["", "/account"]) {
    app.get(`${base}/`, async (event) => {
      const session = await useSession(event, sessions);
      return html`<!doctype html>
        <h1>${session.user ?? "nobody"}</h1>
        <form method="post" action="login"><button>Log in</button></form>
        <form method="post" action="logout"><button>Log out</button></form>`;
    });
    app.post(`${base}/login`, async (event) => {
      const session = await useSession(event, sessions);
      await session.$regenerate();
      session.user = "Ada";
      return redirect(`${base}/`, 303);
    });
    app.post(`${base}/logout`, async (event) => {
      await (await useSession(event, sessions)).$destroy();
      return redirect(`${base}/`, 303);
    });
  }
  app.get("/begin", async (event) => {
    (await useSession(event, sessions)).count = 0;
    return html`begun`;
  });
  app.post("/count", async (event) => {
    (await useSession(event, sessions)).$increment("count");
    return "counted";
  });
  app.get("/plain", () => html`A page that uses no session.`);
  app.get("/favicon.ico", () => null);
}
