import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { root } from "../scripts/entries.ts";

const SCRIPT = join(root, "scripts/start.mjs");

function envOf(env: Record<string, string>): NodeJS.ProcessEnv {
  return { ...process.env, NODE_ENV: "development", HOST: "", STORAGE: "", ...env };
}

/** Runs the script of `npm start` until the test is over; gives the address that it prints, and the lines before it. */
export async function start(env: Record<string, string>): Promise<{ address: string; lines: string[] }> {
  const child = spawn(process.execPath, [SCRIPT], { env: envOf(env), stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  onTestFinished(async () => {
    if (child.exitCode === null) process.kill(child.pid as number);
    await ended;
  });
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const [address] = /http:\/\/\S+/.exec(line) ?? [];
    if (address !== undefined) return { address, lines };
    lines.push(line);
  }
  throw new Error("It ended without an address");
}

/** Runs the script of `npm start` where it is to end by itself; gives its exit code and what it wrote to stderr. */
export async function failToStart(env: Record<string, string>): Promise<{ code: number; errors: string }> {
  const child = spawn(process.execPath, [SCRIPT], { env: envOf(env), stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.on("data", (chunk) => (errors += chunk));
  const [code] = await once(child, "close");
  return { code, errors };
}
