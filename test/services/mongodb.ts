import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root } from "../../scripts/entries.ts";

const SOURCE = join(root, "test/services/mongo-wire");
/** Libraries from Maven, and the compiled server: made once. */
const BUILT = join(root, "node_modules/.cache/mongo-wire");

export interface MongoServer {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/**
 * Starts a server that speaks MongoDB's protocol, or takes the one at `MONGODB_URL`.
 *
 * MongoDB itself is on no package registry. mongo-java-server is: of fifty concurrent conditional updates exactly one wins (which
 * `test/stores/mongodb.test.ts` probes first); FerretDB 1.24 over SQLite lets up to 42 of 50 win.
 */
export async function startMongodb(): Promise<MongoServer> {
  const url = process.env["MONGODB_URL"];
  if (url !== undefined) return { url, close: async () => {} };
  build();
  const server = spawn("java", ["-cp", `${BUILT}:${BUILT}/*`, "MongoWire"], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<never>((_, reject) => {
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`The MongoDB server ended with ${code}.`)));
  });
  ended.catch(() => {});
  const lines = createInterface(server.stdout)[Symbol.asyncIterator]();
  const { value: port } = await Promise.race([lines.next(), ended]);
  return {
    url: `mongodb://127.0.0.1:${port}`,
    async close() {
      server.stdin.end();
      await ended.catch(() => {});
    },
  };
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
