import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Target } from "./targets.ts";

/** A server that has not answered by then never will. */
const DEADLINE = 30_000;

/** One server under test, in a process of its own. */
export interface Server {
  readonly target: Target;
  readonly port: number;
  /** Processor time so far, in milliseconds. */
  cpu(): Promise<number>;
  /** Sets the size of new sessions, in bytes. */
  resize(size: number): Promise<void>;
  stop(): Promise<void>;
}

/** What to send. */
export interface Load {
  readonly port: number;
  readonly path: string;
  /** Sent in turn; `""` for none. */
  readonly cookies: readonly string[];
  readonly connections: number;
  readonly seconds?: number;
  readonly count?: number;
}

/** How it went. */
export interface Outcome {
  readonly requests: number;
  readonly seconds: number;
  /** The median wait for an answer, in milliseconds. */
  readonly p50: number;
  /** With `count`: the cookies that each answer set, and the last body. */
  readonly setCookies: readonly string[];
  readonly body: string;
}

/** What sends requests, in a process of its own. */
export interface Client {
  /** @throws {Error} if any answer is not a 200 */
  run(load: Load): Promise<Outcome>;
  stop(): Promise<void>;
}

export async function startServer(target: Target, redisUrl: string, profiles: string | undefined): Promise<Server> {
  const flags =
    profiles === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profiles}`, `--cpu-prof-name=${target.name}.cpuprofile`];
  const child = start(target.file, flags, { ...target.env, REDIS_URL: redisUrl, NODE_ENV: "production" });
  const { port } = await next<{ port: number }>(child, target.name);
  const ask = async (question: object): Promise<number> => {
    const answer = next<{ cpu: NodeJS.CpuUsage }>(child, target.name);
    child.send(question);
    const { cpu } = await answer;
    return (cpu.user + cpu.system) / 1000;
  };
  return {
    target,
    port,
    cpu: () => ask({}),
    resize: async (size) => void (await ask({ size })),
    stop: () => stop(child),
  };
}

export function startClient(): Client {
  const child = start("client.mjs", [], {});
  return {
    async run(load) {
      const { seconds = 0 } = load;
      const answer = next<{ outcome?: Outcome; failure?: string }>(child, "client", seconds * 1000);
      child.send(load);
      const { outcome, failure } = await answer;
      if (outcome === undefined) throw new Error(failure);
      return outcome;
    },
    stop: () => stop(child),
  };
}

const running = new Set<ChildProcess>();
process.once("exit", () => running.forEach((child) => child.kill("SIGKILL")));

function start(file: string, execArgv: string[], env: NodeJS.ProcessEnv): ChildProcess {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [], {
    execArgv,
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

/** The next message of a process. */
function next<M>(child: ChildProcess, name: string, extra: number = 0): Promise<M> {
  return new Promise((resolve, reject) => {
    const failed = (why: string): void => reject(new Error(`${name} ${why}`));
    const timer = setTimeout(() => failed("does not answer"), DEADLINE + extra);
    const closed = (code: number | null, signal: string | null): void => failed(`has ended (${signal ?? code})`);
    child.once("exit", closed);
    child.once("message", (message) => {
      clearTimeout(timer);
      child.off("exit", closed);
      resolve(message as M);
    });
  });
}

/** Ends a process, once it has written what it profiled. */
async function stop(child: ChildProcess): Promise<void> {
  if (!running.has(child)) return;
  const closed = new Promise((resolve) => child.once("exit", resolve));
  child.disconnect();
  await closed;
}
