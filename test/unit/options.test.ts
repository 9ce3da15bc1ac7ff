import { afterEach, describe, expect, it, vi } from "vitest";
import { createSessionManager, SessionError, type SessionOptions } from "unsession";
import { resolveOptions } from "../../src/options.ts";
import { createMemoryStore } from "../../src/stores/memory.ts";

const SECRET = "s3cr3t-".repeat(5);

const YAML = { id: "yaml", serialize: String, deserialize: String };

/** The message with which options are refused. */
function refusal(options: unknown): string {
  try {
    createSessionManager(options as SessionOptions);
  } catch (error) {
    expect(SessionError.is(error) && error.code).toBe("ERR_SESSION_OPTIONS");
    return (error as Error).message;
  }
  throw new Error("nothing was refused");
}

/** Options with one of them set, by its dotted name. */
function withOption(name: string, value: unknown): SessionOptions {
  const [first, second] = name.split(".") as [string, string?];
  return second === undefined ? { [first]: value } : { [first]: { [second]: value } };
}

const DAY = 24 * 60 * 60 * 1000;

afterEach(() => {
  vi.useRealTimers();
});

describe("the defaults", () => {
  const defaults = resolveOptions();

  it.each([
    ["name", "session"],
    ["storage", undefined],
    ["prefix", "session:"],
    ["idleWindow", 30 * DAY],
    ["absoluteTimeout", 0],
    ["rotateEvery", 0],
    ["rotateGrace", 60_000],
    ["acceptUnsignedUntil", 0],
    ["acceptRawIdsUntil", 0],
    ["secure", "auto"],
    ["persistent", true],
    ["serializers", []],
    ["secrets", []],
    ["hashIds", true],
    ["commitOn", "success"],
    ["conflict", "merge"],
    ["onGone", "throw"],
    ["maxBytes", 65_536],
    ["timeouts", { load: 1000, save: 2000 }],
    ["tombstoneTtl", 300_000],
    ["maxPerOwner", { max: 1000, whenFull: "oldest" }],
    ["hooks", {}],
  ] as const)("of %s is %j", (option, value) => {
    expect(defaults[option]).toEqual(value);
  });

  it("of the cookie are those of the table", () => {
    expect(defaults.cookie).toEqual({
      name: "session",
      domain: undefined,
      path: "/",
      httpOnly: true,
      sameSite: "lax",
      partitioned: false,
      priority: undefined,
    });
  });

  it("of preload is never", () => {
    expect(defaults.preload({})).toBe(false);
  });

  it("of touch is always", () => {
    expect(defaults.touch({})).toBe(true);
  });

  it("of generateToken is 256 random bits", () => {
    expect(defaults.generateToken()).toMatch(/^[\w-]{43}$/);
  });

  it("of now is the clock of the system, also one that a test puts in its place later", () => {
    vi.useFakeTimers({ now: 1234 });
    expect(defaults.now()).toBe(1234);
  });
});

describe("an option that is undefined", () => {
  const OPTIONAL = `
    name storage prefix idleTimeout absoluteTimeout cookie serializer secret generateToken hashIds preload commitOn conflict onGone
    maxBytes timeouts tombstoneTtl maxPerOwner hooks now touch rotateEvery rotateGrace acceptUnsignedUntil acceptRawIdsUntil cookie.name cookie.domain cookie.path cookie.httpOnly cookie.sameSite cookie.secure
    cookie.partitioned cookie.priority cookie.persistent timeouts.load timeouts.save hooks.created hooks.loaded hooks.saved
    hooks.touched hooks.regenerated hooks.destroyed hooks.expired hooks.rejected hooks.conflict hooks.gone hooks.corrupt hooks.rotated hooks.reuse
    hooks.error
  `;

  /** Functions are made anew each time. */
  const comparable = (options?: SessionOptions): string => JSON.stringify(resolveOptions(options));

  it.each(OPTIONAL.trim().split(/\s+/))("is its default: %s", (name) => {
    expect(comparable(withOption(name, undefined))).toBe(comparable());
  });

  it("is its default when it is all of them", () => {
    expect(() => createSessionManager(undefined)).not.toThrow();
  });
});

describe("an option is accepted", () => {
  const noop = (): void => {};
  it.each<[string, unknown]>([
    ["name", "cart"],
    ["name", "__private"],
    ["name", "größe-2"],
    ["storage", createMemoryStore()],
    ["storage", () => createMemoryStore()],
    ["storage", async () => createMemoryStore()],
    ["prefix", ""],
    ["prefix", "app:prod:sessions:"],
    ["prefix", "a.b_c-d"],
    ["prefix", "p".repeat(128)],
    ["idleTimeout", 1],
    ["idleTimeout", 0],
    ["idleTimeout", null],
    ["idleTimeout", 100 * 365 * 24 * 60 * 60],
    ["absoluteTimeout", 1],
    ["absoluteTimeout", null],
    ["touch", false],
    ["touch", () => true],
    ["rotateEvery", 61],
    ["rotateEvery", null],
    ["rotateGrace", 1],
    ["rotateGrace", 300],
    ["acceptRawIdsUntil", new Date()],
    ["acceptRawIdsUntil", "2027-01-31"],
    ["acceptRawIdsUntil", 1_800_000_000_000],
    ["cookie.name", "__Host-session"],
    ["cookie.name", "!#$%&'*+-.^_`|~0Az"],
    ["cookie.domain", "example.com"],
    ["cookie.domain", ".example.com"],
    ["cookie.path", "/app"],
    ["cookie.httpOnly", false],
    ["cookie.sameSite", "strict"],
    ["cookie.sameSite", "none"],
    ["cookie.sameSite", false],
    ["cookie.secure", true],
    ["cookie.secure", false],
    ["cookie.secure", "auto"],
    ["cookie.partitioned", true],
    ["cookie.priority", "low"],
    ["cookie.priority", "medium"],
    ["cookie.priority", "high"],
    ["cookie.persistent", false],
    ["serializer", { ...YAML, id: "yaml-1", binary: true, keeps: new Set(["Date"]) }],
    ["serializer", [YAML, { ...YAML, id: "b" }]],
    ["secret", "x".repeat(32)],
    ["secret", "é".repeat(16)],
    ["secret", ["x".repeat(32), "y".repeat(64)]],
    ["generateToken", () => "abc"],
    ["hashIds", false],
    ["preload", true],
    ["preload", () => true],
    ["commitOn", "always"],
    ["conflict", "reject"],
    ["conflict", ({ mine }: { mine: unknown }) => mine],
    ["onGone", "drop"],
    ["maxBytes", 1],
    ["maxBytes", 16_777_216],
    ["timeouts.load", 1],
    ["timeouts.save", 86_400_000],
    ["tombstoneTtl", 1],
    ["maxPerOwner", 1],
    ["maxPerOwner", 1000],
    ["maxPerOwner", { max: 3, whenFull: "refuse" }],
    ["hooks.created", noop],
    ["hooks.error", async () => {}],
    ["now", () => 0],
  ])("%s %o", (name, value) => {
    expect(() => createSessionManager(withOption(name, value))).not.toThrow();
  });
});

describe("an option is refused, with its name, the type of its value and what it takes", () => {
  it.each<[string, unknown, string, string]>([
    ["name", "", "a string", "a name for"],
    ["name", "2fast", "a string", "a name for"],
    ["name", "params", "a string", "none of"],
    ["name", "__proto__", "a string", "none of"],
    ["name", "constructor", "a string", "none of"],
    ["name", null, "null", "a name for"],
    ["storage", "redis://localhost", "a string", "an unstorage Storage or driver"],
    ["storage", null, "null", "an unstorage Storage or driver"],
    ["prefix", "a/b", "a string", "A-Z a-z 0-9 _ . -"],
    ["prefix", "a::b", "a string", "single colons"],
    ["prefix", ":a", "a string", "single colons"],
    ["prefix", "a..b", "a string", "at most 128"],
    ["prefix", "key$", "a string", "A-Z a-z 0-9 _ . -"],
    ["prefix", "p".repeat(129), "a string", "at most 128"],
    ["prefix", null, "null", "at most 128"],
    ["idleTimeout", -1, "the number -1", "a whole number of seconds"],
    ["idleTimeout", 1.5, "the number 1.5", "0 or null for never"],
    ["idleTimeout", NaN, "the number NaN", "a whole number of seconds"],
    ["idleTimeout", Infinity, "the number Infinity", "0 or null for never"],
    ["idleTimeout", "30m", "a string", "a whole number of seconds"],
    ["idleTimeout", 3_153_600_001, "the number 3153600001", "3153600000"],
    ["absoluteTimeout", 0, "the number 0", "1 to 3153600000"],
    ["absoluteTimeout", 0.1, "the number 0.1", "a whole number of seconds"],
    ["touch", "always", "a string", "a boolean or a function"],
    ["rotateEvery", 60, "the number 60", "more seconds than `rotateGrace`"],
    ["rotateEvery", 0, "the number 0", "a whole number of seconds"],
    ["rotateGrace", 0, "the number 0", "1 to 300"],
    ["rotateGrace", 301, "the number 301", "1 to 300"],
    ["acceptUnsignedUntil", "2027-01-31", "a string", "no value without `secret`"],
    ["acceptRawIdsUntil", "soon", "a string", "a Date, an ISO 8601 string"],
    ["acceptRawIdsUntil", new Date(NaN), "an object", "a Date, an ISO 8601 string"],
    ["acceptRawIdsUntil", Infinity, "the number Infinity", "a Date, an ISO 8601 string"],
    ["acceptRawIdsUntil", null, "null", "a Date, an ISO 8601 string"],
    ["acceptRawIdsUntil", true, "the boolean true", "a Date, an ISO 8601 string"],
    ["cookie", "session", "a string", "an object"],
    ["cookie", null, "null", "an object"],
    ["cookie.name", "my session", "a string", "a token as of RFC 9110"],
    ["cookie.name", "a;b", "a string", "a token as of RFC 9110"],
    ["cookie.name", "größe", "a string", "a token as of RFC 9110"],
    ["cookie.name", "", "a string", "a token as of RFC 9110"],
    ["cookie.name", "n".repeat(257), "a string", "at most 256"],
    ["cookie.name", null, "null", "a token as of RFC 9110"],
    ["cookie.domain", "", "a string", "a host name"],
    ["cookie.domain", `${"a".repeat(250)}.com`, "a string", "at most 253"],
    ["cookie.domain", "a.com; Secure", "a string", "a host name"],
    ["cookie.domain", "https://a.com", "a string", "a host name"],
    ["cookie.path", "app", "a string", "a path that begins with a slash"],
    ["cookie.path", "/a;b", "a string", "without spaces or semicolons"],
    ["cookie.path", "/a b", "a string", "without spaces or semicolons"],
    ["cookie.path", "/\u0000", "a string", "a path"],
    ["cookie.httpOnly", "yes", "a string", "true or false"],
    ["cookie.sameSite", "Lax", "a string", '"lax", "strict", "none" or false'],
    ["cookie.sameSite", true, "the boolean true", '"lax", "strict", "none" or false'],
    ["cookie.secure", "always", "a string", 'true, false or "auto"'],
    ["cookie.partitioned", 1, "the number 1", "true or false"],
    ["cookie.priority", "urgent", "a string", '"low", "medium" or "high"'],
    ["cookie.persistent", null, "null", "true or false"],
    ["serializer", "json", "a string", "an object with `id`"],
    ["serializer", { id: "Y_A", serialize: String, deserialize: String }, "an object", "1 to 16 of a-z 0-9 -"],
    ["serializer", { id: "a".repeat(17), serialize: String, deserialize: String }, "an object", "1 to 16 of a-z 0-9 -"],
    ["serializer", { id: "a", serialize: String }, "an object", "`deserialize`"],
    ["serializer", [], "an array", "a non-empty array"],
    ["serializer", null, "null", "an object with `id`"],
    ["serializer", { ...YAML, binary: 1 }, "an object", "`binary` (true or false)"],
    ["serializer", { ...YAML, keeps: ["Date"] }, "an object", "`keeps` (a Set)"],
    ["secret", "", "a string", "at least 32 bytes"],
    ["secret", "x".repeat(31), "a string", "at least 32 bytes"],
    ["secret", [], "an array", "a non-empty array"],
    ["secret", null, "null", "at least 32 bytes"],
    ["generateToken", "abc", "a string", "a function"],
    ["hashIds", "no", "a string", "true or false"],
    ["preload", "always", "a string", "a boolean or a function"],
    ["commitOn", "error", "a string", '"success" or "always"'],
    ["conflict", "mine", "a string", '"merge", "reject" or a function'],
    ["onGone", "ignore", "a string", '"throw" or "drop"'],
    ["maxBytes", 0, "the number 0", "1 to 16777216"],
    ["maxBytes", 1e9, "the number 1000000000", "1 to 16777216"],
    ["maxBytes", null, "null", "a whole number of bytes"],
    ["timeouts", 5, "the number 5", "an object"],
    ["timeouts.load", 0, "the number 0", "a whole number of milliseconds"],
    ["timeouts.save", 0.5, "the number 0.5", "1 to 86400000"],
    ["tombstoneTtl", 0, "the number 0", "a whole number of seconds"],
    ["maxPerOwner", 0, "the number 0", "a whole number of sessions (1 to 1000)"],
    ["maxPerOwner", 1001, "the number 1001", "a whole number of sessions (1 to 1000)"],
    ["maxPerOwner", null, "null", "a whole number of sessions (1 to 1000), or an object"],
    ["maxPerOwner.max", 0.5, "the number 0.5", "a whole number of sessions (1 to 1000)"],
    ["maxPerOwner.whenFull", "newest", "a string", '"oldest" or "refuse"'],
    ["maxPerOwner.most", 1, "the number 1", "there is no such option, only max, whenFull"],
    ["tombstoneTtl", null, "null", "a whole number of seconds"],
    ["hooks", () => {}, "a function", "an object"],
    ["hooks.saved", "log", "a string", "a function"],
    ["now", 1_700_000_000, "the number 1700000000", "a function"],
  ])("%s %j", (name, value, type, range) => {
    const message = refusal(withOption(name, value));
    expect(message).toContain(`[unsession] Option \`${name}\` is ${type}. Give it `);
    expect(message).toContain(range);
  });

  it.each([
    ["idleTimout", { idleTimout: 60 }],
    ["cookie.samesite", { cookie: { samesite: "lax" } }],
    ["cookie.maxAge", { cookie: { maxAge: 60 } }],
    ["timeouts.connect", { timeouts: { connect: 5 } }],
    ["hooks.onCreate", { hooks: { onCreate: () => {} } }],
  ])("%s, which there is not", (name, options) => {
    expect(refusal(options)).toMatch(new RegExp(`^\\[unsession\\] Option \`${name}\` is .*there is no such option, only `));
  });

  it.each([null, "redis", 5, () => {}])("all of them as %o", (options) => {
    expect(refusal(options)).toContain("Option `options` is ");
  });

  it("the second serializer of a list, by its index", () => {
    const message = refusal({ serializer: [YAML, { id: "b" }] });
    expect(message).toContain("Option `serializer[1]` is an object. Give it an object with `id`");
  });

  it("a serializer whose `id` another of the list has", () => {
    const message = refusal({ serializer: [YAML, { ...YAML, id: "b" }, { ...YAML }] });
    expect(message).toContain("Option `serializer[2]` is an object. ");
    expect(message).toContain('Give it an `id` of its own: "yaml" is that of `serializer[0]`.');
  });

  it("the second secret of a list, by its index", () => {
    expect(refusal({ secret: ["x".repeat(32), "short"] })).toContain("Option `secret[1]` is a string.");
  });
});

describe("a cookie that browsers drop in silence is refused", () => {
  it.each([
    ["SameSite=None without Secure", "cookie.secure", { sameSite: "none", secure: false }],
    ["Partitioned without Secure", "cookie.secure", { partitioned: true, secure: false }],
    ["__Host- without Secure", "cookie.secure", { name: "__Host-id", secure: false }],
    ["__Secure- without Secure", "cookie.secure", { name: "__Secure-id", secure: false }],
    ["__HOST- in capitals without Secure", "cookie.secure", { name: "__HOST-id", secure: false }],
    ["__Host- with a domain", "cookie.domain", { name: "__Host-id", domain: "example.com" }],
    ["__Host- with a path", "cookie.path", { name: "__Host-id", path: "/app" }],
  ])("%s", (_, option, cookie) => {
    expect(refusal({ cookie })).toContain(`Option \`${option}\` is `);
  });

  it("but __Secure- with a domain and a path is not", () => {
    expect(() => resolveOptions({ cookie: { name: "__Secure-id", domain: "a.com", path: "/app" } })).not.toThrow();
  });
});

describe("a refusal", () => {
  it.each([["too-short-secret"], [424_242_424_242], [["too-short-secret"]], [[424_242_424_242]]])(
    "never shows a secret: %j",
    (secret) => {
      expect(refusal({ secret })).not.toMatch(/too-short-secret|424242424242/);
    },
  );

  it.each(["prefix", "name", "cookie.name", "commitOn", "onGone", "storage"])("never shows the text given as %s", (name) => {
    expect(refusal(withOption(name, `${SECRET} `))).not.toContain("s3cr3t");
  });

  it("of a long prefix comes at once", () => {
    const started = performance.now();
    refusal({ prefix: `${"a".repeat(120)}/` });
    expect(performance.now() - started).toBeLessThan(100);
  });
});

describe("resolved options", () => {
  it("count in milliseconds", () => {
    const options = { idleTimeout: 60, absoluteTimeout: 3600, tombstoneTtl: 5, rotateEvery: 900, rotateGrace: 30 };
    expect(resolveOptions(options)).toMatchObject({
      idleWindow: 60_000,
      absoluteTimeout: 3_600_000,
      tombstoneTtl: 5000,
      rotateEvery: 900_000,
      rotateGrace: 30_000,
    });
  });

  it.each([new Date("2027-01-31T00:00:00Z"), "2027-01-31", Date.UTC(2027, 0, 31)])("have %s as an instant", (date) => {
    const options = { secret: "x".repeat(32), acceptUnsignedUntil: date, acceptRawIdsUntil: date };
    const instant = Date.UTC(2027, 0, 31);
    expect(resolveOptions(options)).toMatchObject({ acceptUnsignedUntil: instant, acceptRawIdsUntil: instant });
  });

  it("take no date for raw ids where ids are not hashed", () => {
    expect(refusal({ hashIds: false, acceptRawIdsUntil: new Date() })).toContain("no value without `hashIds: true`");
  });

  it.each([0, null])("have no idle window for %j", (idleTimeout) => {
    expect(resolveOptions({ idleTimeout }).idleWindow).toBe(0);
  });

  it("have a clock of whole milliseconds, whatever clock was given", () => {
    expect(resolveOptions({ now: () => 1234.567 }).now()).toBe(1234);
  });

  it("do not follow what the caller changes later", () => {
    const options = { cookie: { path: "/a" }, secret: ["x".repeat(32)], hooks: {}, timeouts: { load: 5 } };
    const resolved = resolveOptions(options);
    Object.assign(options.cookie, { path: "/b" });
    Object.assign(options.hooks, { saved: () => {} });
    options.secret.push("y".repeat(32));
    options.timeouts.load = 6;
    expect(resolved).toMatchObject({ cookie: { path: "/a" }, secrets: ["x".repeat(32)], timeouts: { load: 5 } });
    expect(resolved.hooks).toEqual({});
  });

  it("take a secret that is no list as a list of one", () => {
    expect(resolveOptions({ secret: "x".repeat(32) }).secrets).toEqual(["x".repeat(32)]);
  });

  it("make a predicate of a preload that is a boolean", () => {
    expect(resolveOptions({ preload: true }).preload({})).toBe(true);
  });
});
