import { HTTPError } from "h3";

export interface Product {
  readonly id: string;
  readonly name: string;
  readonly about: string;
  readonly cents: number;
}

/** Names and prices stay here: a session keeps only what the visitor chose. */
export const products: readonly Product[] = [
  { id: "sencha", name: "Sencha", about: "Green, grassy, bright", cents: 840 },
  { id: "oolong", name: "Oolong", about: "Between green and black", cents: 1150 },
  { id: "rooibos", name: "Rooibos", about: "Red, mild, for the night", cents: 620 },
];

/** The product of an id that a client sent. @throws {HTTPError} 404 */
export function findProduct(id: string | null | undefined): Product {
  const product = products.find((one) => one.id === id);
  if (product === undefined) throw new HTTPError({ status: 404, message: "There is no such product" });
  return product;
}

/** The quantity that a client sent: 0 to 99. @throws {HTTPError} 400 */
export function parseQuantity(text: string | null): number {
  if (text === null || !/^\d{1,3}$/.test(text)) throw new HTTPError({ status: 400, message: "A quantity is a number" });
  return Math.min(Number(text), 99);
}
