import { expect, it } from "vitest";
import { errorOf, World } from "../unit/_setup.ts";

/** Rows L9 and L10 of the security checklist: all the sessions of one user. Races are in `stores/owners` and `property/model`. */

it("L9: a disabled account is anonymous at the next request of every session it had", async () => {
  const world = new World();
  const cookies: (string | undefined)[] = [];
  for (let device = 0; device < 5; device++) {
    const { cookie } = await world.visit(undefined, async (session) => {
      session.user = "ada";
      await session.$setOwner("ada");
    });
    cookies.push(cookie);
  }
  const writers = await Promise.all(cookies.map((cookie) => world.another().load(cookie)));
  expect(await world.manager.destroyByOwner("ada")).toBe(5);
  for (const cookie of cookies) expect(await world.dataOf(cookie)).toEqual({});
  for (const writer of writers) {
    writer.late = true;
    expect(await errorOf(world.manager.commit(writer))).toMatchObject({ code: "ERR_SESSION_GONE" });
  }
});

it("L10: of fifty logins at once with a limit of three, three live", async () => {
  const world = new World({ maxPerOwner: 3 });
  const sessions = await Promise.all(Array.from({ length: 50 }, () => world.another({ maxPerOwner: 3 }).load()));
  await Promise.allSettled(sessions.map((session) => session.$setOwner("ada")));
  expect(await world.manager.count()).toBe(3);
  expect(await world.manager.listByOwner("ada")).toHaveLength(3);
});
