import { bodyLimit, H3 } from "h3";
import { sameOriginOnly } from "unsession/csrf";
import { sessionMiddleware, useSession } from "unsession/h3";
import { deviceOf, devices, devicesOf, endedElsewhere } from "./devices.ts";
import { serveFiles } from "./files.ts";
import { readForm, seeOther } from "./forms.ts";
import { page } from "./page.ts";
import { sessions } from "./sessions.ts";
import { findProduct, parseQuantity } from "./shop.ts";
import { tabs } from "./tabs/routes.ts";

const SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; " +
  "base-uri 'none'; frame-ancestors 'none'";

export { sessions };
export const app: H3 = new H3();

app.use(endedElsewhere);
app.use(sessionMiddleware(sessions)); // before all routes, so that it sees every response
app.use(sameOriginOnly()); // no other site changes anything
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
  return page(session, { ...view, devices: await devicesOf(session) });
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
  await session.$setOwner(name, { device: deviceOf(event) }); // from now on it is found, and ended, by the user's name
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

app.mount("/tabs", tabs);
app.mount("/devices", devices);

const local = (file: string): URL => new URL(file, import.meta.url);
const font = (name: string): URL =>
  new URL(import.meta.resolve(`@fontsource-variable/${name}/files/${name}-latin-wght-normal.woff2`));

serveFiles(app, {
  "/theme.css": local("theme.css"),
  "/style.css": local("style.css"),
  "/icon.svg": local("icon.svg"),
  "/geist.woff2": font("geist"),
  "/geist-mono.woff2": font("geist-mono"),
});
