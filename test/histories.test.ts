import { describe, expect, it } from "vitest";
import { playHistory, type Stage } from "./histories/play.ts";
import { startMongodb } from "./services/mongodb.ts";

const isLong = process.env["LONG"] !== undefined;
const seconds = Number(process.env["SECONDS"] ?? (isLong ? 300 : 6));
const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);

describe(`histories of four processes, ${seconds} s on each store (SEED=${seed})`, () => {
  it("mongodb", async () => {
    const server = await startMongodb();
    const stage: Stage = {
      name: "mongodb",
      port: () => Number(new URL(server.url).port),
      server: { pause() {}, resume() {}, restart: async () => "kept", flush: async () => {} },
      faults: ["reset", "lost answers", "kill", "clock"],
    };
    const findings = await playHistory(stage, { seconds, workers: 4, seed, calm: 400 });
    console.log(JSON.stringify({ ...findings, violations: findings.violations.length }), findings.violations.slice(0, 12));
    await server.close();
    expect(findings.violations).toEqual([]);
  });
});
