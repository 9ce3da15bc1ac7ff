import { AsyncLocalStorage } from "node:async_hooks";
import { tracingChannel } from "node:diagnostics_channel";
import { H3 } from "h3";
import { tracingPlugin } from "h3/tracing";
import { createStorage } from "unstorage";
import { withTracing as withStorageTracing } from "unstorage/tracing";
import { afterEach, describe, expect, it } from "vitest";
import { createSessionManager } from "unsession";
import { sessionMiddleware, useSession } from "unsession/h3";
import { seedSession } from "unsession/testing";
import { withTracing, type SessionTrace } from "unsession/tracing";

interface Span {
  readonly name: string;
  readonly children: Span[];
}

const unbinding: (() => void)[] = [];
afterEach(() => {
  for (const unbind of unbinding.splice(0)) unbind();
});

/** Follows channels as a tracer does: what starts while another runs is its child. */
function follow(root: Span, labels: Readonly<Record<string, (trace: object) => string>>): void {
  const current = new AsyncLocalStorage<Span>();
  for (const [name, label] of Object.entries(labels)) {
    const { start } = tracingChannel<Span, object>(name);
    start.bindStore(current, (trace) => {
      const span = { name: label(trace), children: [] };
      (current.getStore() ?? root).children.push(span);
      return span;
    });
    unbinding.push(() => start.unbindStore(current));
  }
}

const shown = ({ name, children }: Span): unknown => (children.length === 0 ? name : { [name]: children.map(shown) });

describe("together with the tracing of h3 and unstorage", () => {
  it("each operation is a child of what it ran for", async () => {
    const app = new H3();
    app.register(tracingPlugin());
    const storage = withStorageTracing(createStorage());
    const sessions = withTracing(createSessionManager({ storage }));
    app.use(sessionMiddleware(sessions));
    app.get("/", async (event) => {
      const session = await useSession(event, sessions);
      session.views = 1;
      return "";
    });
    const cookie = await seedSession(sessions, { views: 0 });
    const root: Span = { name: "request", children: [] };
    const type = (trace: object): string => (trace as SessionTrace).type;
    follow(root, {
      "h3.request": type,
      "unsession.load": type,
      "unsession.save": type,
      "unstorage.getItemRaw": () => "getItemRaw",
      "unstorage.setItemRaw": () => "setItemRaw",
    });
    await app.request("/", { headers: { cookie } });
    const load = expect.arrayContaining(["getItemRaw"]);
    const commit = expect.arrayContaining(["setItemRaw"]);
    expect(shown(root)).toEqual({ request: [{ middleware: [{ route: [{ load }] }, { commit }] }] });
  });

  it("a session is loaded and saved by a request once", async () => {
    const sessions = withTracing(createSessionManager());
    const app = new H3().use(sessionMiddleware(sessions));
    app.get("/", async (event) => {
      await Promise.all([useSession(event), useSession(event, sessions)]);
      return "";
    });
    const root: Span = { name: "request", children: [] };
    const type = (trace: object): string => (trace as SessionTrace).type;
    follow(root, { "unsession.load": type, "unsession.save": type });
    await app.request("/");
    expect(shown(root)).toEqual({ request: ["load", "commit"] });
  });
});
