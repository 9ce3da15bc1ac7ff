import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Redis } from "ioredis";
import { startRedis } from "../../test/services/redis.ts";
import { chart } from "./chart.ts";
import { commandsOf, measure, prepare } from "./measure.ts";
import { startClient, startServer, type Server } from "./processes.ts";
import { report, Results, type Series } from "./report.ts";
import { ROUTES, SIZES, targets, type Route, type Target } from "./targets.ts";

const HELP = `npm run bench:http -- [options]
  --only A,B      servers whose names contain one of these; what is written by hand always runs
  --routes A,B    of ${ROUTES.join(", ")}
  --sizes A,B     of ${SIZES.join(", ")}
  --runs N        rounds (7)
  --seconds N     of each run (1)
  --quick         3 rounds of half a second, of the first size
  --profile DIR   writes a CPU profile of each server
Without --quick, --only, --routes and --sizes the tables and the chart of the documentation are written.`;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    routes: { type: "string" },
    sizes: { type: "string" },
    runs: { type: "string" },
    seconds: { type: "string" },
    quick: { type: "boolean", default: false },
    profile: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

// What was started ends with this process, also if it is interrupted.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const root = fileURLToPath(new URL("../../", import.meta.url));
const MARK = "<!-- bench:http -->";

if (values.help) console.log(HELP);
else await main();

async function main(): Promise<void> {
  const routes = chosen<Route>(ROUTES, values.routes);
  const sizes = chosen<number>(values.quick ? SIZES.slice(0, 1) : SIZES, values.sizes);
  const servers = chosenTargets(values.only?.split(","));
  const rounds = Number(values.runs ?? (values.quick ? 3 : 7));
  const seconds = Number(values.seconds ?? (values.quick ? 0.5 : 1));
  if (servers.some(({ isPeer }) => isPeer)) installPeers();
  if (values.profile !== undefined) mkdirSync(values.profile, { recursive: true });

  const redis = await startRedis("--maxmemory", "1gb", "--maxmemory-policy", "noeviction");
  const admin = new Redis(redis.url);
  const client = startClient();
  const running: Server[] = [];
  const all: Series[] = [];
  try {
    for (const target of servers) running.push(await startServer(target, redis.url, values.profile));
    const minutes = (servers.length * routes.length * sizes.length * (rounds + 2) * seconds) / 60;
    note(`${servers.length} servers, ${cpus().length} cores (${cpus()[0]?.model}), about ${Math.ceil(minutes)} minutes`);
    for (const size of sizes) {
      await admin.flushall();
      const cookies = new Map<Server, string[]>();
      for (const server of running) cookies.set(server, await prepare(client, server, size));
      for (const route of routes) {
        const series = running.map(({ target }): Series => ({ target, route, size, runs: [], commands: "" }));
        all.push(...series);
        const each = async (round: number, n: number, warms: boolean): Promise<void> => {
          const server = running[n] as Server;
          note(`${size} bytes, ${route}, ${warms ? "warming up" : `round ${round + 1} of ${rounds}`}: ${server.target.name}`);
          const run = await measure(client, server, route, cookies.get(server) as string[], seconds);
          if (!warms) series[n]?.runs.push(run);
        };
        for (const [n, server] of running.entries()) {
          await each(0, n, true);
          (series[n] as Series).commands = await commandsOf(client, admin, server, route, cookies.get(server) as string[]);
        }
        for (let round = 0; round < rounds; round++) {
          // Each time another one begins, so that nobody always comes after the same.
          for (let step = 0; step < running.length; step++) await each(round, (round + step) % running.length, false);
        }
      }
    }
  } finally {
    note("");
    await client.stop();
    for (const server of running) await server.stop();
    admin.disconnect();
    await redis.stop();
  }
  const results = new Results(all);
  const tables = report(results);
  console.log(tables);
  const { runs, of } = results.disturbed;
  const verdict =
    runs === 0
      ? `In all ${of} runs the server had at least 90 % of a core.`
      : `The machine was busy: in ${runs} of ${of} runs the server had less than 90 % of a core.`;
  console.log(`\n${verdict}`);
  if (values.quick || (values.only ?? values.routes ?? values.sizes) !== undefined) return;
  writeFileSync(`${root}docs/images/performance.svg`, chart(results, sizes[0] as number));
  writeTables(`${tables}\n\n${verdict}`);
}

function chosen<V extends string | number>(among: readonly V[], wanted: string | undefined): readonly V[] {
  if (wanted === undefined) return among;
  const names = new Set(wanted.split(","));
  const unknown = [...names].filter((name) => !among.some((one) => String(one) === name));
  if (unknown.length > 0) throw new Error(`${unknown.join(", ")}: choose among ${among.join(", ")}`);
  return among.filter((one) => names.has(String(one)));
}

/** Those whose names hold one of the words, and what they are measured against. */
function chosenTargets(words: readonly string[] | undefined): readonly Target[] {
  if (words === undefined) return targets;
  const wanted = targets.filter(({ name }) => words.some((word) => name.includes(word)));
  if (wanted.length === 0) throw new Error(`No server is called so: ${targets.map(({ name }) => name).join("; ")}`);
  return targets.filter((one) => wanted.includes(one) || wanted.some(({ limit }) => limit === one.name));
}

/** Peers have a package of their own, so that nobody has to install them who does not measure. */
function installPeers(): void {
  const folder = fileURLToPath(new URL("peers", import.meta.url));
  if (existsSync(`${folder}/node_modules`)) return;
  note("installing the peers");
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--no-package-lock"], { cwd: folder, stdio: "ignore" });
}

/** Puts the tables where the documentation shows them. */
function writeTables(tables: string): void {
  const page = `${root}docs/performance.md`;
  const [before, , after] = readFileSync(page, "utf8").split(MARK);
  writeFileSync(page, [before, `\n${tables}\n`, after].join(MARK));
}

/** Progress, on one line where there is a terminal. */
function note(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\u001B[K${text}` : text === "" ? "" : `${text}\n`);
}
