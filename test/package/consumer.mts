// A user's program. `tarball.test.ts` compiles it against the installed package and runs what comes out.
import { subscribe } from "node:diagnostics_channel";
import { H3, mockEvent } from "h3";
import { createSessionManager, SessionError } from "unsession";
import { sameOriginOnly } from "unsession/csrf";
import memcached from "unsession/drivers/memcached";
import memory from "unsession/drivers/memory";
import { sessionMiddleware, useSession } from "unsession/h3";
import type { NitroSessionOptions } from "unsession/nitro";
import { devalue } from "unsession/serializers/devalue";
import { encrypted } from "unsession/serializers/encrypted";
import { json } from "unsession/serializers/json";
import { msgpackr } from "unsession/serializers/msgpackr";
import { superjson } from "unsession/serializers/superjson";
import { createCookieJar } from "unsession/testing";
import { withTracing, type SessionTrace } from "unsession/tracing";
import { createStorage } from "unstorage";

const manager = createSessionManager<{ views: number }>({
  storage: createStorage({ driver: memory() }),
  serializer: [encrypted(superjson(), { keys: ["a key of at least thirty-two bytes"] }), json(), devalue(), msgpackr()],
});
const sessions = withTracing(manager);
const outcomes: SessionTrace["outcome"][] = [];
subscribe("tracing:unsession.save:asyncEnd", (trace) => outcomes.push((trace as SessionTrace).outcome));

const app = new H3();
app.use(sessionMiddleware(sessions));
app.use(sameOriginOnly());
app.get("/", async (event) => {
  const session = await useSession(event, sessions);
  const views: number | undefined = session.views;
  session.views = (views ?? 0) + 1;
  return session.views;
});

export const options: NitroSessionOptions = { idleTimeout: 3600, preload: true };

const jar = createCookieJar();
const first = await jar.fetch(app, "/");
const second = await jar.fetch(app, "/");
const refusal: unknown = await useSession(mockEvent("/")).catch((error: unknown) => error);

const answers = {
  views: [await first.json(), await second.json()],
  outcomes,
  driver: memcached({ servers: "127.0.0.1" }).name,
  // The class that one entry throws is the class that another exports.
  code: refusal instanceof SessionError ? refusal.code : undefined,
};
console.log(JSON.stringify(answers));
