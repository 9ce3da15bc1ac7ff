import { setTimeout } from "node:timers/promises";
import { H3, HTTPError, type H3Event } from "h3";
import { useSession } from "unsession/h3";
import { serveFiles } from "../files.ts";
import { readForm, seeOther } from "../forms.ts";
import { toResponse } from "../html.ts";
import { sessions, type Visitor } from "../sessions.ts";
import { conflictsAt, forgetConflicts } from "./conflicts.ts";
import { COLOURS, TABS, type Tab } from "./data.ts";
import { BURST_SIZE } from "./burst.ts";
import { tabsPage } from "./page.ts";
import { panePage } from "./pane.ts";

const SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; " +
  "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'";

/** Two tabs on one session, and many requests at once: all of them slow, so that they overlap. */
export const tabs: H3 = new H3();

serveFiles(tabs, { "/tabs.css": new URL("tabs.css", import.meta.url), "/tabs.js": new URL("tabs.js", import.meta.url) });

tabs.get("/", async (event) => {
  const session = await useSession(event, sessions);
  session.presses ??= 0; // from here on there is a session, which both tabs share
  event.res.headers.set("content-security-policy", SECURITY_POLICY);
  return toResponse(tabsPage(session, conflictsAt(session.$id, "burst")));
});

tabs.get("/:tab", async (event) => {
  const session = await useSession(event, sessions);
  event.res.headers.set("content-security-policy", SECURITY_POLICY);
  return toResponse(panePage(parseTab(event), session, conflictsAt(session.$id, "colour")));
});

tabs.post("/:tab/note", async (event) => {
  const { tab, session, form } = await slowly(event);
  session.notes ??= {};
  session.notes[tab] = form.get("note")?.trim().slice(0, 40) ?? "";
  return seeOther(`/tabs/${tab}`);
});

tabs.post("/:tab/colour", async (event) => {
  const { tab, session, form } = await slowly(event);
  session.colour = parseColour(form.get("colour"));
  return seeOther(`/tabs/${tab}`);
});

tabs.post("/:tab/press", async (event) => {
  const { tab, session } = await slowly(event);
  session.$increment("presses");
  return seeOther(`/tabs/${tab}`);
});

/** For a browser without JavaScript, which cannot send many requests at once: the server sends them to itself. */
tabs.post("/burst", async (event) => {
  if ((await useSession(event, sessions)).$isNew) return seeOther("/tabs");
  const send = async (path: string): Promise<unknown> => {
    const headers = { cookie: event.req.headers.get("cookie") ?? "" };
    return event.app?.fetch(new Request(new URL(path, event.url), { method: "POST", headers }));
  };
  await send("/tabs/burst/start");
  await Promise.all(Array.from({ length: BURST_SIZE }, (_, index) => send(`/tabs/burst/${index + 1}`)));
  return seeOther("/tabs#burst");
});

tabs.post("/burst/start", async (event) => {
  const session = await useSession(event, sessions);
  session.burst = { count: 0, log: [], members: new Set(), runs: [] };
  forgetConflicts(session.$id, "burst");
  return "";
});

tabs.post("/burst/:n", async (event) => {
  const session = await useSession(event, sessions);
  const n = Number(event.context.params?.["n"]);
  const { burst } = session;
  if (burst === undefined || !(n >= 1 && n <= BURST_SIZE))
    throw new HTTPError({ status: 400, message: "There is no such burst" });
  const loaded = new Date();
  await setTimeout(100 + Math.random() * 500);
  session.$increment(["burst", "count"]);
  burst.log.push(n);
  burst.members.add(n);
  burst.last = n;
  burst.runs.push({ n, loaded, wrote: new Date() });
  return "";
});

/** Loads the session, and writes to it only after a while: whatever happens meanwhile, this request does not know of. */
async function slowly(event: H3Event): Promise<{ tab: Tab; session: Visitor; form: URLSearchParams }> {
  const tab = parseTab(event);
  const [session, form] = await Promise.all([useSession(event, sessions), readForm(event)]);
  await setTimeout(Math.min(Number(form.get("wait")) || 0, 2000));
  return { tab, session, form };
}

/** @throws {HTTPError} 404 */
function parseTab(event: H3Event): Tab {
  return oneOf(TABS, event.context.params?.["tab"], 404);
}

/** @throws {HTTPError} 400 */
function parseColour(text: string | null): (typeof COLOURS)[number] {
  return oneOf(COLOURS, text, 400);
}

function oneOf<V extends string>(values: readonly V[], text: string | null | undefined, status: number): V {
  const found = values.find((value) => value === text);
  if (found === undefined) throw new HTTPError({ status, message: `It is one of: ${values.join(", ")}` });
  return found;
}
