import { spawn, type ChildProcess } from "node:child_process";
import { connect } from "node:net";
import { freePort } from "./free-port.ts";
import { standStill } from "./stand-still.ts";

const HOST = "127.0.0.1";

/** A server that does not answer by then is not coming. */
const DEADLINE = 20_000;

const running = new Set<ChildProcess>();
process.once("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** A real `memcached`, from PATH. */
export interface MemcachedServer {
  /** As `host:port`. */
  readonly address: string;
  /** Sends a command as it is, and gives the answer. */
  ask(command: string): Promise<string>;
  /** Its counters. */
  stats(): Promise<Record<string, string>>;
  /** Waits until its own clock, which counts seconds, has gone on by so much. */
  elapse(milliseconds: number): Promise<void>;
  /** Stands still, with its connections open, until it is resumed. */
  pause(): void;
  resume(): void;
  /** Dies at once, as by `kill -9`. */
  kill(): Promise<void>;
  /** Starts anew at the same port, with nothing in it. */
  restart(): Promise<void>;
}

/** @throws {Error} if `memcached` is not installed, or does not start */
export async function startMemcached(...options: string[]): Promise<MemcachedServer> {
  const port = await freePort();
  let child = await launch(port, options);
  const server: MemcachedServer = {
    address: `${HOST}:${port}`,
    ask: (command) => ask(port, command),
    async stats() {
      const lines = [...(await server.ask("stats")).matchAll(/^STAT (\S+) (.*)\r$/gm)];
      return Object.fromEntries(lines.map(([, name, value]) => [name, value]));
    },
    async elapse(milliseconds) {
      const time = async (): Promise<number> => Number((await server.stats())["time"]);
      const end = (await time()) + Math.ceil(milliseconds / 1000);
      await until(`the clock of memcached has gone on by ${milliseconds} ms`, async () => (await time()) >= end);
    },
    pause: () => standStill(child.pid),
    resume: () => void child.kill("SIGCONT"),
    kill: () => kill(child),
    async restart() {
      await server.kill();
      child = await launch(port, options);
    },
  };
  return server;
}

/** Ends all that were started, also those that a failed test left behind: for `afterAll`. */
export async function stopMemcached(): Promise<void> {
  await Promise.all([...running].map(kill));
}

/** Asks until the answer is yes. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + DEADLINE;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`It took too long until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function launch(port: number, options: readonly string[]): Promise<ChildProcess> {
  // It refuses to run as root unless it is told to; anybody else's `-u` it ignores.
  const child = spawn("memcached", ["-u", "root", "-l", HOST, "-p", String(port), ...options], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let output = "";
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  let failure: Error | undefined;
  child.once("error", (cause) => {
    failure = new Error("`memcached` is not on the PATH. Install it: `apt-get install memcached`, `brew install memcached`.", {
      cause,
    });
  });
  child.once("spawn", () => running.add(child));
  child.once("exit", (code) => {
    running.delete(child);
    failure ??= new Error(`memcached ended with ${code}:\n${output}`);
  });
  await until("memcached answers", async () => {
    if (failure !== undefined) throw failure;
    // Another server may have taken the port.
    return (await ask(port, "stats").catch(() => "")).includes(`STAT pid ${child.pid}\r\n`);
  });
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (!running.has(child)) return;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await exited;
}

function ask(port: number, command: string): Promise<string> {
  const end = command === "stats" ? "END\r\n" : "\r\n";
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, HOST, () => socket.write(`${command}\r\n`));
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
      if (answer.endsWith(end)) socket.destroy();
    });
    socket.once("error", reject);
    socket.once("close", () => resolve(answer));
  });
}
