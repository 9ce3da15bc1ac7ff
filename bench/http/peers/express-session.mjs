import { RedisStore } from "connect-redis";
import express from "express";
import session from "express-session";
import { createClient } from "redis";
import { LIFETIME, SECRET, announce, newDocument, redisUrl } from "../servers/harness.mjs";

const client = createClient({ url: redisUrl });
await client.connect();

const app = express();
app.use(
  session({
    store: new RedisStore({ client }),
    resave: false,
    saveUninitialized: false,
    secret: SECRET,
    cookie: { maxAge: LIFETIME * 1000 },
  }),
);
app.get("/unused", (request, response) => void response.json({ ok: true }));
app.get("/read", (request, response) => void response.json({ name: request.session.user.name }));
app.get("/write", (request, response) => {
  request.session.views += 1;
  response.json({ views: request.session.views });
});
app.get("/nested", (request, response) => {
  request.session.cart.items[0].count += 1;
  response.json({ count: request.session.cart.items[0].count });
});
app.get("/new", (request, response) => {
  Object.assign(request.session, newDocument());
  response.json({ ok: true });
});

const server = app.listen(0, "127.0.0.1", () => announce(server.address().port));
