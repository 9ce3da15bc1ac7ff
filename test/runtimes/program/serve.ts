// Serves the application on Node, Bun or Deno, whichever runs this, and prints where. Sessions are in memory, or as STORE and ADDRESS say.
import { serve } from "h3";
import { Redis } from "ioredis";
import memcached from "unsession/drivers/memcached";
import { createApplication, socketsOf } from "./app.ts";

const { STORE = "memory", ADDRESS = "" } = process.env;
const stores: Readonly<Record<string, () => object | undefined>> = {
  memory: () => undefined,
  redis: () => new Redis(ADDRESS),
  memcached: () => memcached({ servers: ADDRESS }),
};
const app = createApplication({ storage: stores[STORE]?.() });
const plugins = [socketsOf(app)];
const server = serve(app, { port: 0, hostname: "127.0.0.1", silent: true, gracefulShutdown: false, plugins });
await server.ready();
console.log(server.url);
