import { MongoClient } from "mongodb";
import { Redis } from "ioredis";
import { startMemcached } from "../services/memcached.ts";
import { startMongodb } from "../services/mongodb.ts";
import { startRedis } from "../services/redis.ts";
import type { FaultName, Victim } from "./faults.ts";
import { DATABASE, type StoreName } from "./storage.ts";

/** A store that histories are played on, with the server behind it. */
export interface Stage {
  readonly store: StoreName;
  /** Where it is now; a restart may change that. */
  readonly url: () => string;
  /** What can be done to the server; nothing to one that is not ours. */
  readonly server: Pick<Victim, "pause" | "resume" | "restart" | "flush"> | undefined;
  close(): Promise<void>;
}

/** What is done to the wire and to workers, on every stage. */
const ANYWHERE: readonly FaultName[] = ["reset", "lost answers", "kill", "kill between calls", "clock"];

export function faultsOf({ server }: Stage): readonly FaultName[] {
  return server === undefined ? ANYWHERE : [...ANYWHERE, "pause", "restart", "flush"];
}

export const stages: Record<StoreName, () => Promise<Stage>> = {
  async redis() {
    // Each write is on disk before it is answered, so a restart loses none that was acknowledged.
    const server = await startRedis("--appendonly", "yes", "--appendfsync", "always");
    const { pause, resume, url } = server;
    const flush = async (): Promise<void> => {
      const admin = new Redis(url);
      await admin.flushall();
      admin.disconnect();
    };
    const restart = async (): Promise<"kept"> => {
      await server.restart();
      return "kept";
    };
    return { store: "redis", url: () => url, server: { pause, resume, restart, flush }, close: () => server.stop() };
  },

  async memcached() {
    const server = await startMemcached();
    const { pause, resume } = server;
    const flush = async (): Promise<void> => void (await server.ask("flush_all"));
    const restart = async (): Promise<"lost"> => {
      await server.restart();
      return "lost";
    };
    return {
      store: "memcached",
      url: () => `memcached://${server.address}`,
      server: { pause, resume, restart, flush },
      close: () => server.kill(),
    };
  },

  async mongodb() {
    const server = await startMongodb();
    const { process } = server;
    const flush = async (): Promise<void> => {
      const client = new MongoClient(server.url);
      for (const collection of await client.db(DATABASE).collections()) await collection.deleteMany({});
      await client.close();
    };
    const restart = async (): Promise<"lost"> => {
      await process?.restart();
      return "lost";
    };
    return {
      store: "mongodb",
      url: () => server.url,
      server: process === undefined ? undefined : { pause: process.pause, resume: process.resume, restart, flush },
      close: () => server.close(),
    };
  },
};
