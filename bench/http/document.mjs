/** Items of the cart by the size of the session in bytes of JSON. */
const ITEMS = { 800: 5, 2000: 18 };

/** What a session holds: a user, settings and a cart, made anew each time as a login would. */
export function makeDocument(size) {
  const items = [];
  for (let n = 0; n < ITEMS[size]; n++) {
    items.push({ sku: `tea-${n}`, title: `Oolong of the ${n}th terrace, 100 g`, count: 1, cents: 1290 + n, gift: false });
  }
  return {
    user: { id: 4711, name: "Ada Lovelace", email: "ada@example.org", roles: ["admin", "editor"], locale: "en-GB" },
    views: 0,
    settings: { theme: "dark", timezone: "Europe/London", newsletter: false, density: "compact", columns: [3, 1, 2] },
    csrf: "0b1d5a4c7f3e49e2a1b6c8d7e6f5a4b3",
    cart: { currency: "EUR", voucher: null, items },
  };
}
