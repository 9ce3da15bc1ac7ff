import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root } from "../../scripts/entries.ts";
import { standStill } from "./stand-still.ts";

const SOURCE = join(root, "test/services/mongo-wire");
/** Libraries from Maven, and the compiled server: made once for each state of the sources. */
const BUILT = join(root, `node_modules/.cache/mongo-wire-${digestOf("pom.xml", "MongoWire.java")}`);

const running = new Set<ChildProcess>();
process.once("exit", () => running.forEach((child) => child.kill("SIGKILL")));

export interface MongoServer {
  /** Another one after a restart. */
  readonly url: string;
  /** What can be done to a server of our own; none at `MONGODB_URL`. */
  readonly process: MongoProcess | undefined;
  close(): Promise<void>;
}

export interface MongoProcess {
  /** Stands still, with its connections open, until it is resumed. */
  pause(): void;
  resume(): void;
  /** Dies at once, and starts anew at another port, with nothing in it. */
  restart(): Promise<void>;
}

/**
 * Starts a server that speaks MongoDB's protocol, or takes the one at `MONGODB_URL`.
 *
 * MongoDB itself is on no package registry. mongo-java-server is: of fifty concurrent conditional updates exactly one wins (which
 * `test/stores/mongodb.test.ts` probes first); FerretDB 1.24 over SQLite lets up to 42 of 50 win.
 */
export async function startMongodb(): Promise<MongoServer> {
  const given = process.env["MONGODB_URL"];
  if (given !== undefined) return { url: given, process: undefined, close: async () => {} };
  build();
  let { child, port } = await launch();
  const kill = async (): Promise<void> => {
    if (!running.has(child)) return;
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await exited;
  };
  return {
    get url() {
      return `mongodb://127.0.0.1:${port}`;
    },
    process: {
      pause: () => standStill(child.pid),
      resume: () => void child.kill("SIGCONT"),
      async restart() {
        await kill();
        ({ child, port } = await launch());
      },
    },
    close: kill,
  };
}

async function launch(): Promise<{ child: ChildProcess; port: number }> {
  // Small, and compiled little: it lives for seconds, beside others.
  const options = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
  const child = spawn("java", [...options, "-cp", `${BUILT}:${BUILT}/*`, "MongoWire"], { stdio: ["pipe", "pipe", "inherit"] });
  running.add(child);
  const ended = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      running.delete(child);
      reject(new Error(`The MongoDB server ended with ${code}.`));
    });
  });
  ended.catch(() => {});
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const { value } = await Promise.race([lines.next(), ended]);
  return { child, port: Number(value) };
}

function build(): void {
  if (existsSync(BUILT)) return;
  const making = `${BUILT}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  run("mvn", "-q", "-B", "-f", join(SOURCE, "pom.xml"), "dependency:copy-dependencies", `-DoutputDirectory=${making}`);
  run("javac", "-cp", `${making}/*`, "-d", making, join(SOURCE, "MongoWire.java"));
  // Another test file may have been quicker.
  if (existsSync(BUILT)) rmSync(making, { recursive: true });
  else renameSync(making, BUILT);
}

function digestOf(...files: string[]): string {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(join(SOURCE, file)));
  return hash.digest("hex").slice(0, 8);
}

function run(command: string, ...args: string[]): void {
  try {
    execFileSync(command, args, { stdio: "inherit" });
  } catch (cause) {
    throw new Error(
      `No MongoDB server: \`${command}\` failed. Install a JDK and Maven (apt-get install -y default-jdk maven), or set MONGODB_URL.`,
      { cause },
    );
  }
}
