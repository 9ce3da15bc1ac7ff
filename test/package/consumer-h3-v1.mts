// A user's program on h3 v1, as Nitro 2 and Nuxt 4 have it. `tarball.test.ts` compiles it where that is the package `h3`, and runs
// what comes out.
import { createApp, createRouter, defineEventHandler, sendRedirect, toWebHandler, type H3Event } from "h3-v1";
import { createSessionManager, type Session } from "unsession";
import { defineSessionHandler, sessionMiddleware, useSession } from "unsession/h3-v1";

interface Data {
  views: number;
}

const sessions = createSessionManager<Data>();

const router = createRouter()
  .get(
    "/",
    defineEventHandler(async (event) => {
      const session = await useSession(event, sessions);
      const views: number | undefined = session.views;
      session.views = (views ?? 0) + 1;
      return session.views;
    }),
  )
  .get(
    "/away",
    defineSessionHandler(
      defineEventHandler(async (event) => {
        (await useSession(event, "other")).left = true;
        const onContext: Session | undefined = event.context.session;
        return sendRedirect(event, onContext === undefined ? "/" : "/wrong");
      }),
      { name: "other", cookie: { name: "other" }, preload: (event: H3Event) => event.path === "/never" },
    ),
  );

const onNode = createApp().use(sessionMiddleware(sessions)).use(router);
const anywhere = createApp().use(router);
anywhere.handler = defineSessionHandler(anywhere.handler, sessions);
const handle = toWebHandler(anywhere);

const first = await handle(new Request("http://localhost/"));
const cookie = first.headers.get("set-cookie")?.split(";")[0] ?? "";
const second = await handle(new Request("http://localhost/", { headers: { cookie } }));
const away = await handle(new Request("http://localhost/away"));

const answers = {
  views: [await first.json(), await second.json()],
  away: [away.status, away.headers.getSetCookie().length],
  layers: onNode.stack.length,
};
console.log(JSON.stringify(answers));
