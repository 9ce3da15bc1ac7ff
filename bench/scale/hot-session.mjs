import { fork } from "node:child_process";
import { createSessionManager } from "unsession";
import { makeDocument } from "../http/document.mjs";
import { keepWriting, login } from "./requests.mjs";

const WRITERS = 200;

/** Writers of one session, each of which comes again as soon as it was answered: in this process, and in four where they share the store. */
export async function measureHotSession(open) {
  const store = await open();
  await store.clear();
  const sessions = createSessionManager({ storage: store.storage, idleTimeout: 3600 });
  const rows = [];
  for (const processes of store.url === undefined ? [1] : [1, 4]) {
    const [cookie] = await login(sessions, 1, () => makeDocument(800));
    const done =
      processes === 1
        ? [await keepWriting(sessions, cookie, WRITERS)]
        : await inProcesses(processes, { url: store.url, cookie, writers: WRITERS / processes });
    const sum = (of) => done.reduce((total, one) => total + one[of], 0);
    const { views } = await sessions.find(cookie.slice("session=".length));
    if (views !== sum("commits")) throw new Error(`${views} of ${sum("commits")} writes were kept.`);
    const longest = Math.max(...done.map((one) => one.longest));
    rows.push({
      writers: WRITERS,
      processes,
      "commits/s": Math.round(sum("rate")),
      kept: "all",
      "longest, ms": Math.round(longest),
    });
  }
  console.log(`\n${store.name}: one session that all write to`);
  console.table(rows);
}

/** What the writers of each process did. All begin when the last process has started. */
async function inProcesses(count, task) {
  const children = Array.from({ length: count }, () => fork(new URL("hot-writers.mjs", import.meta.url)));
  const heard = () =>
    Promise.all(
      children.map(
        (child) =>
          new Promise((resolve, reject) => {
            child.once("message", resolve);
            child.once("exit", (code) => reject(new Error(`A process of writers ended with ${code}.`)));
          }),
      ),
    );
  await heard();
  const done = heard();
  for (const child of children) child.send(task);
  return done;
}
