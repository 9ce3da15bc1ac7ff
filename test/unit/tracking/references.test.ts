import { beforeEach, describe, expect, it } from "vitest";
import { createSessionManager, type Session, type SessionManager } from "unsession";

const GONE = expect.objectContaining({ code: "ERR_SESSION_VALUE" });

let manager: SessionManager;
let cookie: string;
let session: Session;
const load = (): Promise<Session> => manager.load(cookie);
beforeEach(async () => {
  manager = createSessionManager();
  const first = await manager.load();
  Object.assign(first, {
    user: { name: "ada" },
    items: [
      { id: 1, qty: 1 },
      { id: 2, qty: 1 },
    ],
  });
  cookie = ((await manager.commit(first))[0] as string).split(";")[0] as string;
  session = await load();
});

async function meanwhile(change: (other: Session) => void): Promise<void> {
  const other = await load();
  change(other);
  await manager.commit(other);
}

describe("a reference that is held", () => {
  it("is the same each time it is read", () => {
    expect(session.user).toBe(session.user);
    expect(session.items[0]).toBe(session.items[0]);
    expect(session.items.indexOf(session.items[1])).toBe(1);
  });

  it("is unwrapped when it is written elsewhere, and seen from both places", () => {
    session.owner = session.user;
    session.user.name = "grace";
    expect(session.owner.name).toBe("grace");
  });

  it("shows what another request did, after $reload", async () => {
    const { user } = session;
    await meanwhile((other) => void (other.user.name = "grace"));
    await session.$reload();
    expect([user.name, session.user === user]).toEqual(["grace", true]);
  });

  it("follows its item when another request put one before it", async () => {
    const second = session.items[1];
    await meanwhile((other) => other.items.unshift({ id: 0, qty: 1 }));
    await session.$update((draft) => void (draft["views"] = 1));
    second.qty = 5;
    expect(session.items.map(({ id, qty }: { id: number; qty: number }) => [id, qty])).toEqual([
      [0, 1],
      [1, 1],
      [2, 5],
    ]);
  });

  it("stays live over $regenerate and a merging $save", async () => {
    const { user } = session;
    await session.$regenerate();
    session.views = 1;
    await session.$save();
    user.name = "grace";
    expect(session.$changes).toEqual([{ op: "set", path: ["user", "name"], value: "grace" }]);
  });

  it.each<[string, () => void | Promise<void>]>([
    ["it was deleted", () => void delete session.user],
    ["something else took its place", () => void (session.user = { name: "eve" })],
    ["another request deleted it", async () => meanwhile((other) => void delete other.user).then(() => session.$reload())],
  ])("refuses a write once %s", async (_, happens) => {
    const { user } = session;
    await happens();
    expect(() => void (user.name = "grace")).toThrow(GONE);
  });

  it("is the caller's own once pop, shift or splice returned it, until it is put back", () => {
    const item = session.items.shift();
    item.qty = 9;
    session.items.push(item);
    item.qty = 10;
    expect(session.items).toEqual([
      { id: 2, qty: 1 },
      { id: 1, qty: 10 },
    ]);
  });
});

describe("a value that is written", () => {
  it("loses the proxies in it, however deep", () => {
    session.copy = { list: [session.user, new Map([["u", session.user]])] };
    session.user.name = "grace";
    expect(session.copy.list[0].name).toBe("grace");
    expect(structuredClone(session.$snapshot()).copy.list[1].get("u").name).toBe("grace");
  });

  it("is refused at the line that wrote it, with its path, if it is a function or a symbol", () => {
    expect(() => void (session.user.avatar = () => 1)).toThrow("session.user.avatar is a function");
    expect(() => session.items.push({ id: 3, tag: Symbol("x") })).toThrow("session.items[2].tag is a symbol");
  });

  it("may be frozen: what is inside is watched, the rest is read-only", () => {
    session.frozen = Object.freeze({ inside: { n: 1 } });
    session.frozen.inside.n = 2;
    expect(session.frozen).toEqual({ inside: { n: 2 } });
    expect(() => void (session.frozen.other = 1)).toThrow(TypeError);
  });

  it("cannot reach a prototype", () => {
    for (const key of ["__proto__", "constructor", "prototype"]) {
      expect(() => void (session[key] = { polluted: 1 }), key).toThrow(GONE);
      expect(() => session.$increment([key, "polluted"]), key).toThrow(GONE);
    }
    expect(() => void (session.x = JSON.parse('{"a":{"__proto__":{"polluted":1}}}'))).toThrow("reaches a prototype");
    expect(session.__proto__).toBeUndefined();
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});
