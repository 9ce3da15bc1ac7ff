import { describe, expect, it } from "vitest";
import { createSessionManager } from "unsession";
import { createClock, readSession, seedSession } from "unsession/testing";

describe("createClock", () => {
  it("stands still until it is advanced, by seconds", () => {
    const clock = createClock(1_000);
    expect([clock.now(), clock.now()]).toEqual([1_000, 1_000]);
    clock.advance(1.001);
    expect(clock.now()).toBe(2_001);
  });

  it("begins at a date", () => {
    expect(new Date(createClock(new Date("2030-01-01T00:00:00Z")).now()).toISOString()).toBe("2030-01-01T00:00:00.000Z");
  });

  it("ends delays once they are over, in their order", async () => {
    const clock = createClock();
    const over: number[] = [];
    const waiting = [300, 100, 200].map((milliseconds) => clock.delay(milliseconds).then(() => over.push(milliseconds)));
    clock.advance(0.1);
    await waiting[1];
    expect(over).toEqual([100]);
    clock.advance(10);
    await Promise.all(waiting);
    expect(over).toEqual([100, 200, 300]);
  });

  it("lets a session expire", async () => {
    const clock = createClock();
    const sessions = createSessionManager({ idleTimeout: 60, now: clock.now });
    const cookie = await seedSession(sessions, { views: 1 });
    clock.advance(59);
    expect(await readSession(sessions, cookie)).toEqual({ views: 1 });
    clock.advance(1);
    expect(await readSession(sessions, cookie)).toBeUndefined();
  });
});
