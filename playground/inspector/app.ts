import { H3, noContent, type H3Event, type HTTPResponse } from "h3";
import { app, sessions } from "../h3/app.ts";
import { serveFiles } from "../h3/files.ts";
import { toResponse, type Html } from "../h3/html.ts";
import { ABSOLUTE_TIMEOUT, IDLE_TIMEOUT } from "../h3/sessions.ts";
import { guard } from "./guard.ts";
import { requestsOf } from "./log.ts";
import { document, panel } from "./panel.ts";
import { recorded } from "./recorder.ts";

const BASE = "/_inspector";

/** The playground, and an inspector that shows what each of its requests did. For development only. */
export const inspected: H3 = new H3();

inspected.use(recorded(sessions, (event) => !isOwn(event)));
inspected.use((event) => {
  if (isOwn(event)) guard(event);
});
inspected.mount("/", app);

inspected.get(BASE, async (event) => {
  const { content, version } = await show(event);
  return respond(event, document(content, version));
});

/** The panel alone, for its script: nothing if it has not changed. */
inspected.get(`${BASE}/requests`, async (event) => {
  const { content, version } = await show(event);
  if (event.url.searchParams.get("since") === version) return noContent();
  event.res.headers.set("x-version", version);
  return respond(event, content);
});

serveFiles(inspected, {
  [`${BASE}/panel.css`]: new URL("panel.css", import.meta.url),
  [`${BASE}/panel.js`]: new URL("panel.js", import.meta.url),
});

function isOwn({ url }: H3Event): boolean {
  return url.pathname === BASE || url.pathname.startsWith(`${BASE}/`);
}

/** The session of whoever asks, loaded and never committed: looking changes nothing, not even how long it lives. */
async function show(event: H3Event): Promise<{ content: Html; version: string }> {
  const session = await sessions.load(event.req.headers.get("cookie"));
  const requests = requestsOf(session.$id);
  const content = panel({
    session,
    requests,
    capabilities: sessions.capabilities,
    idleTimeout: IDLE_TIMEOUT * 1000,
    absoluteTimeout: ABSOLUTE_TIMEOUT * 1000,
    now: new Date(),
  });
  return { content, version: `${session.$id ?? ""}.${requests[0]?.number ?? 0}` };
}

function respond(event: H3Event, page: Html): HTTPResponse {
  event.res.headers.set(
    "content-security-policy",
    "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; " +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
  );
  event.res.headers.set("cache-control", "no-store");
  return toResponse(page);
}
