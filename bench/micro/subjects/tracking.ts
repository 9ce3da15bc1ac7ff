import { Node } from "../../../src/tracking/node.ts";
import { Tracker } from "../../../src/tracking/tracker.ts";
import { LARGE, LIST, SMALL } from "../documents.ts";
import { loadPeers, type Track } from "../peers.ts";
import { OURS, type Row, type Target } from "../row.ts";

/** The parts of a document that are worked on, as whoever tracks it hands them out. */
interface Session {
  views: number;
  user: { name: string; roles: string[]; address: { city: string; country: { code: string } } };
  settings: { theme: { dark: boolean; fonts: { size: number } }; language: string; notifications: { digest: string } };
  cart: { currency: string; items: { id: number; quantity: number; price: number; sku?: string }[] };
  history: string[];
  seen: number[];
}

interface Collections {
  counts: Map<number, number>;
  names: Set<string>;
}

/** Works on plain data, and tells nothing. */
const plain: Track = (data, work) => work(data);

const unsession: Track = (data, work) => {
  const tracker = new Tracker(
    () => {},
    (own) => new Node(data, own, undefined, undefined),
  );
  const result = work(tracker.root.proxy as typeof data);
  return tracker.touched ? data : result;
};

export async function tracking(): Promise<Row[]> {
  const tracks: Record<string, Track> = { plain, [OURS]: unsession, ...(await loadPeers()) };
  /** What loading takes is in it, as in a request. */
  const row = <T extends object>(name: string, load: () => T, work: (data: T) => unknown, target?: Target): Row => ({
    name,
    ways: Object.fromEntries(
      Object.entries(tracks).map(([way, track]) => [way, () => track(load() as never, work as (data: object) => unknown)]),
    ),
    ...(target === undefined ? {} : { target }),
  });
  const small = (): Session => JSON.parse(SMALL) as Session;
  const large = (): Session => JSON.parse(LARGE) as Session;
  return [
    row("read 5 nested fields, 2 KB", small, readFive, { most: 1.25, stretch: 1.25 }),
    row("read 5 nested fields, 50 KB", large, readFive, { most: 1.03, stretch: 1.03 }),
    row("one write and its check, 2 KB", small, writeOne, { most: 1.1, stretch: 1.02 }),
    row("one write and its check, 50 KB", large, writeOne, { most: 1.1, stretch: 1.02 }),
    row("20 nested writes, 2 KB", small, writeTwenty, { most: 2.2, stretch: 1.6 }),
    row("20 nested writes, 50 KB", large, writeTwenty),
    row("for-of over 1,000 items", () => JSON.parse(LIST) as { items: { price: number; quantity: number }[] }, sum, {
      most: 2,
      stretch: 1.5,
    }),
    row("22 operations of a Map and a Set", loadCollections, useCollections, { most: 1.9, stretch: 1.6 }),
  ];
}

function readFive(session: Session): unknown {
  const { user, settings } = session;
  return [user.name, user.address.country.code, settings.theme.fonts.size, settings.notifications.digest, user.roles[1]].join();
}

function writeOne(session: Session): void {
  session.views = 13;
}

function writeTwenty(session: Session): void {
  const { user, settings, cart, history, seen } = session;
  user.name = "Grace Hopper";
  user.address.city = "Paris";
  user.address.country.code = "FR";
  settings.theme.dark = false;
  settings.theme.fonts.size = 16;
  settings.language = "fr";
  settings.notifications.digest = "daily";
  cart.currency = "EUR";
  for (const index of [0, 3, 6, 9]) cart.items[index]!.quantity += 1;
  cart.items.push({ id: 5000, quantity: 1, price: 100 });
  cart.items.splice(2, 1);
  delete cart.items[0]!.sku;
  history.unshift("/start");
  history.pop();
  seen.push(1, 2);
  seen.sort((a, b) => a - b);
  user.roles.push("owner");
}

function sum({ items }: { items: { price: number; quantity: number }[] }): number {
  let total = 0;
  for (const { price, quantity } of items) total += price * quantity;
  return total;
}

const ENTRIES = JSON.stringify({
  counts: Array.from({ length: 100 }, (_, index) => [index, 3 * index]),
  names: Array.from({ length: 100 }, (_, index) => `name ${index}`),
});

function loadCollections(): Collections {
  const { counts, names } = JSON.parse(ENTRIES) as { counts: [number, number][]; names: string[] };
  return { counts: new Map(counts), names: new Set(names) };
}

function useCollections({ counts, names }: Collections): number {
  let found = 0;
  for (let index = 0; index < 5; index++) {
    found += counts.get(index * 7) ?? 0;
    counts.set(index * 11, index);
    if (names.has(`name ${index * 9}`)) found++;
    names.add(`new ${index}`);
  }
  counts.delete(40);
  names.delete("name 40");
  for (const [key, value] of counts) found += key + value;
  for (const name of names) found += name.length;
  return found + counts.size + names.size;
}
