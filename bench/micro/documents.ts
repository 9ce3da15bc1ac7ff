type Fields = Record<string, unknown>;

const words = "session store token cookie record merge serializer lifetime rotate destroy".split(" ");

function item(index: number): Fields {
  return {
    id: index,
    sku: `${words[index % words.length]}-${1000 + index}`,
    quantity: (index % 5) + 1,
    price: 199 + index,
  };
}

const items = (count: number): Fields[] => Array.from({ length: count }, (_, index) => item(index));

/** A session with a user, his settings and a cart of a number of items. */
function documentOf(count: number): Fields {
  return {
    views: 12,
    user: {
      id: 7,
      name: "Ada Lovelace",
      email: "ada@example.com",
      roles: ["admin", "editor", "author"],
      address: { street: "12 St James's Square", city: "London", country: { code: "GB", name: "United Kingdom" } },
    },
    settings: {
      theme: { dark: true, accent: "teal", fonts: { size: 14, family: "Inter" } },
      language: "en-GB",
      notifications: { email: true, push: false, digest: "weekly" },
    },
    cart: { currency: "GBP", items: items(count) },
    history: words.map((word, index) => `/products/${word}/${index}`),
    csrf: "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA",
    seen: Array.from({ length: 20 }, (_, index) => 1000 + 7 * index),
  };
}

/** JSON of about 2 KB and 50 KB. */
export const SMALL: string = JSON.stringify(documentOf(20));
export const LARGE: string = JSON.stringify(documentOf(900));

/** JSON of 1,000 items, of about 50 KB. */
export const LIST: string = JSON.stringify({ items: items(1000) });

/** The same data with types that JSON would lose, and without. */
export interface Rich {
  /** With 22 Dates, a Map and a Set. */
  readonly typed: Fields;
  /** The same, with texts and arrays in the place of these. */
  readonly plain: Fields;
}

export function rich(count: number): Rich {
  const at = (index: number): Date => new Date(Date.UTC(2026, 0, 1 + index));
  const dates = Array.from({ length: 22 }, (_, index) => at(index));
  const stock: [string, number][] = words.map((word, index) => [word, index]);
  const base = documentOf(count);
  return {
    typed: { ...base, dates, stock: new Map(stock), tags: new Set(words) },
    plain: { ...base, dates: dates.map((date) => date.toISOString()), stock, tags: words },
  };
}
