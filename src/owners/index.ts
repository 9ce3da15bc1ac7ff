/**
 * Which sessions are whose: for each owner an index, a record in the same store, written by the same conditional writes.
 *
 * A store has no transaction over two keys, so the index is a hint, kept wrong in the safe direction only: it may list what is no
 * session of the owner, but lists every session that is. What is one is told by the session's own record, which names its owner.
 *
 * - A session is listed before its record names the owner, and before it lives longer or moves.
 * - A record names not only its owner but also its listing, and each listing has an entry of its own: of two requests that set the
 *   owner at once, the one whose write is undone by a third takes off nothing that the other relies on.
 * - An entry leaves for one of three reasons: its time is over; its session has ended, or named another listing, by an acknowledged
 *   write; or it was marked as leaving and then settled. Marks are never taken back.
 * - To settle an entry is to end the session if it is the owner's, and otherwise to move its record on to another version (a key
 *   without a record gets a tombstone).
 *
 * So for a login, which lists its session and then writes the record, and whoever marks its entry (`destroyByOwner`, or a later
 * login over `maxPerOwner`), there are three orders:
 *
 * 1. Written, then settled: the record names the owner, and the session is ended.
 * 2. Settled, then written: the write finds another version than it expected, looks at the index again, finds its entry marked or
 *    gone, and gives up: `ERR_SESSION_GONE`.
 * 3. Marked, then listed: the mark was put on without it, so it is a later login, and listed.
 *
 * In none does a session live that is not listed, whichever process dies and whichever answer is lost. Where a store cannot
 * compare (class C, across processes), and where a tombstone has run out before a slow write, the second order can fail: for these
 * a login looks at the index once more after its write.
 */
export { destroyByOwner, listByOwner } from "./by-owner.ts";
export { keepListed } from "./enlist.ts";
export { removeEntries } from "./owner-index.ts";
export { setOwner } from "./set-owner.ts";
