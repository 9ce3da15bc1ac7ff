import type { Random } from "../model/random.ts";

/** What can be done to a store, to the wire, and to a worker, while a history goes on. */
export interface Victim {
  /** Stands still with its connections open. */
  pause(): void;
  resume(): void;
  /** Dies and comes back; whether it has forgotten everything. */
  restart(): Promise<"lost" | "kept">;
  /** Forgets everything. */
  flush(): Promise<void>;
  resetConnections(): void;
  /** Requests arrive and answers do not, until the connections are reset. */
  loseAnswers(): void;
  /** `kill -9`, at whatever it is doing. */
  killWorker(): void;
  /** `kill -9` of itself, when so many moments before or after calls to the store have passed. */
  killBetweenCalls(moments: number): Promise<void>;
  /** One worker's clock is off by so many milliseconds; gives what puts it right. */
  stepClock(milliseconds: number): () => void;
}

export type FaultName = "pause" | "restart" | "flush" | "reset" | "lost answers" | "kill" | "kill between calls" | "clock";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Carries out one fault and heals it; resolves to whether all data was lost by it. */
export const faults: Record<FaultName, (victim: Victim, random: Random) => Promise<boolean>> = {
  async pause(victim, random) {
    victim.pause();
    await wait(100 + random.below(1200));
    victim.resume();
    return false;
  },
  restart: async (victim) => (await victim.restart()) === "lost",
  async flush(victim) {
    await victim.flush();
    return true;
  },
  async reset(victim) {
    victim.resetConnections();
    return false;
  },
  async "lost answers"(victim, random) {
    victim.loseAnswers();
    await wait(20 + random.below(400));
    victim.resetConnections();
    return false;
  },
  async kill(victim) {
    victim.killWorker();
    return false;
  },
  async "kill between calls"(victim, random) {
    await victim.killBetweenCalls(random.below(60));
    return false;
  },
  async clock(victim, random) {
    const heal = victim.stepClock(random.pick([-HOUR, -MINUTE, MINUTE, HOUR, 13 * HOUR]));
    await wait(100 + random.below(500));
    heal();
    return false;
  },
};

export function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
