import { describe, expect, it } from "vitest";
import { Turns } from "../../src/give-way.ts";

/** A platform whose time passes as it is told, and that notes when somebody waits. */
function createPlatform() {
  const platform = {
    time: 0,
    waits: 0,
    random: () => 0,
    uptime: () => platform.time,
    async sleep() {},
    async nextTurn() {
      platform.waits++;
    },
  };
  return platform;
}

describe("a long walk", () => {
  it("goes on without a pause for a short time", async () => {
    const platform = createPlatform();
    const turns = new Turns(platform);
    platform.time = 0.25;
    await turns.giveWay();
    expect(platform.waits).toBe(0);
  });

  it("lets others go on each time it took long", async () => {
    const platform = createPlatform();
    const turns = new Turns(platform);
    for (const time of [0.75, 1, 1.5, 1.75]) {
      platform.time = time;
      await turns.giveWay();
    }
    expect(platform.waits).toBe(2);
  });
});
