import { H3, HTTPError, type H3Event, type Middleware } from "h3";
import type { OwnedSession } from "unsession";
import { useSession } from "unsession/h3";
import { seeOther } from "./forms.ts";
import { html } from "./html.ts";
import { sessions, type Visitor } from "./sessions.ts";

/** The other places where a visitor is logged in. */
export const devices: H3 = new H3();

devices.post("/others", async (event) => {
  const session = await useSession(event, sessions);
  if (session.user === undefined) throw new HTTPError({ status: 403, message: "Log in first" });
  const ended = await sessions.destroyByOwner(session.user.name, { except: session });
  session.$flash("notice", ended === 1 ? "Your other device is logged out." : `${ended} other devices are logged out.`);
  return seeOther("/#devices");
});

/** All of them, this one among them; none for who is not logged in. */
export async function devicesOf({ user }: Visitor): Promise<OwnedSession[]> {
  return user === undefined ? [] : await sessions.listByOwner(user.name);
}

/**
 * A page for who was logged out from another device: his cookie leads to a session that has ended, which no request may write to.
 * To log out here too takes the cookie away.
 */
export const endedElsewhere: Middleware = async (event, next) => {
  const answer = await next();
  if (event.req.method !== "GET" || !(answer instanceof Response) || answer.status !== 409) return answer;
  const content = html`
    <!doctype html>
    <html lang="en">
      <meta charset="utf-8" />
      <title>Logged out</title>
      <link rel="stylesheet" href="/theme.css" />
      <link rel="stylesheet" href="/style.css" />
      <main>
        <hgroup><h1>You were logged out.</h1></hgroup>
        <form method="post" action="/logout"><button class="main">Start again</button></form>
      </main>
    </html>
  `;
  return new Response(content.value, { status: 409, headers: { "content-type": "text/html", "cache-control": "no-store" } });
};

const BROWSERS = { Edg: "Edge", OPR: "Opera", Firefox: "Firefox", Chrome: "Chrome", Safari: "Safari", curl: "curl" };
const SYSTEMS = { Android: "Android", iPhone: "iPhone", iPad: "iPad", Windows: "Windows", Mac: "macOS", Linux: "Linux" };

/** What a visitor will know his device by. */
export function deviceOf(event: H3Event): string {
  const agent = event.req.headers.get("user-agent") ?? "";
  const named = (names: Record<string, string>): string | undefined =>
    names[Object.keys(names).find((key) => agent.includes(key)) ?? ""];
  const [browser = "A browser", system] = [named(BROWSERS), named(SYSTEMS)];
  return system === undefined ? browser : `${browser} on ${system}`;
}
