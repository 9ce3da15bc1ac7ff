// h3's own `useSession`: all of the session is sealed into the cookie.
import { H3, serve, useSession } from "h3";
import { LIFETIME, SECRET, announce, newDocument } from "./harness.mjs";

const sealed = (event) => useSession(event, { password: SECRET, name: "session", maxAge: LIFETIME });

const app = new H3();
app.get("/unused", () => ({ ok: true }));
app.get("/read", async (event) => {
  const session = await sealed(event);
  return { name: session.data.user.name };
});
app.get("/write", async (event) => {
  const session = await sealed(event);
  await session.update({ views: session.data.views + 1 });
  return { views: session.data.views };
});
app.get("/nested", async (event) => {
  const session = await sealed(event);
  await session.update((data) => {
    data.cart.items[0].count += 1;
    return data;
  });
  return { count: session.data.cart.items[0].count };
});
app.get("/new", async (event) => {
  const session = await sealed(event);
  await session.update(newDocument());
  return { ok: true };
});

const server = serve(app, { port: 0, hostname: "127.0.0.1", silent: true });
await server.ready();
announce(Number(new URL(server.url).port));
