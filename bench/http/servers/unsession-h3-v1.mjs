import { createServer } from "node:http";
import { createApp, createRouter, defineEventHandler, toNodeListener } from "h3-v1";
import { Redis } from "ioredis";
import { sessionMiddleware, useSession } from "unsession/h3-v1";
import { LIFETIME, announce, newDocument, redisUrl } from "./harness.mjs";

const router = createRouter();
router.get(
  "/unused",
  defineEventHandler(() => ({ ok: true })),
);
router.get(
  "/read",
  defineEventHandler(async (event) => {
    const session = await useSession(event);
    return { name: session.user.name };
  }),
);
router.get(
  "/write",
  defineEventHandler(async (event) => {
    const session = await useSession(event);
    session.views += 1;
    return { views: session.views };
  }),
);
router.get(
  "/nested",
  defineEventHandler(async (event) => {
    const session = await useSession(event);
    session.cart.items[0].count += 1;
    return { count: session.cart.items[0].count };
  }),
);
router.get(
  "/new",
  defineEventHandler(async (event) => {
    Object.assign(await useSession(event), newDocument());
    return { ok: true };
  }),
);

const app = createApp();
app.use(sessionMiddleware({ storage: new Redis(redisUrl), idleTimeout: LIFETIME }));
app.use(router);
const server = createServer(toNodeListener(app));
server.listen(0, "127.0.0.1", () => announce(server.address().port));
