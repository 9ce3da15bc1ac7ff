import { serve } from "h3";
import { app } from "./app.ts";

await listen(Number(process.env["PORT"] || 3000));

/** Serves the application, and prints its address. Takes the next port where one is taken. */
async function listen(port: number): Promise<unknown> {
  // Only this machine can reach it, unless HOST says otherwise.
  const hostname = process.env["HOST"] || "127.0.0.1";
  try {
    return await serve(app, { port, hostname, silent: false, gracefulShutdown: false }).ready();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    console.log(`Port ${port} is taken.`);
    return listen(port + 1);
  }
}
