import { createSessionManager } from "unsession";
import { makeDocument } from "../http/document.mjs";
import { HANDLERS, cpuOf, login } from "./requests.mjs";

const NUMBERS = [10, 1000, 100_000, 1_000_000];

/** Sessions that requests are for, among all there are. */
const USED = 200;

/** What a request costs by how many sessions there are, how long the turns of `count` and `sweep` are, and the heap for each session. */
export async function measureNumbers(open) {
  const rows = [];
  let name;
  for (const number of NUMBERS) {
    globalThis.gc();
    let now = Date.now();
    const store = await open(() => now);
    ({ name } = store);
    await store.clear();
    const sessions = createSessionManager({ storage: store.storage, now: () => now, idleTimeout: 3600 });
    const cookies = await login(sessions, Math.min(USED, number), () => makeDocument(800));
    const { id } = (await sessions.list().next()).value;
    const record = await store.read(`session:${id}`);
    globalThis.gc();
    const before = process.memoryUsage().heapUsed;
    await store.fill(number - cookies.length, record);
    globalThis.gc();
    const heap =
      name === "memory" && number > USED ? (process.memoryUsage().heapUsed - before) / (number - cookies.length) : undefined;
    const row = { sessions: number };
    for (const [kind, handler] of Object.entries(HANDLERS))
      row[`${kind}, µs`] = (await cpuOf(sessions, cookies, handler)).toFixed(1);
    const counted = await blocking(() => sessions.count());
    if (counted.result !== number) throw new Error(`${counted.result} of ${number} sessions were counted.`);
    row["count, s"] = counted.seconds.toFixed(2);
    row["turns, ms: half / 99 % / longest"] = counted.blocked;
    now += 7_200_000;
    const swept = await blocking(() => sessions.sweep());
    row["sweep, s"] = swept.seconds.toFixed(2);
    row["turns, ms"] = swept.blocked;
    if (heap !== undefined)
      row["heap, × record + bytes"] =
        `${(heap / record.length).toFixed(2)} × (${Math.round(heap - 1.3 * record.length)} over 1.3 ×)`;
    rows.push(row);
    console.error(`${name}: ${number} sessions`);
  }
  console.log(`\n${name}: cost by the number of sessions`);
  console.table(rows);
}

/**
 * Runs a task, and tells for how long nothing else could run: by the turns of the event loop.
 *
 * Both clocks say too much, and the lesser is taken: one goes on while other programs run, the other counts threads that run beside.
 */
async function blocking(task) {
  const turns = [];
  let last = times();
  const tick = () => {
    const now = times();
    turns.push(Math.min(now.passed - last.passed, now.processor - last.processor));
    last = now;
    timer = setImmediate(tick);
  };
  let timer = setImmediate(tick);
  const began = performance.now();
  const result = await task();
  // What blocked until the end shows at the next turn.
  await new Promise((resolve) => setImmediate(resolve));
  clearImmediate(timer);
  const seconds = (performance.now() - began) / 1000;
  // Of those in which something was done.
  const busy = turns.filter((turn) => turn > 0.2).sort((a, b) => a - b);
  const at = (part) => (busy[Math.floor(busy.length * part)] ?? 0).toFixed(1);
  return { result, seconds, blocked: `${at(0.5)} / ${at(0.99)} / ${(busy.at(-1) ?? 0).toFixed(1)}` };
}

/** In milliseconds. */
function times() {
  const { user, system } = process.cpuUsage();
  return { passed: performance.now(), processor: (user + system) / 1000 };
}
