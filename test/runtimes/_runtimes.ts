import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { bundle, compile } from "./_project.ts";

/** An application at work. */
export interface Server {
  readonly url: string;
  stop(): Promise<unknown>;
}

export interface Runtime {
  readonly name: string;
  /** Starts the application from a folder in which everything is installed; with its sessions in memory, or as the environment says. */
  start(folder: string, env?: Readonly<Record<string, string>>): Promise<Server>;
}

/** Workers know no newer one than their own. */
const COMPATIBILITY_DATE = "2026-07-01";

/** Those that run programs as Node does. */
export const servers: readonly Runtime[] = [
  { name: "Node", start: (folder, env) => startProcess(folder, process.execPath, [], env) },
  { name: "Bun", start: (folder, env) => startProcess(folder, join(folder, "node_modules/.bin/bun"), [], env) },
  {
    name: "Deno",
    start: (folder, env) => startProcess(folder, join(folder, "node_modules/.bin/deno"), ["run", "-A", "--no-lock"], env),
  },
];

export const runtimes: readonly Runtime[] = [
  ...servers,
  { name: "workerd", start: (folder) => startWorker(folder, "worker") },
  {
    name: "workerd with nodejs_compat",
    start: (folder) => startWorker(folder, "worker", { compatibilityFlags: ["nodejs_compat"] }),
  },
];

async function startProcess(
  folder: string,
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const main = join(await compile(folder, "serve"), "main.mjs");
  const child = spawn(command, [...args, main], { cwd: folder, env: { ...process.env, NODE_ENV: "development", ...env } });
  let errors = "";
  child.stderr.on("data", (chunk) => (errors += chunk));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (chunk) => resolve(String(chunk).trim()));
    child.once("error", reject);
    void ended.then((code) => reject(new Error(`${command} ended with ${String(code)}\n${errors}`)));
  });
  return {
    url,
    async stop() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Starts a worker in miniflare, which runs workerd itself and what is around it at Cloudflare. */
export async function startWorker(folder: string, program: string, options: object = {}): Promise<Server> {
  const dir = await bundle(folder, program);
  const { Miniflare } = createRequire(join(folder, "package.json"))("miniflare") as {
    Miniflare: new (options: object) => { ready: Promise<URL>; dispose(): Promise<void> };
  };
  const files = readdirSync(dir).sort((name) => (name === "main.mjs" ? -1 : 1));
  const worker = new Miniflare({
    modules: files.map((name) => ({ type: "ESModule", path: join(dir, name), contents: readFileSync(join(dir, name), "utf8") })),
    modulesRoot: dir,
    compatibilityDate: COMPATIBILITY_DATE,
    host: "127.0.0.1",
    port: 0,
    ...options,
  });
  return { url: (await worker.ready).href, stop: () => worker.dispose() };
}
