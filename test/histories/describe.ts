import { fork } from "node:child_process";
import { once } from "node:events";
import { createSessionManager } from "unsession";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { begin, timeouts } from "../stores/_sessions.ts";
import { fileOf, removeBundle } from "./bundle.ts";
import type { HotJob } from "./hot.ts";
import { playHistory, type Played } from "./play.ts";
import { faultsOf, stages, type Stage } from "./stages.ts";
import { openStorage, type Address, type StoreName } from "./storage.ts";

const isLong = process.env["LONG"] === "1";
const seconds = Number(process.env["SECONDS"] ?? 300);
const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
const WORKERS = 4;
const MINUTE = 60_000;

/** A long history is told in chapters, so that it is checked as it goes on, and forgets what it has checked. */
const CHAPTER = 60;

/** Several processes on one real store, while everything fails that can. */
export function describeHistories(store: StoreName): void {
  describe(`${WORKERS} processes on ${store} (SEED=${seed})`, { timeout: 3 * MINUTE }, () => {
    let stage: Stage;
    beforeAll(async () => void (stage = await stages[store]()));
    afterAll(async () => {
      await stage.close();
      await removeBundle();
    });

    it("lose nothing by any fault, and nothing that ended comes back", async () => {
      const played = await playHistory(stage, { workers: WORKERS, seed, calm: 250, faults: { rounds: 1 }, requests: 300 });
      console.info(summaryOf(store, [played]));
      expect(played.violations, `the events are in ${played.folder}`).toEqual([]);
      expect(Object.keys(played.faults).sort()).toEqual([...faultsOf(stage)].sort());
    });

    it("are seen to lose when the store does not compare", async () => {
      const { violations } = await playHistory(stage, {
        workers: WORKERS,
        seed,
        calm: 100,
        faults: { rounds: 0 },
        requests: 300,
        blind: true,
      });
      expect(violations).not.toEqual([]);
    });

    it("keep all of 200 increments and of 50 keys in one hot session", async () => {
      const counted = await writeHot(stage, "count", 200);
      const kept = await writeHot(stage, "keep", 50);
      console.info(`${store}: 200 writers of one session in ${WORKERS} processes: ${counted.perSecond} commits a second`);
      expect(counted.data).toEqual({ begun: true, count: 200 });
      expect(kept.data).toEqual({ begun: true, ...Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`key${n}`, n])) });
    });

    if (isLong) {
      it(`lose nothing in ${seconds} s`, { timeout: 2 * seconds * 1000 + 3 * MINUTE }, async () => {
        const chapters: Played[] = [];
        const end = Date.now() + seconds * 1000;
        for (let left = seconds; left > 0; left = (end - Date.now()) / 1000) {
          const faults = { seconds: Math.min(CHAPTER, left) };
          const played = await playHistory(stage, {
            workers: WORKERS,
            seed: seed + chapters.length,
            calm: 400,
            faults,
            requests: 0,
          });
          chapters.push(played);
          console.info(`${summaryOf(store, chapters)}; ${Math.max(0, Math.round((end - Date.now()) / 1000))} s left`);
          expect(played.violations, `the events are in ${played.folder}`).toEqual([]);
        }
      });
    }
  });
}

/** Lets as many requests as given write into one session at once, spread over the processes. */
async function writeHot(stage: Stage, deed: HotJob["deed"], writers: number): Promise<{ data: object; perSecond: number }> {
  const address: Address = { store: stage.store, url: stage.url(), prefix: `hot:${crypto.randomUUID()}:` };
  const { prefix } = address;
  const { store, close } = await openStorage(address);
  const manager = createSessionManager({ storage: store, prefix, timeouts });
  const cookie = await begin(manager);
  const program = await fileOf("hot");
  const numbers = Array.from({ length: writers }, (_, n) => n);
  const processes = Array.from({ length: WORKERS }, (_, worker) => {
    const job: HotJob = { address, cookie, deed, requests: numbers.filter((n) => n % WORKERS === worker) };
    return fork(program, [JSON.stringify(job)], { execArgv: [] });
  });
  await Promise.all(processes.map((process) => once(process, "message")));
  const began = performance.now();
  const ended = processes.map((process) => once(process, "exit"));
  for (const process of processes) process.send("go");
  for (const [code] of await Promise.all(ended)) expect(code).toBe(0);
  const perSecond = Math.round((writers * 1000) / (performance.now() - began));
  const data = { ...(await manager.load(cookie)) };
  await close();
  return { data, perSecond };
}

function summaryOf(store: StoreName, played: readonly Played[]): string {
  const sum = (count: (one: Played) => number): number => played.reduce((total, one) => total + count(one), 0);
  const injected = new Map<string, number>();
  for (const { faults } of played)
    for (const [name, times] of Object.entries(faults)) injected.set(name, (injected.get(name) ?? 0) + times);
  return (
    `${store}: ${sum((one) => one.requests)} requests, ${sum((one) => one.commits)} commits in ${sum((one) => one.sessions)} sessions, ` +
    `${sum((one) => one.conflicts)} conflicts, ${sum((one) => one.retries)} retries, ${sum((one) => one.unknown)} unknown; ` +
    `faults: ${[...injected].map(([name, times]) => `${name} ${times}`).join(", ")}; ` +
    `${sum((one) => one.checks)} checks, ${sum((one) => one.violations.length)} violations`
  );
}
