import { H3, serve } from "h3";
import { create, nested, read, write } from "./by-hand.mjs";
import { announce } from "./harness.mjs";

const app = new H3();
app.get("/unused", () => ({ ok: true }));
app.get("/read", (event) => read(event.req.headers.get("cookie")));
app.get("/write", (event) => write(event.req.headers.get("cookie")));
app.get("/nested", (event) => nested(event.req.headers.get("cookie")));
app.get("/new", async (event) => {
  event.res.headers.set("set-cookie", await create());
  return { ok: true };
});

const server = serve(app, { port: 0, hostname: "127.0.0.1", silent: true });
await server.ready();
announce(Number(new URL(server.url).port));
