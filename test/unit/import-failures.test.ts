import { describe, expect, it, vi } from "vitest";
import { errorOf, World } from "./_setup.ts";

// Files that are gone, as after an upgrade in place.
const isGone = vi.hoisted(() => () => {
  throw new Error("Cannot find module");
});
vi.mock("../../src/rotate.ts", isGone);
vi.mock("../../src/regenerate.ts", isGone);
vi.mock("../../src/merge-changes.ts", isGone);

describe("code that cannot be imported", () => {
  it("keeps a rotation from happening, but not what was saved, and the `error` hook hears of it", async () => {
    const world = new World({ rotateEvery: 900 });
    const { cookie } = await world.visit(undefined, (session) => void (session.views = 1));
    world.clock.advance(900_000);
    const answer = await world.visit(cookie, (session) => void (session.views = 2));
    expect(answer.setCookies).toEqual([]);
    expect(await world.dataOf(cookie)).toEqual({ views: 2 });
    expect(world.heard).toContain("error");
  });

  it("fails a change of privilege, which leaves the session as it was", async () => {
    const world = new World();
    const { cookie } = await world.visit(undefined, (session) => void (session.views = 1));
    const session = await world.manager.load(cookie);
    await errorOf(session.$regenerate());
    expect(await world.dataOf(cookie)).toEqual({ views: 1 });
  });

  it("fails a save that someone else came before, whose changes stay", async () => {
    const world = new World();
    const { cookie } = await world.visit(undefined, (session) => void (session.views = 1));
    const [one, other] = [await world.manager.load(cookie), await world.manager.load(cookie)];
    one.views = 2;
    await one.$save();
    other.name = "mine";
    await errorOf(other.$save());
    expect(await world.dataOf(cookie)).toEqual({ views: 2 });
  });
});
