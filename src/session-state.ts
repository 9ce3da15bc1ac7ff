import type { Codec } from "./codec.ts";
import { isPromise } from "./is-promise.ts";
import type { Budget } from "./context.ts";
import { committedError, degradedError, destroyedError, type SessionError } from "./errors.ts";
import { timeoutsOf, withTimeouts, type Lifetime, type OwnTimeouts, type Timeouts } from "./lifecycle.ts";
import type { Claim } from "./ownership.ts";
import type { Encoded, RecordMeta, SessionRecord } from "./record.ts";
import type { StoreEntry } from "./stores/store.ts";
import { listChanges } from "./tracking/changes.ts";
import { copy } from "./tracking/snapshot.ts";
import type { Change, Tracker } from "./tracking/tracker.ts";
import type { SessionCookieOverrides, StoreErrorPolicy } from "./types.ts";

type Fields = Record<string, unknown>;

/** Where a session lives in the store, and what was last seen there. */
export interface Stored {
  /** Not known where a token that was rotated away led here: the request that rotated it has sent the new one. */
  readonly token: string | undefined;
  readonly id: string;
  readonly key: string;
  readonly entry: StoreEntry;
  readonly record: SessionRecord;
  /** How it was found, if as from before `secret` or `hashIds`: it is due for a new token. */
  readonly approach?: Approach | undefined;
}

/** How a token led to a record. */
export interface Approach {
  readonly isUnsigned: boolean;
  /** By the token itself as the key, although keys are hashes by now. */
  readonly isRaw: boolean;
}

/** Shared by all that have none: most sessions do not. */
export const NO_FLASH: ReadonlyMap<string, unknown> = new Map();
const NO_OVERRIDES = {};

/** A token, and where its record goes. */
export type Place = Pick<Stored, "token" | "id" | "key">;

/**
 * What the engine knows of one session in one request.
 *
 * - `new`: no record in the store.
 * - `stored`: loaded from the store, or saved to it.
 * - `ended`: another request ended it. Never stored again, and it sends no cookie.
 * - `destroyed`: this request ended it.
 * - `degraded`: the store could not be read. Never stored, and it sends no cookie.
 */
export class SessionState {
  status: "new" | "stored" | "ended" | "destroyed" | "degraded" = "new";
  stored: Stored | undefined = undefined;
  tracker!: Tracker;
  base: Base = EMPTY_BASE;
  /** One-time values as stored. */
  flash: ReadonlyMap<string, unknown> = NO_FLASH;
  #flashChanges: Map<string, unknown> | undefined = undefined;
  cookie: SessionCookieOverrides = NO_OVERRIDES;
  cookieChanged = false;
  timeouts: OwnTimeouts = NO_OVERRIDES;
  timeoutsChanged = false;
  /** Whether this request renews the session. */
  renews = true;
  /** `$clear` was called: an empty result ends the session. */
  cleared = false;
  /** Something of the session was shown to the handler, so the response depends on it. */
  wasRead = false;
  /** The response was committed: plain writes are over. */
  committed = false;
  /** The commit's turn has come: what is done after it is too late for the cookie of this response. */
  answered = false;
  /** What becomes of the request where the store fails. */
  onStoreError: StoreErrorPolicy = "throw";
  /** Why the store could not be read. */
  failure: SessionError | undefined = undefined;
  /** What the response has to do with the cookie. */
  cookieAction: "none" | "set" | "clear" = "none";
  readonly createdAt: number;
  /** The request carried a cookie of our name, whatever was in it. */
  readonly hadCookie: boolean;
  /** Whether the request came over https; undefined if unknown. */
  readonly secure: boolean | undefined;
  /** Finds out what became of a save that the store did not answer. */
  unanswered: ((budget: Budget) => Promise<void>) | undefined = undefined;
  /** `$setOwner`, while it is on its way. */
  claim: Claim | undefined = undefined;
  /** The end of the last operation of this request on this session, while it runs: they run one after another. */
  tail: Promise<void> | undefined = undefined;

  constructor(now: number, hadCookie: boolean, secure: boolean | undefined) {
    this.createdAt = now;
    this.hadCookie = hadCookie;
    this.secure = secure;
  }

  /** Whether a renewal could send the cookie, together with which alone it happens. */
  get mayRenew(): boolean {
    return this.renews && this.status === "stored" && this.stored?.token !== undefined;
  }

  /** Throws where plain writes are over. */
  guard(): void {
    if (this.status === "destroyed") throw destroyedError();
    if (this.committed) throw committedError();
    if (this.onStoreError === "readonly") this.refuseDegraded();
  }

  /** Throws if the store could not be read. */
  refuseDegraded(): void {
    if (this.status === "degraded") throw degradedError(this.failure);
  }

  get raw(): Fields {
    return this.tracker.root.raw as Fields;
  }

  get changes(): Change[] {
    if (!this.cleared && !this.tracker.touched) return [];
    const changes = listChanges(this.cleared ? {} : this.base.tree(), this.tracker);
    return this.cleared && Object.keys(this.base.tree()).length > 0 ? [{ op: "clear", path: [] }, ...changes] : changes;
  }

  /** One-time values set (a value) and taken (`undefined`) by this request. */
  get flashChanges(): Map<string, unknown> {
    return (this.#flashChanges ??= new Map());
  }

  /** What of it is about to be stored. */
  copyFlashChanges(): ReadonlyMap<string, unknown> {
    return this.#flashChanges === undefined ? NO_FLASH : new Map(this.#flashChanges);
  }

  /** Takes note of what was stored, but for what was changed again since. */
  forgetFlashChanges(stored: ReadonlyMap<string, unknown>): void {
    for (const [key, value] of stored) if (this.flashChanges.get(key) === value) this.flashChanges.delete(key);
  }

  /** One-time values as they would be stored now. */
  flashNow(stored: ReadonlyMap<string, unknown> = this.flash): ReadonlyMap<string, unknown> {
    if (this.#flashChanges === undefined) return this.cleared ? NO_FLASH : stored;
    const flash = new Map(this.cleared ? NO_FLASH : stored);
    for (const [key, value] of this.#flashChanges) {
      if (value === undefined) flash.delete(key);
      else flash.set(key, value);
    }
    return flash;
  }

  /** True if something beside the data would be stored. */
  get extrasChanged(): boolean {
    if (this.claim !== undefined) return true;
    if ((this.cookieChanged || this.timeoutsChanged) && this.status === "stored") return true;
    if (this.cleared && this.flash.size > 0) return true;
    if (this.#flashChanges === undefined) return false;
    for (const [key, value] of this.#flashChanges) if (value !== undefined || this.flash.has(key)) return true;
    return false;
  }

  /** Shows what a record says of its own cookie and timeouts, but for what this request changed. */
  showOverrides({ cookie, timeouts }: RecordMeta): void {
    if (!this.cookieChanged) this.cookie = cookie ?? NO_OVERRIDES;
    if (!this.timeoutsChanged) this.timeouts = timeouts ?? NO_OVERRIDES;
  }

  /** The life of the session as it would be stored now. */
  life(otherwise: Timeouts): Lifetime {
    const { record } = this.stored ?? {};
    if (record !== undefined && !this.timeoutsChanged) return record;
    const { createdAt, touchedAt = createdAt } = record ?? { createdAt: this.createdAt };
    return withTimeouts({ createdAt, touchedAt, absoluteAt: 0, idleWindow: 0 }, timeoutsOf(this.timeouts, otherwise));
  }
}

/** The data as it was loaded or last stored: what changes are told from. */
export interface Base {
  /** As the store holds it. */
  readonly stored: Encoded;
  /** As it is written by now: what was stored may have been in another shape. */
  readonly encoded: Encoded;
  /** The data as a tree of its own, made anew each time. */
  tree(): Fields;
}

const NOTHING: Encoded = { serializer: "", text: "" };

export const EMPTY_BASE: Base = { stored: NOTHING, encoded: NOTHING, tree: () => ({}) };

/**
 * Keeps what was decoded for later comparison.
 *
 * Usually as text, decoded again if that is ever needed. A serializer that answers by a promise cannot be asked from a getter, so
 * its tree is copied.
 */
export function createBase(stored: Encoded, encoded: Encoded, data: Fields, codec: Codec): Base {
  if (codec.decodesAtOnce(encoded)) return { stored, encoded, tree: () => decodeAgain(codec, encoded) };
  const kept = copy(data, new Map());
  return { stored, encoded, tree: () => copy(kept, new Map()) as Fields };
}

function decodeAgain(codec: Codec, encoded: Encoded): Fields {
  const decoded = codec.decode(encoded);
  if (!isPromise(decoded)) return decoded ?? {};
  decoded.catch(() => undefined);
  return {};
}
