// Manager
export { createSessionManager } from "./manager.ts";
export type { OwnedSession, SessionManager, SessionInfo, SessionCapabilities } from "./types.ts";

// Session
export { snapshot } from "./tracking/snapshot.ts";
export type {
  OwnerMeta,
  Session,
  SessionControls,
  SessionCookieOverrides,
  SessionData,
  SessionLifetimeOverrides,
  DefaultSessionData,
  Validated,
} from "./types.ts";
export type { Change as SessionChange } from "./tracking/tracker.ts";

// Options
export type { CookieOptions, SessionOptions, StorageSource, StoreErrorPolicy } from "./types.ts";
export type { CorruptReason, RejectReason, SessionHookInfo, SessionHooks } from "./types.ts";
export type { MergeConflict as SessionConflict } from "./merge.ts";
export type { BinarySerializer, Serializer, TextSerializer } from "./serializers/serializer.ts";
export type { ValueKind } from "./serializers/value-kinds.ts";
export type { StandardIssue, StandardResult, StandardSchema } from "./standard-schema.ts";
export type { MaybePromise, Replaced, Store, StoreEntry } from "./stores/store.ts";

// Errors
export { SessionError } from "./errors.ts";
export type { SessionErrorCode } from "./errors.ts";
