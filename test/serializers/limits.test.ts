import { describe, expect, it } from "vitest";
import type { Serializer, Session } from "unsession";
import { devalue } from "unsession/serializers/devalue";
import { encrypted } from "unsession/serializers/encrypted";
import { json } from "unsession/serializers/json";
import { msgpackr } from "unsession/serializers/msgpackr";
import { superjson } from "unsession/serializers/superjson";
import { errorOf, World } from "../unit/_setup.ts";

const KEYS = { keys: ["a key of at least thirty-two bytes"] };

const serializers: [name: string, serializer: Serializer | undefined][] = [
  ["the default", undefined],
  ["json", json()],
  ["superjson", superjson()],
  ["devalue", devalue()],
  ["msgpackr", msgpackr()],
  ["json, encrypted", encrypted(json(), KEYS)],
  ["devalue, encrypted", encrypted(devalue(), KEYS)],
  ["msgpackr, encrypted", encrypted(msgpackr(), KEYS)],
];

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

describe.each(serializers)("a session by %s", (_, serializer) => {
  const refused: [what: string, code: string, write: (session: Session) => void][] = [
    ["more bytes than `maxBytes`", "ERR_SESSION_TOO_LARGE", (session) => void (session.a = "é".repeat(600))],
    ["more levels than 64", "ERR_SESSION_VALUE", (session) => void (session.a = nested(65))],
    [
      "an array longer than its bytes could be",
      "ERR_SESSION_VALUE",
      (session) => void (session.a = Array.from({ length: 1001 })),
    ],
    ["an array of holes", "ERR_SESSION_VALUE", (session) => void ((session.a = []), (session.a.length = 4_294_967_295))],
    ["a bigint of more than 4,096 digits", "ERR_SESSION_VALUE", (session) => void (session.a = 10n ** 4096n)],
  ];

  it.each(refused)("is not saved with %s, and stays as it was", async (_what, code, write) => {
    const world = new World({ serializer, maxBytes: 1000 });
    const { cookie } = await world.visit(undefined, (session) => void (session.user = "alice"));
    const before = world.store.record;
    expect(await errorOf(world.visit(cookie, write))).toMatchObject({ code });
    expect(world.store.record).toBe(before);
  });

  it("of more bytes than `maxBytes` is no session when it is loaded", async () => {
    const world = new World({ serializer });
    const { cookie } = await world.visit(undefined, (session) => void (session.user = "a".repeat(2000)));
    expect({ ...(await world.another({ serializer, maxBytes: 1000 }).load(cookie)) }).toEqual({});
    expect(world.infos("corrupt")).toMatchObject([{ reason: "damaged" }]);
  });
});
