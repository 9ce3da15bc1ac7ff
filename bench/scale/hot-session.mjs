import { createSessionManager } from "unsession";
import { makeDocument } from "../http/document.mjs";
import { login, visit } from "./requests.mjs";

const WRITERS = 200;
const SECONDS = 3;

/** Writers of one session, each of which comes again as soon as it was answered: in one process, and as if in four. */
export async function measureHotSession(open) {
  const rows = [];
  let name;
  for (const processes of [1, 4]) {
    const store = await open();
    ({ name } = store);
    await store.clear();
    // What managers share is the store alone: to each other they are processes.
    const managers = Array.from({ length: processes }, () => createSessionManager({ storage: store.storage, idleTimeout: 3600 }));
    const [cookie] = await login(managers[0], 1, () => makeDocument(800));
    let commits = 0;
    const ends = performance.now() + SECONDS * 1000;
    const write = async (_, n) => {
      while (performance.now() < ends) {
        // As a request, which comes by the event loop.
        await new Promise((resolve) => setImmediate(resolve));
        await visit(managers[n % processes], cookie, (session) => session.$increment("views"));
        commits++;
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, write));
    const { views } = await managers[0].find(cookie.slice("session=".length));
    if (views !== commits) throw new Error(`${views} of ${commits} writes were kept.`);
    rows.push({ writers: WRITERS, processes, "commits/s": Math.round(commits / SECONDS), kept: "all" });
  }
  console.log(`\n${name}: one session that all write to`);
  console.table(rows);
}
