import { describe, expect, it } from "vitest";
import { onDemand } from "../../src/on-demand.ts";

describe("code that is imported on demand", () => {
  it("is imported when it is first needed", async () => {
    let loads = 0;
    const use = onDemand(async () => ({ answer: ++loads }));
    expect(loads).toBe(0);
    expect(await use(async ({ answer }) => answer)).toBe(1);
    expect(await use(async ({ answer }) => answer)).toBe(1);
  });

  it("is called at once from then on", async () => {
    const use = onDemand(async () => ({}));
    await use(async () => {});
    let called = false;
    void use(async () => void (called = true));
    expect(called).toBe(true);
  });

  it("is asked for again if it could not be imported, and the caller is told", async () => {
    let loads = 0;
    const use = onDemand(async () => {
      if (++loads === 1) throw new Error("not there");
      return { answer: 42 };
    });
    await expect(use(async ({ answer }) => answer)).rejects.toThrow("not there");
    expect(await use(async ({ answer }) => answer)).toBe(42);
  });
});
