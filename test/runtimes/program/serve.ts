// Serves the application on Node, Bun or Deno, whichever runs this, and prints where.
import { serve } from "h3";
import { createApplication } from "./app.ts";

const server = serve(createApplication(), { port: 0, hostname: "127.0.0.1", silent: true, gracefulShutdown: false });
await server.ready();
console.log(server.url);
