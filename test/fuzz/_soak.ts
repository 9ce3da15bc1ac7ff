/** A process that serves requests and tells how much memory it holds: `--expose-gc`, then how many requests, and the seed. */
import { createSessionManager, type Session } from "../../src/index.ts";
import { createMemoryStore } from "../../src/stores/memory.ts";
import { Random } from "../model/random.ts";

const [requests, seed] = process.argv.slice(2).map(Number) as [number, number];

/** Points of the curve. */
const SAMPLES = 100;

const collect = (globalThis as { gc?: () => void }).gc as () => void;
const random = new Random(seed);
const store = createMemoryStore({ maxEntries: 1000 });
const sessions = createSessionManager<Record<string, any>>({ storage: store, secret: "a secret that is long enough to sign" });

/** The visitors: each has a cookie, or none. */
const cookies: (string | undefined)[] = Array.from({ length: 500 });

const handlers: ((session: Session<Record<string, any>>) => unknown)[] = [
  () => undefined,
  (session) => session["user"]?.name,
  (session) => session["user"]?.name,
  (session) => session.$increment("views"),
  (session) => (session["user"] = { name: "alice", roles: ["admin"], seen: new Map([["/", new Date()]]) }),
  (session) => (session["list"] = [...(session["list"] ?? []), random.below(99)].slice(-20)),
  (session) => session.$flash("note", "saved"),
  (session) => session.$flash("note"),
  (session) => session.$update((draft) => void (draft["last"] = random.below(9))),
  (session) => session.$regenerate(),
  (session) => session.$destroy(),
];

async function serve(): Promise<void> {
  const visitor = random.below(cookies.length);
  const session = await sessions.load(cookies[visitor], { secure: true });
  await random.pick(handlers)(session);
  const headers = new Headers();
  for (const cookie of await sessions.commit(session, { status: 200, headers })) {
    cookies[visitor] = cookie.includes("Max-Age=0;") ? undefined : cookie.split(";")[0];
  }
}

const curve: [served: number, bytes: number][] = [];
for (let served = 1; served <= requests; served++) {
  await serve();
  if (served % Math.ceil(requests / SAMPLES) > 0) continue;
  collect();
  curve.push([served, process.memoryUsage().heapUsed]);
}
await sessions.close();
// What a timer or a socket would be in; the pipe to the parent is one too.
const resources = process.getActiveResourcesInfo().filter((resource) => resource === "Timeout" || resource === "Immediate");
process.stdout.write(JSON.stringify({ curve, resources, sessions: store.size }));
