import type { Context } from "../context.ts";
import { bury } from "../destroy.ts";
import { committedError, destroyedError, valueError } from "../errors.ts";
import { listedUntil, unlist, type Claim } from "../ownership.ts";
import { createWriteId } from "../record.ts";
import { becomeGone, createToken, save } from "../save.ts";
import type { Place, SessionState, Stored } from "../session-state.ts";
import { isForbiddenKey } from "../tracking/kinds.ts";
import type { OwnerMeta } from "../types.ts";
import { later } from "./entries.ts";
import { enlist } from "./enlist.ts";
import { readIndex } from "./owner-index.ts";

/** An address, a name, an id: more than this is a mistake. */
const MAX_OWNER_LENGTH = 1024;
const MAX_META_LENGTH = 1024;

/**
 * Makes a session someone's, or nobody's, and saves it: first it is listed, then its record names the owner, then the index is
 * looked at once more.
 *
 * @throws {SessionError} see `$setOwner`
 */
export async function setOwner(
  context: Context,
  state: SessionState,
  owner: string | null | undefined,
  meta: OwnerMeta | undefined,
): Promise<void> {
  checkOwner(owner);
  const ownerMeta = checkMeta(meta);
  if (state.status === "destroyed") throw destroyedError();
  if (state.status === "ended") return becomeGone(context, state);
  if (state.status === "new" && typeof owner !== "string") return;
  if (state.status === "new" && state.answered) throw committedError();
  const previous = state.stored?.record.meta;
  const claim = typeof owner === "string" ? await claimFor(context, state, owner, ownerMeta) : NOBODY;
  const { key } = (state.stored ?? claim.place) as Place;
  state.claim = claim;
  try {
    if (await claim.list(key)) await save(context, state);
    else becomeGone(context, state);
  } finally {
    state.claim = undefined;
  }
  if (state.status === "stored" && !(await claim.holds((state.stored as Stored).key))) {
    await bury(context, state.stored as Stored);
    return becomeGone(context, state);
  }
  // Of the same owner, that listing alone: what moves with it is still his.
  if (previous !== undefined) await unlist(context, previous, previous.owner === owner ? key : undefined);
}

/** For a session that is to be nobody's. */
const NOBODY: Claim = { meta: {}, list: async () => true, holds: async () => true };

async function claimFor(context: Context, state: SessionState, owner: string, ownerMeta: OwnerMeta | undefined): Promise<Claim> {
  const listing = createWriteId();
  const place = state.stored ?? (await createToken(context));
  let listedAt: string | undefined;
  const list = async (key: string): Promise<boolean> => {
    if (listedAt === key) return true;
    listedAt = key;
    return enlist(context, owner, { key, stamp: listing, until: reach(context, state) });
  };
  return {
    meta: { owner, ownerMeta, listing },
    place,
    list,
    holds: async (at) => (await readIndex(context, owner)).some(({ key, leaving }) => key === at && !leaving),
  };
}

/** Until when to list it: far enough that a renewal by another request, meanwhile, is covered. */
function reach(context: Context, state: SessionState): number {
  const { options } = context;
  const life = state.life(options);
  return later(listedUntil(life), listedUntil({ ...life, touchedAt: options.now() + life.idleWindow }));
}

function checkOwner(owner: unknown): void {
  if (owner === undefined || owner === null) return;
  if (typeof owner === "string" && owner.length > 0 && owner.length <= MAX_OWNER_LENGTH) return;
  throw valueError(
    ["$setOwner"],
    "was given an owner that is no text of 1 to 1,024 characters",
    "Give it the id of the user, by `String(id)`",
  );
}

/** What is kept of it; nothing where it says nothing. */
function checkMeta(meta: OwnerMeta | undefined): OwnerMeta | undefined {
  if (meta === undefined) return undefined;
  const kept: OwnerMeta = {};
  for (const [key, value] of Object.entries(meta)) {
    if (value === undefined) continue;
    const isKept = value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
    if (!isKept || isForbiddenKey(key))
      throw valueError(["$setOwner", key], "is no text, finite number, boolean or null", "Keep only these beside the owner");
    kept[key] = value;
  }
  if (JSON.stringify(kept).length > MAX_META_LENGTH)
    throw valueError(
      ["$setOwner"],
      "was given more than 1,024 characters beside the owner",
      "Keep less there, or keep it in the session",
    );
  return Object.keys(kept).length === 0 ? undefined : kept;
}
