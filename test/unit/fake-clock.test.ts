import { afterEach, expect, it, vi } from "vitest";
import { createSessionManager } from "unsession";

afterEach(() => void vi.useRealTimers());

it("keeps a Date that was made under a test's fake clock", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: 1000 });
  const manager = createSessionManager();
  const session = await manager.load();
  session.at = new Date();
  const [cookie] = await manager.commit(session);
  const token = (cookie as string).split(";")[0]?.split("=")[1] as string;
  expect(await manager.find(token)).toEqual({ at: new Date(1000) });
});
