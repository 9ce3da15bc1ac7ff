import { serve, type H3 } from "h3";

await checkStore();
const { app } = await import("./app.ts");
const shown = process.env["NODE_ENV"] === "production" ? app : (await import("../inspector/app.ts")).inspected;
await listen(shown, Number(process.env["PORT"] || 3000));

/** Asks the store once, so that a wrong one is found now and not by the first visitor; says what it is. */
async function checkStore(): Promise<void> {
  try {
    const { sessions } = await import("./sessions.ts");
    await sessions.find("nobody");
    const { store, class: kind } = sessions.capabilities ?? {};
    console.log(`Sessions are kept in ${store}, a store of class ${kind}.`);
  } catch (error) {
    const { message } = ((error as Error).cause ?? error) as Error;
    console.error(`STORAGE cannot be used: ${message}`);
    // At once: a client may be trying to connect for ever.
    process.exit(1);
  }
}

/** Serves an application, and prints its address. Takes the next port where one is taken. */
async function listen(served: H3, port: number): Promise<unknown> {
  // Only this machine can reach it, unless HOST says otherwise.
  const hostname = process.env["HOST"] || "127.0.0.1";
  try {
    return await serve(served, { port, hostname, silent: false, gracefulShutdown: false }).ready();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    console.log(`Port ${port} is taken.`);
    return listen(served, port + 1);
  }
}
