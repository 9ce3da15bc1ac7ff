import { assertType, describe, expectTypeOf, it } from "vitest";
import {
  createSessionManager,
  SessionError,
  snapshot,
  type CookieOptions,
  type DefaultSessionData,
  type OwnedSession,
  type OwnerMeta,
  type Serializer,
  type Session,
  type SessionCapabilities,
  type SessionChange,
  type SessionConflict,
  type SessionControls,
  type SessionCookieOverrides,
  type SessionData,
  type SessionErrorCode,
  type SessionHooks,
  type SessionInfo,
  type SessionLifetimeOverrides,
  type SessionManager,
  type SessionOptions,
} from "unsession";

/** An interface: no index signature, which a constraint like `Record<string, unknown>` would ask for. */
interface User {
  id: number;
  roles: string[];
}

interface Shop {
  user: User;
  views: number;
  cart?: Map<string, { count: number }>;
}

declare const plain: Session;
declare const shop: Session<Shop>;
declare const shops: SessionManager<Shop>;

describe("a session without known data", () => {
  it("is Record<string, any>", () => {
    expectTypeOf<SessionData>().toEqualTypeOf<{}>();
    expectTypeOf<DefaultSessionData>().toEqualTypeOf<Record<string, any>>();
    expectTypeOf(plain["anything"]).toBeAny();
    expectTypeOf(plain.user.name.first).toBeAny();
    plain.views = 1;
    plain.user = { id: 7 };
    delete plain.user;
  });

  it("is what a manager without a type gives", () => {
    const manager = createSessionManager();
    expectTypeOf(manager).toEqualTypeOf<SessionManager>();
    expectTypeOf(manager.load).returns.resolves.toEqualTypeOf<Session>();
  });

  it("has its controls typed all the same", () => {
    expectTypeOf(plain.$id).toEqualTypeOf<string | undefined>();
    expectTypeOf(plain.$isNew).toEqualTypeOf<boolean>();
    expectTypeOf(plain.$isDirty).toEqualTypeOf<boolean>();
    expectTypeOf(plain.$changes).toEqualTypeOf<readonly SessionChange[]>();
    expectTypeOf(plain.$createdAt).toEqualTypeOf<Date>();
    expectTypeOf(plain.$expiresAt).toEqualTypeOf<Date | null>();
    expectTypeOf(plain.$cookie).toEqualTypeOf<SessionCookieOverrides>();
    expectTypeOf(plain.$lifetime).toEqualTypeOf<SessionLifetimeOverrides>();
    expectTypeOf(plain.$save).toEqualTypeOf<() => Promise<void>>();
    expectTypeOf(plain.$reload).toEqualTypeOf<() => Promise<void>>();
    expectTypeOf(plain.$regenerate).toEqualTypeOf<() => Promise<void>>();
    expectTypeOf(plain.$destroy).toEqualTypeOf<() => Promise<void>>();
    expectTypeOf(plain.$clear).toEqualTypeOf<() => void>();
    expectTypeOf(plain.$snapshot()).toEqualTypeOf<Partial<Record<string, any>>>();
    expectTypeOf(plain.$subscribe).toEqualTypeOf<(fn: (change: SessionChange) => void) => () => void>();
  });

  it("cannot have a control assigned, or called with what it does not take", () => {
    // @ts-expect-error -- read-only
    plain.$id = "x";
    // @ts-expect-error -- read-only
    plain.$cookie = {};
    // @ts-expect-error -- not a number
    plain.$increment("views", "1");
    // @ts-expect-error -- not a function
    plain.$subscribe("x");
  });

  it("increments any key or path", () => {
    plain.$increment("views");
    plain.$increment(["cart", "a.b", 0], -2);
  });

  it("updates a draft of anything", () => {
    expectTypeOf(plain.$update((draft) => draft["a"] as number)).resolves.toEqualTypeOf<number>();
  });

  it("fits where its controls are asked for", () => {
    expectTypeOf(plain).toExtend<SessionControls<Record<string, any>>>();
  });
});

describe("a session of an interface", () => {
  it("has its keys, each optional", () => {
    expectTypeOf(shop.user).toEqualTypeOf<User | undefined>();
    expectTypeOf(shop.views).toEqualTypeOf<number | undefined>();
    expectTypeOf(shop.cart).toEqualTypeOf<Map<string, { count: number }> | undefined>();
    expectTypeOf(shop).toExtend<Partial<Shop>>();
    delete shop.user;
  });

  it("has no others", () => {
    // @ts-expect-error -- no such key
    void shop.usr;
    // @ts-expect-error -- no such control
    void shop.$nothing;
    // @ts-expect-error -- another type
    shop.views = "1";
  });

  it("increments its keys, and any path", () => {
    shop.$increment("views");
    shop.$increment(["cart", "apple", "count"]);
    // @ts-expect-error -- no such key
    shop.$increment("vews");
  });

  it("updates a draft of its own, and gives what the function returns", () => {
    const left = shop.$update((draft) => {
      expectTypeOf(draft).toEqualTypeOf<Partial<Shop>>();
      return draft.views ?? 0;
    });
    expectTypeOf(left).resolves.toEqualTypeOf<number>();
  });

  it("gives a plain copy of its own data", () => {
    expectTypeOf(shop.$snapshot()).toEqualTypeOf<Partial<Shop>>();
    expectTypeOf(snapshot(shop.cart)).toEqualTypeOf<Map<string, { count: number }> | undefined>();
  });

  it("keeps one-time values of any type", () => {
    shop.$flash("note", { text: "saved" });
    expectTypeOf(shop.$flash("note")).toEqualTypeOf<unknown>();
    expectTypeOf(shop.$flash<string>("note")).toEqualTypeOf<string | undefined>();
  });

  it("may be a type alias too, or a class's shape", () => {
    type Alias = { views: number };
    class Shape {
      views = 0;
    }
    expectTypeOf<Session<Alias>["views"]>().toEqualTypeOf<number | undefined>();
    expectTypeOf<Session<Shape>["views"]>().toEqualTypeOf<number | undefined>();
    // @ts-expect-error -- data is an object
    assertType<Session<string> | undefined>(undefined);
  });
});

describe("a manager of an interface", () => {
  it("gives and takes its sessions", () => {
    expectTypeOf(createSessionManager<Shop>()).toEqualTypeOf<SessionManager<Shop>>();
    expectTypeOf(shops.load).parameters.toEqualTypeOf<
      [
        cookieHeader?: string | null | undefined,
        request?: { secure?: boolean | undefined; touch?: boolean | undefined; event?: unknown } | undefined,
      ]
    >();
    expectTypeOf(shops.load).returns.resolves.toEqualTypeOf<Session<Shop>>();
    expectTypeOf(shops.commit(shop)).resolves.toEqualTypeOf<string[]>();
    expectTypeOf(shops.commit(shop, new Response())).resolves.toEqualTypeOf<string[]>();
    // @ts-expect-error -- a session of something else
    void shops.commit({} as Session<{ other: Date; views: string }>);
  });

  it("finds plain data, and lists", () => {
    expectTypeOf(shops.find("token")).resolves.toEqualTypeOf<Shop | undefined>();
    expectTypeOf(shops.list()).toEqualTypeOf<AsyncIterableIterator<SessionInfo>>();
    expectTypeOf<SessionInfo>().toEqualTypeOf<{
      readonly id: string;
      readonly createdAt: Date;
      readonly expiresAt: Date | null;
    }>();
    expectTypeOf(shops.count()).resolves.toEqualTypeOf<number>();
    expectTypeOf(shops.destroy("id")).resolves.toEqualTypeOf<boolean>();
    expectTypeOf(shops.clear()).resolves.toEqualTypeOf<void>();
    expectTypeOf(shops.sweep()).resolves.toEqualTypeOf<number>();
    expectTypeOf(shops.close()).resolves.toEqualTypeOf<void>();
    expectTypeOf(shops.capabilities).toEqualTypeOf<SessionCapabilities | undefined>();
    expectTypeOf<SessionCapabilities["class"]>().toEqualTypeOf<"A" | "C">();
  });
});

describe("options", () => {
  it("are all optional, and each may be undefined", () => {
    // Under `exactOptionalPropertyTypes` this holds only if the type says so.
    type Undefined<O> = { [K in keyof O]-?: undefined };
    expectTypeOf<{}>().toExtend<SessionOptions>();
    expectTypeOf<Undefined<SessionOptions>>().toExtend<SessionOptions>();
    expectTypeOf<Undefined<CookieOptions>>().toExtend<CookieOptions>();
    expectTypeOf<Undefined<SessionHooks>>().toExtend<SessionHooks>();
    expectTypeOf<Undefined<SessionCookieOverrides>>().toExtend<SessionCookieOverrides>();
    expectTypeOf<Undefined<SessionLifetimeOverrides>>().toExtend<SessionLifetimeOverrides>();
    createSessionManager(undefined);
    createSessionManager({ secret: process.env["SECRET"], timeouts: { load: undefined, save: undefined } });
  });

  it("take what their documentation says", () => {
    createSessionManager<Shop>({
      storage: async () => ({}),
      idleTimeout: null,
      absoluteTimeout: null,
      secret: ["a", "b"] as const,
      preload: (event) => event !== undefined,
      conflict: ({ mine }) => mine,
      cookie: { sameSite: false, secure: "auto" },
    });
    expectTypeOf<SessionOptions["idleTimeout"]>().toEqualTypeOf<number | null | undefined>();
    expectTypeOf<SessionOptions["commitOn"]>().toEqualTypeOf<"success" | "always" | undefined>();
    expectTypeOf<SessionOptions["onGone"]>().toEqualTypeOf<"throw" | "drop" | undefined>();
    expectTypeOf<CookieOptions["sameSite"]>().toEqualTypeOf<"lax" | "strict" | "none" | false | undefined>();
  });

  it("refuse what there is not", () => {
    // @ts-expect-error -- misspelt
    createSessionManager({ idleTimout: 5 });
    // @ts-expect-error -- no such value
    createSessionManager({ commitOn: "never" });
    // @ts-expect-error -- in seconds
    createSessionManager({ idleTimeout: "30m" });
    // @ts-expect-error -- null is not the default
    createSessionManager({ maxBytes: null });
  });

  it("take a serializer that answers at once or by a promise", () => {
    const at = { id: "a", serialize: JSON.stringify, deserialize: (text: string): unknown => JSON.parse(text) };
    const later = { id: "a", serialize: async () => "", deserialize: async (): Promise<unknown> => ({}) };
    assertType<Serializer>(at);
    assertType<Serializer>(later);
  });
});

describe("hooks", () => {
  it("are told an id, and what their name promises", () => {
    const hooks: SessionHooks = {
      created: (info) => expectTypeOf(info.id).toEqualTypeOf<string | undefined>(),
      regenerated: (info) => expectTypeOf(info.previousId).toEqualTypeOf<string>(),
      rejected: (info) => expectTypeOf(info.reason).toEqualTypeOf<"malformed" | "unknown" | "ambiguous">(),
      conflict: (info) => expectTypeOf(info.path).toEqualTypeOf<readonly unknown[]>(),
      error: (info) => expectTypeOf(info.error).toEqualTypeOf<SessionError | Error>(),
    };
    assertType<SessionHooks>(hooks);
  });

  it("are those of the design, and no others", () => {
    expectTypeOf<keyof SessionHooks>().toEqualTypeOf<
      | "created"
      | "loaded"
      | "saved"
      | "touched"
      | "regenerated"
      | "destroyed"
      | "expired"
      | "rejected"
      | "conflict"
      | "gone"
      | "corrupt"
      | "rotated"
      | "reuse"
      | "error"
    >();
  });

  it("may be async", () => {
    assertType<SessionHooks>({ created: async () => {} });
  });

  it("cannot change what they are told", () => {
    assertType<SessionHooks>({
      // @ts-expect-error -- read-only
      created: (info) => (info.id = "x"),
    });
  });
});

describe("errors", () => {
  it("have a code that is one of twelve", () => {
    expectTypeOf<SessionErrorCode>().toEqualTypeOf<
      | "ERR_SESSION_OPTIONS"
      | "ERR_SESSION_UNSUPPORTED"
      | "ERR_SESSION_NOT_LOADED"
      | "ERR_SESSION_COMMITTED"
      | "ERR_SESSION_DESTROYED"
      | "ERR_SESSION_VALUE"
      | "ERR_SESSION_SERIALIZE"
      | "ERR_SESSION_TOO_LARGE"
      | "ERR_SESSION_STORE"
      | "ERR_SESSION_CONFLICT"
      | "ERR_SESSION_GONE"
      | "ERR_SESSION_CACHED"
    >();
  });

  it("are told from others, and by their code from each other", () => {
    const error: unknown = undefined;
    if (SessionError.is(error)) {
      expectTypeOf(error).toEqualTypeOf<SessionError>();
      expectTypeOf(error.status).toEqualTypeOf<number | undefined>();
      switch (error.code) {
        case "ERR_SESSION_GONE":
          expectTypeOf(error.code).toEqualTypeOf<"ERR_SESSION_GONE">();
          break;
        // @ts-expect-error -- no such code
        case "ERR_SESSION_OTHER":
          break;
        default:
          expectTypeOf(error.code).toEqualTypeOf<Exclude<SessionErrorCode, "ERR_SESSION_GONE">>();
      }
    }
  });
});

describe("owners", () => {
  it("are text, with flat values beside them", () => {
    expectTypeOf<Session["$setOwner"]>().toEqualTypeOf<(owner: string | null | undefined, meta?: OwnerMeta) => Promise<void>>();
    expectTypeOf<{ device: string | null; address: string | undefined; trusted: boolean }>().toExtend<OwnerMeta>();
    expectTypeOf<{ device: { name: string } }>().not.toExtend<OwnerMeta>();
    expectTypeOf<{ device: number }>().not.toExtend<OwnerMeta>();
  });

  it("are listed with their sessions", () => {
    expectTypeOf<ReturnType<SessionManager["listByOwner"]>>().resolves.toEqualTypeOf<OwnedSession[]>();
    expectTypeOf<OwnedSession>().toExtend<SessionInfo>();
    expectTypeOf<OwnedSession["lastSeenAt"]>().toEqualTypeOf<Date>();
  });
});

describe("changes and conflicts", () => {
  it("are read-only", () => {
    expectTypeOf<SessionChange>().toEqualTypeOf<{
      readonly op: "set" | "delete" | "clear" | "append" | "add" | "increment";
      readonly path: readonly unknown[];
      readonly value?: unknown;
    }>();
    expectTypeOf<SessionConflict>().toEqualTypeOf<{
      readonly path: readonly unknown[];
      readonly base: unknown;
      readonly mine: unknown;
      readonly theirs: unknown;
    }>();
  });
});
