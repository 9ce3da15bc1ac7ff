import { readFileSync } from "node:fs";
import { bodyLimit, H3, redirect, type H3Event, type HTTPResponse } from "h3";
import { sessionMiddleware, useSession } from "unsession/h3";
import { page } from "./page.ts";
import { sameOrigin } from "./same-origin.ts";
import { sessions } from "./sessions.ts";
import { findProduct, parseQuantity } from "./shop.ts";

const SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

export { sessions };
export const app: H3 = new H3();

app.use(sessionMiddleware(sessions)); // first, so that it sees every response
app.use(sameOrigin);
app.use(bodyLimit(4096));

app.get("/", async (event) => {
  const session = await useSession(event, sessions);
  const now = new Date();
  const view = { lastVisit: session.lastVisit, notice: session.$flash<string>("notice") }; // reading a flash removes it
  session.firstVisit ??= now; // a Date comes back as a Date
  session.lastVisit = now;
  session.visits ??= new Map(); // and a Map as a Map, with numbers for keys
  session.$increment(["visits", now.getHours()]);
  event.res.headers.set("content-security-policy", SECURITY_POLICY);
  return page(session, view);
});

app.post("/count", async (event) => {
  const session = await useSession(event, sessions);
  session.$increment("count"); // exact, however many requests come at once
  return seeOther("/");
});

app.post("/login", async (event) => {
  const session = await useSession(event, sessions);
  const form = await readForm(event);
  const name = form.get("name")?.trim().slice(0, 40);
  if (!name) {
    session.$flash("notice", "Tell us your name to log in.");
    return seeOther("/");
  }
  // A real application checks a password here.
  await session.$regenerate(); // a token that was known before the login is worth nothing after it
  session.user = { name, since: new Date() };
  session.$cookie.persistent = form.has("remember"); // remembered: the cookie outlives the browser
  session.$flash("notice", `Welcome, ${name}.`);
  return seeOther("/");
});

app.post("/logout", async (event) => {
  const session = await useSession(event, sessions);
  await session.$destroy(); // gone from the store, and from the browser
  return seeOther("/");
});

app.post("/cart", async (event) => {
  const session = await useSession(event, sessions);
  const { id, name } = findProduct((await readForm(event)).get("product"));
  session.$increment(["cart", id, "quantity"]); // makes what is missing on the way
  session.$flash("notice", `${name} is in your cart.`);
  return seeOther("/#cart");
});

app.post("/cart/:id", async (event) => {
  const session = await useSession(event, sessions);
  const { id, name } = findProduct(event.context.params?.["id"]);
  const quantity = parseQuantity((await readForm(event)).get("quantity"));
  if (quantity > 0 && session.cart?.[id]) {
    session.cart[id].quantity = quantity; // writes deep inside are seen like any other
  } else {
    delete session.cart?.[id];
    session.$flash("notice", `${name} is no longer in your cart.`);
  }
  return seeOther("/#cart");
});

for (const [path, type] of [
  ["style.css", "text/css"],
  ["icon.svg", "image/svg+xml"],
] as const) {
  const content = readFileSync(new URL(path, import.meta.url), "utf8");
  // No session is used here, so none is loaded, and no cookie sent.
  app.get(`/${path}`, (event) => {
    event.res.headers.set("content-type", type);
    return content;
  });
}

/** After a POST: the browser gets the page, and reloading it posts nothing again. Always to a path of our own. */
function seeOther(path: `/${string}`): HTTPResponse {
  return redirect(path, 303);
}

async function readForm(event: H3Event): Promise<URLSearchParams> {
  return new URLSearchParams(await event.req.text());
}
