import { createSessionManager } from "unsession";
import { HANDLERS, cpuOf, login } from "./requests.mjs";

const KILOBYTES = [1, 2, 4, 8, 16, 32, 64];

/** What a kilobyte costs, by how many a session has. */
export async function measureSizes(open) {
  const store = await open();
  await store.clear();
  const sessions = createSessionManager({ storage: store.storage, idleTimeout: 3600, maxBytes: 100_000 });
  const rows = [];
  for (const kilobytes of KILOBYTES) {
    const cookies = await login(sessions, 64, () => documentOf(kilobytes * 1000));
    const row = { kilobytes };
    for (const [kind, handler] of Object.entries(HANDLERS)) {
      const cpu = await cpuOf(sessions, cookies, handler, { runs: 5, requests: 640 });
      row[`${kind}, µs`] = cpu.toFixed(0);
      row[`${kind}, µs for each`] = (cpu / kilobytes).toFixed(1);
    }
    rows.push(row);
    console.error(`${store.name}: ${kilobytes} kB`);
  }
  console.log(`\n${store.name}: cost by the size of a session`);
  console.table(rows);
}

function documentOf(bytes) {
  const lines = [];
  const data = { user: { id: 1, name: "Ada" }, views: 0, lines };
  const line = (n) => ({ sku: `tea-${n}`, title: `Oolong of the ${n}th terrace`, count: 1, cents: 1290 });
  while (JSON.stringify(data).length < bytes) lines.push(line(lines.length));
  return data;
}
