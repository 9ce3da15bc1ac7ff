// The application that every runtime serves: the checks, and routes of the kind that a browser asks for.
import { plugin } from "crossws/server";
import { defineWebSocketHandler, H3, redirect } from "h3";
import { createSessionManager, type SessionOptions } from "unsession";
import { sessionMiddleware, useSession } from "unsession/h3";
import { checks } from "./checks.ts";

/** Called in the scope of a module, where some runtimes refuse I/O, timers and random numbers. */
export function createApplication(options: SessionOptions = {}): H3 {
  const sessions = createSessionManager({ secret: "s".repeat(40), ...options });
  const app = new H3({ silent: true }).use(sessionMiddleware(sessions));

  app.post("/check", async (event) => {
    try {
      await checks[await event.req.text()]?.();
      return "holds";
    } catch (error) {
      return String((error as Error).stack);
    }
  });

  app.get("/", async (event) => (await useSession(event)).$snapshot());

  app.post("/count/:key", async (event) => {
    const session = await useSession(event);
    session[`by-${event.context.params?.["key"]}`] = true;
    session.$increment("count");
    return { count: session.count };
  });

  app.post("/login", async (event) => {
    const session = await useSession(event);
    await session.$regenerate();
    session.user = "alice";
    return redirect("/");
  });

  app.post("/logout", async (event) => {
    await (await useSession(event)).$destroy();
    return redirect("/");
  });

  /** Changes the session while the response is on its way, and again after it. */
  app.post("/later", async (event) => {
    const session = await useSession(event);
    let finish = (): void => {};
    const over = new Promise<void>((resolve) => (finish = resolve));
    event.waitUntil(over.then(() => session.$update((draft) => (draft.after = true))));
    return new ReadableStream({
      async start(controller) {
        await session.$update((draft) => (draft.during = true));
        controller.enqueue(new TextEncoder().encode("streamed"));
        controller.close();
        finish();
      },
    });
  });

  app.get(
    "/socket",
    defineWebSocketHandler({
      async message(peer) {
        const session = await useSession(peer, sessions);
        const messages = await session.$update((draft) => (draft.messages = (draft.messages ?? 0) + 1));
        peer.send(`message ${messages} of ${session.user}`);
      },
    }),
  );
  return app;
}

/** What a server needs for the WebSockets of an application. */
export function socketsOf(app: H3): ReturnType<typeof plugin> {
  return plugin({ resolve: async (request) => ((await app.fetch(request)) as Response & { crossws: object }).crossws });
}
