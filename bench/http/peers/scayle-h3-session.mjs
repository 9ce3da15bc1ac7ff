import { createServer } from "node:http";
import { UnstorageSessionStore, useSession } from "@scayle/h3-session";
import { createApp, createRouter, defineEventHandler, toNodeListener } from "h3";
import { createStorage } from "unstorage";
import redisDriver from "unstorage/drivers/redis";
import { LIFETIME, SECRET, announce, newDocument, redisUrl } from "../servers/harness.mjs";

const store = new UnstorageSessionStore(createStorage({ driver: redisDriver({ url: redisUrl }) }), { ttl: LIFETIME });
const options = { store, secret: SECRET, name: "session", saveUninitialized: false, cookie: { secure: false, maxAge: LIFETIME } };

const router = createRouter();
router.get(
  "/unused",
  defineEventHandler(() => ({ ok: true })),
);
router.get(
  "/read",
  defineEventHandler(async (event) => {
    await useSession(event, options);
    return { name: event.context.session.data.user.name };
  }),
);
router.get(
  "/write",
  defineEventHandler(async (event) => {
    await useSession(event, options);
    const { session } = event.context;
    session.data.views += 1;
    await session.save();
    return { views: session.data.views };
  }),
);
router.get(
  "/nested",
  defineEventHandler(async (event) => {
    await useSession(event, options);
    const { session } = event.context;
    session.data.cart.items[0].count += 1;
    await session.save();
    return { count: session.data.cart.items[0].count };
  }),
);
router.get(
  "/new",
  defineEventHandler(async (event) => {
    await useSession(event, options);
    const { session } = event.context;
    Object.assign(session.data, newDocument());
    await session.save();
    return { ok: true };
  }),
);

const app = createApp();
app.use(router);
const server = createServer(toNodeListener(app)).listen(0, "127.0.0.1", () => announce(server.address().port));
