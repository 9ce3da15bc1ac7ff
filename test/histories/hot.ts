import { createSessionManager } from "unsession";
import { timeouts } from "../stores/_sessions.ts";
import { openStorage, type Address } from "./storage.ts";

/** What a process is told that writes into one hot session. */
export interface HotJob {
  readonly address: Address;
  readonly cookie: string;
  /** Adds one for each of its requests to a counter, or a key of its own. */
  readonly deed: "count" | "keep";
  /** The numbers of its requests. */
  readonly requests: readonly number[];
}

const { address, cookie, deed, requests } = JSON.parse(process.argv[2] as string) as HotJob;
const { store } = await openStorage(address);
const manager = createSessionManager({ storage: store, prefix: address.prefix, timeouts });
const sessions = await Promise.all(requests.map((n) => manager.load(cookie).then((session) => ({ n, session }))));

// Every process has loaded all of its requests before any commits.
process.once("message", async () => {
  await Promise.all(
    sessions.map(async ({ n, session }) => {
      if (deed === "count") session.$increment("count");
      else session[`key${n}`] = n;
      await manager.commit(session);
    }),
  );
  process.exit(0);
});
process.send?.("ready");
