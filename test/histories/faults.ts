import type { Random } from "../model/random.ts";

/** What can be done to a store, and to the wire to it, while a history goes on. */
export interface Victim {
  /** Stands still with its connections open. */
  pause(): void;
  resume(): void;
  /** Dies and comes back; whether it has forgotten everything. */
  restart(): Promise<"lost" | "kept">;
  /** Forgets everything. */
  flush(): Promise<void>;
  resetConnections(): void;
  /** Answers get lost until the connections are reset. */
  loseAnswers(): void;
  killWorker(): void;
  /** One worker's clock is off by so many milliseconds. */
  stepClock(milliseconds: number): void;
}

export type FaultName = "pause" | "restart" | "flush" | "reset" | "lost answers" | "kill" | "clock";

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
  async clock(victim, random) {
    victim.stepClock(random.pick([-3_600_000, -60_000, 0, 60_000, 3_600_000]));
    return false;
  },
};

export function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
