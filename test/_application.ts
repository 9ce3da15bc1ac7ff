import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manifest, root } from "../scripts/entries.ts";
import { freePort } from "./services/free-port.ts";

/** Packs the package, which builds it too. */
export async function pack(): Promise<{ folder: string; tarball: string }> {
  const folder = await mkdtemp(join(tmpdir(), "unsession-"));
  await run("npm", ["pack", "--pack-destination", folder], root);
  return { folder, tarball: join(folder, `${manifest.name}-${manifest.version}.tgz`) };
}

/** An application at work, in a process of its own. */
export interface Server {
  readonly url: string;
  /** What it wrote so far. */
  output(): string;
  stop(): Promise<void>;
}

/** Starts a server, and waits until it answers. */
export async function start(
  command: string,
  args: string[],
  cwd: string,
  env: Record<string, string>,
  port: number | Promise<number> = freePort(),
): Promise<Server> {
  const url = `http://127.0.0.1:${await port}`;
  const shared = { ...process.env, NODE_ENV: "production", HOST: "127.0.0.1", PORT: String(await port) };
  const child = spawn(command, args, { cwd, env: { ...shared, ...env } });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  await firstAnswer(child, url, () => output);
  return { url, output: () => output, stop };
}

async function firstAnswer(child: ChildProcess, url: string, output: () => string): Promise<void> {
  for (;;) {
    const answer = await ask(url);
    // A dev server that still builds answers with 503.
    if (answer !== undefined && answer.status !== 503) return;
    if (child.exitCode !== null) throw new Error(`The server has ended:\n${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A request to a server that may not be there yet, or drops it while it replaces its worker. */
export async function ask(url: string, init?: RequestInit): Promise<Response | undefined> {
  return fetch(url, { ...init, signal: AbortSignal.timeout(2000) }).catch(() => undefined);
}

/** What a command wrote. @throws with that if it fails */
export function run(command: string, args: string[], cwd: string, env: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd, env: { ...process.env, ...env }, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout + stderr);
      else reject(new Error(`${command} ${args.join(" ")}\n${stdout}${stderr}`));
    });
  });
}

export async function remove(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
