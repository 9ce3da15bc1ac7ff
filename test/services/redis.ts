import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort } from "./free-port.ts";
import { standStill } from "./stand-still.ts";

const HOST = "127.0.0.1";

/** A server that does not answer by then is not coming. */
const DEADLINE = 20_000;

const running = new Set<ChildProcess>();
process.once("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** A real `redis-server`, from PATH, that keeps nothing on disk. */
export interface RedisServer {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** Stands still, with its connections open, until it is resumed. */
  pause(): void;
  resume(): void;
  /** Dies at once, as by `kill -9`. */
  kill(): Promise<void>;
  /** Starts anew at the same port, with nothing in it. */
  restart(): Promise<void>;
  /** Ends it for good. */
  stop(): Promise<void>;
}

/** @throws {Error} if `redis-server` is not installed, or does not start */
export async function startRedis(...options: string[]): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), "unsession-redis-"));
  const port = await freePort();
  const start = (): Promise<ChildProcess> => launch(port, folder, options);
  let child = await start();
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGKILL");
    await closed;
  };
  return {
    host: HOST,
    port,
    url: `redis://${HOST}:${port}`,
    pause: () => standStill(child.pid),
    resume: () => void child.kill("SIGCONT"),
    kill,
    async restart() {
      await kill();
      child = await start();
    },
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Three masters that share the slots of a Redis Cluster. */
export async function startRedisCluster(): Promise<readonly RedisServer[]> {
  const buses = await Promise.all([freePort(), freePort(), freePort()]);
  const nodes = await Promise.all(
    buses.map((bus) => startRedis("--cluster-enabled", "yes", "--cluster-port", String(bus), "--cluster-node-timeout", "2000")),
  );
  const clients = nodes.map(({ port }) => new Redis(port, HOST));
  const slots = ["0 5460", "5461 10922", "10923 16383"];
  const [first, ...others] = nodes as [RedisServer, ...RedisServer[]];
  for (const [n, client] of clients.entries()) {
    await client.call("cluster", "addslotsrange", ...(slots[n] as string).split(" "));
    if (n > 0) await client.call("cluster", "meet", HOST, String(first.port), String(buses[0]));
  }
  for (const client of clients) {
    await until("the nodes of a Redis Cluster have met", async () => {
      const info = String(await client.call("cluster", "info"));
      return info.includes("cluster_state:ok") && info.includes(`cluster_known_nodes:${others.length + 1}`);
    });
    client.disconnect();
  }
  return nodes;
}

/** Asks until the answer is yes. */
export async function until(what: string, ask: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + DEADLINE;
  while (!(await ask())) {
    if (Date.now() > deadline) throw new Error(`It took too long until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function launch(port: number, folder: string, options: readonly string[]): Promise<ChildProcess> {
  const settings = ["--port", String(port), "--bind", HOST, "--dir", folder, "--save", "", "--appendonly", "no", ...options];
  const child = spawn("redis-server", settings, { stdio: ["ignore", "pipe", "ignore"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  let failure: Error | undefined;
  child.once("error", (cause) => {
    failure = new Error("`redis-server` is not on the PATH. Install it: `apt-get install redis-server`, `brew install redis`.", {
      cause,
    });
  });
  child.once("exit", (code) => (failure ??= new Error(`redis-server ended with ${code}:\n${output}`)));
  running.add(child);
  child.once("close", () => running.delete(child));
  await until("redis-server answers", async () => {
    if (failure !== undefined) throw failure;
    return isUp(port);
  });
  return child;
}

function isUp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST, () => socket.write("PING\r\n"));
    socket.once("data", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
