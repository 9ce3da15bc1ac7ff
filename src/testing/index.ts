// A browser
export { createCookieJar } from "./cookie-jar.ts";
export type { CookieJar, CookieJarOptions, FetchTarget } from "./cookie-jar.ts";
export type { JarCookie } from "./set-cookie.ts";

// Sessions without a handler
export { readSession, seedSession } from "./sessions.ts";

// Time
export { createClock } from "./clock.ts";
export type { Clock } from "./clock.ts";

// Stores
export { createFaultyStore } from "./faulty-store.ts";
export type { FaultyStore, FaultyStoreOptions } from "./faulty-store.ts";
export type { FaultOptions, Faults, StoreVerb, StoreVerbs } from "./faults.ts";
export { createMemoryStore } from "../stores/memory.ts";
export type { MemoryStore, MemoryStoreOptions } from "../stores/memory.ts";
export { describeStoreContract } from "./contract/describe.ts";
export type { Expect, StoreContractOptions, TestRunner } from "./contract/suite.ts";
