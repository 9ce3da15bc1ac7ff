import { H3 } from "h3";
import { createApp, defineEventHandler, toWebHandler } from "h3-v1";
import { describe, expect, it, vi } from "vitest";
import { createSessionManager, type SessionManager } from "unsession";
import { sessionMiddleware, useSession } from "unsession/h3";
import * as v1 from "unsession/h3-v1";
import { createClock, createFaultyStore, seedSession } from "unsession/testing";

/** What a host is asked to wait for. */
class Waits {
  readonly waitUntil = (promise: Promise<unknown>): void => void this.promises.push(promise);
  readonly promises: Promise<unknown>[] = [];

  /** Whether there is something that it still waits for, a turn of the event loop later. */
  async isWaiting(): Promise<boolean> {
    const later = new Promise((resolve) => setImmediate(resolve, "later"));
    return (await Promise.race([Promise.all(this.promises), later])) === "later";
  }
}

type Answer = (request: Request, waits: Waits) => Promise<Response>;

/** An application that writes to its session at `/`, and leaves it alone elsewhere. */
function onWorkers(manager: SessionManager): Answer {
  const app = new H3({ silent: true }).use(sessionMiddleware(manager)).get("/plain", () => "plain");
  app.get("/", async (event) => void ((await useSession(event)).seen = true));
  return async (request, { waitUntil }) => app.fetch(Object.assign(request, { waitUntil, runtime: { name: "cloudflare" } }));
}

function onWorkersV1(manager: SessionManager): Answer {
  const app = createApp();
  app.use("/plain", () => "plain");
  app.use(
    "/",
    defineEventHandler(async (event) => {
      (await v1.useSession(event)).seen = true;
      return "written";
    }),
  );
  app.handler = v1.defineSessionHandler(app.handler, manager);
  return (request, { waitUntil }) => toWebHandler(app)(request, { waitUntil });
}

describe.each([
  ["h3", onWorkers],
  ["h3 v1", onWorkersV1],
])("a request on Workers, by %s", (_, application) => {
  it("is kept until it is answered", async () => {
    const clock = createClock();
    const storage = createFaultyStore(undefined, { delay: clock.delay });
    const manager = createSessionManager({ storage });
    const cookie = await seedSession(manager, { user: "alice" });
    const waits = new Waits();
    storage.lag("replace", 1000);
    const answer = application(manager)(new Request("http://localhost/", { headers: { cookie } }), waits);
    await expect.poll(() => storage.calls.replace).toBe(1);
    expect(await waits.isWaiting()).toBe(true);
    clock.advance(1);
    expect((await answer).status).toBe(200);
    expect(await waits.isWaiting()).toBe(false);
  });

  it("is let go when its session could not be loaded", async () => {
    const storage = createFaultyStore();
    const manager = createSessionManager({ storage });
    const cookie = await seedSession(manager, { user: "alice" });
    const waits = new Waits();
    storage.fail("get");
    vi.spyOn(console, "error").mockReturnValue();
    const answer = await application(manager)(new Request("http://localhost/", { headers: { cookie } }), waits);
    expect([answer.status, waits.promises.length, await waits.isWaiting()]).toEqual([503, 1, false]);
  });

  it("is not kept if it does not use its session", async () => {
    const waits = new Waits();
    await application(createSessionManager())(new Request("http://localhost/plain"), waits);
    expect(waits.promises).toEqual([]);
  });
});
