import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Puts data in the care of a library while something works on it, and gives what it has become, or what the work gave. */
export type Track = <T extends object, R>(data: T, work: (data: T) => R) => unknown;

const NAMES = ["vue", "immer", "mutative", "on-change", "valtio"];

/** The libraries that tracking is measured against, installed when they are first needed. */
export async function loadPeers(): Promise<Record<string, Track>> {
  const folder = new URL("./peers/", import.meta.url);
  if (!existsSync(new URL("node_modules", folder))) {
    console.log(`Installing what it is measured against: ${NAMES.join(", ")}`);
    execFileSync("npm", ["install", "--no-package-lock", "--no-audit", "--no-fund"], {
      cwd: fileURLToPath(folder),
      stdio: "inherit",
    });
  }
  const load = async (name: string): Promise<[string, Track]> => {
    const { track } = (await import(new URL(`${name}.mjs`, folder).href)) as { track: Track };
    return [name, track];
  };
  return Object.fromEntries(await Promise.all(NAMES.map(load)));
}
