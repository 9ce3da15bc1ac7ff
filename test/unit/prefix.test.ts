import { expect, it } from "vitest";
import memory from "unsession/drivers/memory";
import { createSessionManager, type SessionManager } from "unsession";

async function tokenOf(manager: SessionManager): Promise<string> {
  const session = await manager.load();
  session.secret = 1;
  const [cookie] = await manager.commit(session);
  return (cookie as string).split(";")[0]?.split("=")[1] as string;
}

it("does not load another manager's session by a token that ends its key", async () => {
  const storage = memory();
  const one = createSessionManager({ storage, prefix: "uno", hashIds: false });
  const other = createSessionManager({ storage, prefix: "unodos", hashIds: false });
  const token = await tokenOf(other);
  expect({ ...(await one.load(`session=dos${token}`)) }).toEqual({});
  expect(await one.find(`dos${token}`)).toBeUndefined();
  expect(await other.find(token)).toEqual({ secret: 1 });
});

it("does not take a session id for a token where another manager stores raw tokens", async () => {
  const storage = memory();
  const hashed = createSessionManager({ storage });
  const raw = createSessionManager({ storage, hashIds: false });
  const session = await hashed.load(`session=${await tokenOf(hashed)}`);
  expect({ ...(await raw.load(`session=${session.$id}`)) }).toEqual({});
});

it.each([true, false])("lists and clears only its own sessions where prefixes are nested (hashIds: %s)", async (hashIds) => {
  const storage = memory();
  const outer = createSessionManager({ storage, hashIds });
  const inner = createSessionManager({ storage, hashIds, prefix: "session:admin:" });
  const joined = createSessionManager({ storage, hashIds, prefix: "session:x" });
  await Promise.all([outer, inner, joined].map(tokenOf));
  expect(await outer.count()).toBe(1);
  await outer.clear();
  expect([await outer.count(), await inner.count(), await joined.count()]).toEqual([0, 1, 1]);
});
