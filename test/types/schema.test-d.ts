import { type } from "arktype";
import * as v from "valibot";
import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import {
  createSessionManager,
  type Session,
  type SessionControls,
  type SessionManager,
  type SessionOptions,
  type StandardSchema,
  type Validated,
} from "unsession";
import { sessionMiddleware, useSession } from "unsession/h3";
import { readSession } from "unsession/testing";

interface Shop {
  user: { id: number };
  views: number;
  note?: string | undefined;
}

const zodShop = z.object({ user: z.object({ id: z.number() }), views: z.number().default(0), note: z.string().optional() });
const valibotShop = v.object({
  user: v.object({ id: v.number() }),
  views: v.optional(v.number(), 0),
  note: v.optional(v.string()),
});
const arkShop = type({ user: { id: "number" }, views: "number = 0", "note?": "string | undefined" });

describe("a schema", () => {
  it("of zod, valibot or arktype is one", () => {
    expectTypeOf(zodShop).toExtend<StandardSchema<Shop>>();
    expectTypeOf(valibotShop).toExtend<StandardSchema<Shop>>();
    expectTypeOf(arkShop).toExtend<StandardSchema<Shop>>();
  });

  it("types the manager that is given it", () => {
    expectTypeOf(createSessionManager({ schema: zodShop })).toEqualTypeOf<SessionManager<Validated<z.output<typeof zodShop>>>>();
    expectTypeOf(createSessionManager({ schema: valibotShop })).toEqualTypeOf<
      SessionManager<Validated<v.InferOutput<typeof valibotShop>>>
    >();
    expectTypeOf(createSessionManager({ schema: arkShop })).toEqualTypeOf<SessionManager<Validated<typeof arkShop.infer>>>();
    createSessionManager({ schema: zodShop, version: 2, migrate: (old, from) => ({ ...old, views: from }) });
  });

  it("is of an object, and of the one that was named", () => {
    // @ts-expect-error -- a text is no session
    createSessionManager({ schema: z.string() });
    // @ts-expect-error -- another shape
    createSessionManager<{ other: Date }>({ schema: zodShop });
    createSessionManager<z.output<typeof zodShop>>({ schema: zodShop });
  });
});

describe.each([
  ["zod", createSessionManager({ schema: zodShop })],
  ["valibot", createSessionManager({ schema: valibotShop })],
  ["arktype", createSessionManager({ schema: arkShop })],
] as const)("a session with a schema of %s", (_, manager) => {
  type Sessions = Awaited<ReturnType<typeof manager.load>>;
  const session = {} as Sessions;

  it("has its required keys, and its optional ones", () => {
    expectTypeOf(session.user).toEqualTypeOf<{ id: number }>();
    expectTypeOf(session.views).toEqualTypeOf<number>();
    expectTypeOf(session.note).toEqualTypeOf<string | undefined>();
  });

  it("keeps its required keys", () => {
    delete session.note;
    // @ts-expect-error -- required
    delete session.views;
    // @ts-expect-error -- another type
    session.views = "1";
    // @ts-expect-error -- no such key
    void session.usr;
  });

  it("has its controls", () => {
    expectTypeOf(session.$id).toEqualTypeOf<string | undefined>();
    session.$increment("views");
    // @ts-expect-error -- no such key
    session.$increment("vews");
    expectTypeOf(session.$snapshot().user).toEqualTypeOf<{ id: number }>();
    expectTypeOf(session.$update((draft) => draft.views)).resolves.toEqualTypeOf<number>();
  });
});

describe("what takes a manager", () => {
  const manager = createSessionManager({ schema: zodShop });

  it("takes one with a schema", () => {
    expectTypeOf(manager.find("token")).resolves.toEqualTypeOf<z.output<typeof zodShop> | undefined>();
    expectTypeOf(readSession(manager, "token")).resolves.toEqualTypeOf<z.output<typeof zodShop> | undefined>();
    expectTypeOf(useSession({} as never, manager)).resolves.toEqualTypeOf<Session<Validated<z.output<typeof zodShop>>>>();
    sessionMiddleware(manager);
    sessionMiddleware({ schema: zodShop });
  });

  it("without knowing it sees each key as optional", () => {
    const read = (session: Session<Shop>): number => session.views ?? 0;
    read({} as Session<Validated<Shop>>);
    expectTypeOf<Session<Validated<Shop>>>().toEqualTypeOf<Shop & SessionControls<Validated<Shop>>>();
  });
});

describe("the options", () => {
  it("may be undefined", () => {
    createSessionManager({ schema: undefined, version: undefined, migrate: undefined });
    expectTypeOf<SessionOptions["version"]>().toEqualTypeOf<number | undefined>();
  });
});
