import { createError, HTTPResponse, type H3Event } from "h3";
import { createSessionManager } from "unsession";
import { sessionMiddleware } from "unsession/h3";
import { build, h3OnNode, h3OnWeb, runOnWeb } from "./_h3.ts";
import { describeAdapters, expect, it, stored, throwing, writing, type Answers, type Handler } from "./_setup.ts";

/** What only h3 v2 can answer with. */
const OUTCOMES: Answers = {
  "an HTTPResponse": [201, () => new HTTPResponse("made", { status: 201 })],
  "a thrown createError": [403, throwing(createError({ status: 403 }))],
  "a thrown number": [402, throwing(402)],
};

describeAdapters("its own kinds of response", [h3OnWeb, h3OnNode], (start, adapter) => {
  it.each(Object.keys(OUTCOMES))("stores the session and sends its cookie once with %s", async (kind) => {
    const [status, answer] = OUTCOMES[kind] as [number, Handler];
    const client = await start({ routes: { "/": writing(adapter, answer) } });
    const got = await client.get("/");
    expect(got.status).toBe(status);
    expect(await stored(client, got)).toEqual({ seen: true });
  });
});

const write = writing(h3OnWeb, () => "text");
const ask = (app: ReturnType<typeof build>, path = "/"): Promise<Response> =>
  runOnWeb(app).ask(new Request(new URL(path, "http://localhost")));

it("lets a route that does not use its session pass through a synchronous step", async () => {
  const middleware = sessionMiddleware();
  let result: unknown;
  const app = build({}).use((event, next) => (result = middleware(event, next)));
  app.get("/", () => "text");
  await ask(app);
  expect(result).toBe("text");
});

it("sends the cookie with an immutable Response that onError answers a missing route with", async () => {
  const onError = (): Response => Response.redirect("http://localhost/");
  const got = await ask(build({ sessions: [{}], before: write }, { onError }), "/nowhere");
  expect(got.status).toBe(302);
  expect(got.headers.getSetCookie()).toHaveLength(1);
});

it("calls onResponse once, with the cookie in place", async () => {
  const seen: string[][] = [];
  const onResponse = (response: Response): void => void seen.push(response.headers.getSetCookie());
  await ask(build({ sessions: [{}], routes: { "/": write } }, { onResponse }));
  expect(seen).toEqual([[expect.stringMatching(/^session=/)]]);
});

it("leaves a WebSocket upgrade response as it is", async () => {
  const upgrade = Object.assign(new Response("Upgrade", { status: 426 }), { crossws: { hooks: true } });
  const middleware = sessionMiddleware(createSessionManager());
  let returned: unknown;
  const app = build({}).use(async (event: H3Event, next) => (returned = await middleware(event, next)));
  app.get("/ws", writing(h3OnWeb, () => upgrade) as never);
  await ask(app, "/ws");
  expect(returned).toBe(upgrade);
  expect(upgrade.headers.getSetCookie()).toEqual([]);
});
