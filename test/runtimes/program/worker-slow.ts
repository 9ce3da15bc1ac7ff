// Counts visits on workerd, in a Cloudflare KV that takes its time to write; `/v1` by h3 v1, all else by h3.
import { H3 } from "h3";
import { createApp, defineEventHandler, toWebHandler } from "h3-v1";
import { serve } from "h3/cloudflare";
import { createSessionManager } from "unsession";
import { sessionMiddleware, useSession } from "unsession/h3";
import * as v1 from "unsession/h3-v1";
import kv from "unstorage/drivers/cloudflare-kv-binding";

let writes = 0;
const driver = kv({ binding: "SESSIONS" });
const storage: object = {
  ...driver,
  async setItem(key: string, value: string, options: object) {
    writes++;
    await new Promise((resolve) => setTimeout(resolve, 200));
    return driver.setItem?.(key, value, options);
  },
};
const sessions = createSessionManager({ storage });

const app = new H3().get("/writes", () => writes).use(sessionMiddleware(sessions));
app.post("/", async (event) => {
  const session = await useSession(event);
  session.$increment("count");
  return { count: session.count };
});
const server = serve(app, { manual: true });

const appV1 = createApp();
appV1.use(
  "/v1",
  defineEventHandler(async (event) => {
    const session = await v1.useSession(event);
    session.$increment("count");
    return { count: session.count };
  }),
);
appV1.handler = v1.defineSessionHandler(appV1.handler, sessions);

const worker = {
  fetch(request: Request, env: object, context: { waitUntil(promise: Promise<unknown>): void }): unknown {
    if (!new URL(request.url).pathname.startsWith("/v1")) return server.fetch(request, env, context);
    // As Nitro 2 has it.
    return toWebHandler(appV1)(request, { waitUntil: (promise: Promise<unknown>) => context.waitUntil(promise) });
  },
};

export default worker;
