import type { OwnedSession } from "unsession";
import { html, type Html } from "./html.ts";
import type { Visitor } from "./sessions.ts";
import { products, type Product } from "./shop.ts";

interface Line {
  readonly product: Product;
  readonly quantity: number;
}

/** A part of the page, and the lines of `app.ts` that it shows at work. */
function card(title: string, content: Html, code: readonly string[]): Html {
  const id = title.toLowerCase();
  return html`
    <section id="${id}" aria-labelledby="${id}-title">
      <h2 id="${id}-title">${title}</h2>
      ${content}
      <pre>${code.map((line) => html`<code>${line}</code>`)}</pre>
    </section>
  `;
}

export function counterCard({ count = 0 }: Visitor): Html {
  const content = html`
    <div class="row">
      <output class="large" aria-label="Count">${count}</output>
      <form method="post" action="/count"><button class="main">Count</button></form>
    </div>
    <p class="quiet">Exact, however many tabs count at once.</p>
  `;
  return card("Counter", content, ['session.$increment("count")']);
}

export function accountCard({ user, $cookie }: Visitor): Html {
  if (user === undefined) {
    return card("Account", login, ["await session.$regenerate()", 'session.$cookie.persistent = form.has("remember")']);
  }
  const content = html`
    <div class="row">
      <p class="large">${user.name}</p>
      <form method="post" action="/logout"><button>Log out</button></form>
    </div>
    <p class="quiet">
      Logged in at ${time(user.since)},
      ${$cookie.persistent ? "and remembered after the browser closes" : "until the browser closes"}.
    </p>
  `;
  return card("Account", content, ["await session.$destroy()"]);
}

export function devicesCard({ $id }: Visitor, devices: readonly OwnedSession[]): Html {
  const device = ({ id, meta, lastSeenAt }: OwnedSession): Html => html`
    <li>
      <p>
        <strong>${meta.device}</strong>
        <span class="quiet">${id === $id ? "This device" : html`Last seen ${time(lastSeenAt)}`}</span>
      </p>
    </li>
  `;
  const content = html`
    <ul aria-label="Your devices">
      ${devices.map(device)}
    </ul>
    <form method="post" action="/devices/others"><button>Log out my other devices</button></form>
  `;
  return card("Devices", content, [
    "await session.$setOwner(name, { device: deviceOf(event) })",
    "await sessions.listByOwner(user.name)",
    "await sessions.destroyByOwner(session.user.name, { except: session })",
  ]);
}

const login = html`
  <form method="post" action="/login" class="login">
    <label for="name">Your name</label>
    <input id="name" name="name" required maxlength="40" autocomplete="nickname" />
    <button class="main">Log in</button>
    <label class="quiet"><input type="checkbox" name="remember" /> Remember me after the browser closes</label>
  </form>
`;

export function cartCard({ cart = {} }: Visitor): Html {
  const lines = products.flatMap((product): Line[] => {
    const quantity = cart[product.id]?.quantity;
    return quantity === undefined ? [] : [{ product, quantity }];
  });
  const content = html`
    <div class="columns">
      <ul aria-label="Teas">
        ${products.map(offer)}
      </ul>
      ${lines.length > 0 ? order(lines) : html`<p class="empty">Your cart is empty.</p>`}
    </div>
  `;
  return card("Cart", content, [
    'session.$increment(["cart", id, "quantity"])',
    "session.cart[id].quantity = quantity",
    "delete session.cart?.[id]",
  ]);
}

function offer({ id, name, about, cents }: Product): Html {
  return html`
    <li>
      <p><strong>${name}</strong> <span class="quiet">${about}</span></p>
      <p class="price">${euros(cents)}</p>
      <form method="post" action="/cart"><button name="product" value="${id}" aria-label="Add ${name}">Add</button></form>
    </li>
  `;
}

function order(lines: readonly Line[]): Html {
  const total = lines.reduce((sum, { product, quantity }) => sum + product.cents * quantity, 0);
  return html`
    <table aria-label="In your cart">
      <tbody>
        ${lines.map(orderLine)}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">Total</th>
          <td></td>
          <td>${euros(total)}</td>
        </tr>
      </tfoot>
    </table>
  `;
}

function orderLine({ product: { id, name, cents }, quantity }: Line): Html {
  return html`
    <tr>
      <th scope="row">${name}</th>
      <td>
        <form method="post" action="/cart/${id}" class="stepper">
          <button name="quantity" value="${quantity - 1}" aria-label="One ${name} less">−</button>
          <output aria-label="Quantity">${quantity}</output>
          <button name="quantity" value="${quantity + 1}" aria-label="One ${name} more">+</button>
          <button name="quantity" value="0" aria-label="Remove ${name}">×</button>
        </form>
      </td>
      <td>${euros(cents * quantity)}</td>
    </tr>
  `;
}

export function visitsCard({ firstVisit, visits = new Map() }: Visitor, lastVisit: Date | undefined): Html {
  const content = html`
    <div class="columns">
      <dl>
        <dt>First visit</dt>
        <dd>${firstVisit ? time(firstVisit) : "Now"}</dd>
        <dt>Last visit</dt>
        <dd>${lastVisit ? time(lastVisit) : "This is the first"}</dd>
      </dl>
      ${chart(visits)}
    </div>
  `;
  return card("Visits", content, ["session.lastVisit = now", 'session.$increment(["visits", now.getHours()])']);
}

/** A bar for each hour of the day. */
function chart(hours: ReadonlyMap<number, number>): Html {
  const most = Math.max(...hours.values());
  const bars = Array.from({ length: 24 }, (_, hour) => {
    const height = Math.max(3, Math.round(((hours.get(hour) ?? 0) / most) * 60));
    return html`<rect
      x="${hour * 10}"
      y="${60 - height}"
      width="8"
      height="${height}"
      rx="1.5"
      class="${hours.has(hour) ? "some" : "none"}"
    />`;
  });
  const told = [...hours].map(([hour, count]) => `${count} at ${hour} o'clock`).join(", ");
  return html`
    <figure>
      <svg viewBox="0 0 238 60" role="img" aria-label="Visits by hour: ${told}">${bars}</svg>
      <figcaption><span>0:00</span> <span>Visits by hour</span> <span>23:00</span></figcaption>
    </figure>
  `;
}

const dates = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const prices = new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" });

function time(date: Date): Html {
  return html`<time datetime="${date.toISOString()}">${dates.format(date)}</time>`;
}

function euros(cents: number): string {
  return prices.format(cents / 100);
}
