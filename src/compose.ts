import type { Budget, Context } from "./context.ts";
import { andThen, isPromise } from "./is-promise.ts";
import { decodeRecord, unreadableError } from "./load.ts";
import type { MergedChanges } from "./merge-changes.ts";
import { onDemand } from "./on-demand.ts";
import { withOverrides, type OverrideChanges } from "./overrides.ts";
import { withOwner } from "./ownership.ts";
import { isSameText, overheadOf, sizeOf, type Encoded, type RecordMeta, type SessionRecord } from "./record.ts";
import type { Revise } from "./revise.ts";
import type { SessionState, Stored } from "./session-state.ts";
import type { MaybePromise } from "./stores/store.ts";
import { deepEqual } from "./tracking/equal.ts";
import { copy } from "./tracking/snapshot.ts";

type Fields = Record<string, unknown>;

const merging = onDemand(() => import("./merge-changes.ts"));
const explaining = onDemand(() => import("./too-large.ts"));

/** What a commit of this session would store, made from the tree as it is now. */
export interface Composed {
  readonly tree: Fields;
  /** The data as the serializer writes it. */
  readonly encoded: Encoded;
  /** As the record keeps it. */
  readonly data: Encoded;
  readonly flash: ReadonlyMap<string, unknown>;
  readonly flashText: Encoded | undefined;
  readonly meta: RecordMeta;
  /** The overrides that this writes. */
  readonly changes: OverrideChanges;
  readonly flashChanges: ReadonlyMap<string, unknown>;
  /** The newest record holds all of it. */
  readonly isStored: boolean;
  /** `$clear` was called, and nothing is left: the session ends. */
  readonly ends: boolean;
  readonly cleared: boolean;
  readonly merged: MergedChanges | undefined;
}

/** Composes what to store, given the newest record; none if the session is new. */
export async function compose(
  context: Context,
  budget: Budget,
  state: SessionState,
  id: string,
  record: SessionRecord | undefined,
  revise: Revise | undefined,
): Promise<Composed> {
  const before = theirState(context, state, record);
  const theirs = isPromise(before) ? await before : before;
  const shape = context.shape && (await context.shape);
  const isNewer = record !== undefined && !isSameText(record.data, state.base.stored);
  const code = isNewer || revise !== undefined ? await merging(async (loaded) => loaded) : undefined;
  // From here to the checkpoint in one step: what the user changes later is not part of this.
  const { tracker, cleared } = state;
  const flashChanges = state.copyFlashChanges();
  const changes = {
    cookie: state.cookieChanged ? state.cookie : undefined,
    timeouts: state.timeoutsChanged ? state.timeouts : undefined,
  };
  tracker.checkpoint();
  if (isNewer) context.tracer?.hear("merged", { id: state.stored?.id });
  const flash = state.flashNow(theirs.flash);
  const merged = code?.mergeChanges(context, state, theirs.data(), revise);
  const tree = merged?.tree ?? state.raw;
  // What is checked is what is encoded, also if the user changes it meanwhile.
  const kept = shape === undefined ? tree : (copy(tree, new Map()) as Fields);
  if (shape !== undefined) await shape.check(kept);
  const { codec, seals } = context;
  // What was merged may hold what a hook or a revision put there.
  const encoding = codec.encode(kept, merged !== undefined || state.tracker.exposed);
  const encoded = isPromise(encoding) ? await encoding : encoding;
  const flashEncoded = flash.size === 0 ? undefined : await codec.encode(Object.fromEntries(flash));
  const known = record?.meta ?? context.ownMeta;
  const asked = withOverrides(state.claim === undefined ? known : withOwner(known, state.claim), changes);
  const { version: dataVersion } = context.options;
  const meta = dataVersion === undefined ? asked : { ...asked, dataVersion };
  const ends = cleared && Object.keys(tree).length === 0 && flash.size === 0 && meta.owner === undefined;
  const isStored =
    !ends &&
    isSameText(encoded, theirs.encoded) &&
    (flash === theirs.flash || deepEqual(flash, theirs.flash)) &&
    // An older version alone is no reason to write.
    (asked === known || JSON.stringify(asked) === JSON.stringify(known));
  const sealing = seals.seal(encoded, "data", id);
  const data = isPromise(sealing) ? await sealing : sealing;
  const flashText = flashEncoded && (await seals.seal(flashEncoded, "flash", id));
  const { maxBytes = Infinity, binary = false } = context.opened ?? (await context.open(budget, "save a session"));
  // The user's limit is for what he keeps, the store's for all that is sent.
  const limit = Math.min(context.options.maxBytes, maxBytes - overheadOf({ data, flash: flashText, meta }, binary));
  // Before it is sent, so that the stored session stays: memcached drops the old value of a set that it refuses.
  const bytes = sizeOf(data) + sizeOf(flashText);
  if (bytes > limit) {
    const shown = flash.size === 0 ? tree : { ...tree, $flash: Object.fromEntries(flash) };
    throw await explaining(async ({ tooLarge }) => tooLarge(bytes, limit, shown));
  }
  return { tree, encoded, data, flash, flashText, meta, changes, flashChanges, isStored, ends, cleared, merged };
}

/** What the store holds by now. */
interface Theirs {
  data(): Fields;
  readonly encoded: Encoded;
  readonly flash: ReadonlyMap<string, unknown>;
}

function theirState(context: Context, state: SessionState, record: SessionRecord | undefined): MaybePromise<Theirs> {
  if (record === undefined || record === state.stored?.record) {
    const { base, flash } = state;
    return { data: () => base.tree(), encoded: base.encoded, flash };
  }
  return andThen(decodeRecord(context, (state.stored as Stored).id, record), (decoded) => {
    if ("reason" in decoded) throw unreadableError("save a session", decoded);
    const { data, flash, base } = decoded;
    return { data: () => data, encoded: base.encoded, flash };
  });
}
