import { createServer } from "node:http";
import { createApp, createRouter, defineEventHandler, setResponseHeader, toNodeListener } from "h3-v1";
import { create, nested, read, write } from "./by-hand.mjs";
import { announce } from "./harness.mjs";

const router = createRouter();
router.get(
  "/unused",
  defineEventHandler(() => ({ ok: true })),
);
router.get(
  "/read",
  defineEventHandler((event) => read(event.node.req.headers.cookie)),
);
router.get(
  "/write",
  defineEventHandler((event) => write(event.node.req.headers.cookie)),
);
router.get(
  "/nested",
  defineEventHandler((event) => nested(event.node.req.headers.cookie)),
);
router.get(
  "/new",
  defineEventHandler(async (event) => {
    setResponseHeader(event, "set-cookie", await create());
    return { ok: true };
  }),
);

const app = createApp().use(router);
const server = createServer(toNodeListener(app));
server.listen(0, "127.0.0.1", () => announce(server.address().port));
