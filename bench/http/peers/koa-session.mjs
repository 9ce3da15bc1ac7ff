import { Redis } from "ioredis";
import Koa from "koa";
import session from "koa-session";
import { LIFETIME, SECRET, announce, newDocument, redisUrl } from "../servers/harness.mjs";

const redis = new Redis(redisUrl);

const app = new Koa();
app.keys = [SECRET];
app.use(
  session(
    {
      key: "session",
      maxAge: LIFETIME * 1000,
      renew: true,
      store: {
        get: async (key) => JSON.parse(await redis.get(`koa:${key}`)),
        set: (key, data, maxAge) => redis.set(`koa:${key}`, JSON.stringify(data), "PX", maxAge),
        destroy: (key) => redis.del(`koa:${key}`),
      },
    },
    app,
  ),
);
const routes = {
  "/unused": () => ({ ok: true }),
  "/read": (context) => ({ name: context.session.user.name }),
  "/write": (context) => ({ views: (context.session.views += 1) }),
  "/nested": (context) => ({ count: (context.session.cart.items[0].count += 1) }),
  "/new": (context) => {
    Object.assign(context.session, newDocument());
    return { ok: true };
  },
};
app.use((context) => {
  context.body = routes[context.path](context);
});

const server = app.listen(0, "127.0.0.1", () => announce(server.address().port));
