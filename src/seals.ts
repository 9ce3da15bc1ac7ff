import { fromByteString, toByteString, utf8Of } from "./byte-string.ts";
import { SessionError, serializeError } from "./errors.ts";
import type { Encoded, SessionRecord } from "./record.ts";
import type { Sealing, Serializer } from "./serializers/serializer.ts";
import type { MaybePromise } from "./stores/store.ts";

/** Which part of a record: what is sealed as one opens as no other. */
export type Section = "data" | "flash";

/**
 * What stands between a codec, which writes data, and a record, which keeps it: encryption, if a serializer asks for it.
 *
 * It is not part of the codec, since what is encrypted differs each time: whether data changed is told by what is sealed.
 */
export interface Seals {
  /** As the record of a session keeps it. */
  seal(encoded: Encoded, section: Section, id: string): MaybePromise<Encoded>;
  /** As the codec wrote it; `undefined` if it is not what was sealed there. */
  open(stored: Encoded, section: Section, id: string): MaybePromise<Encoded | undefined>;
  /** The sections of a record, for another session id. `undefined` if they do not open. */
  move(record: SessionRecord, from: string, to: string): MaybePromise<Pick<SessionRecord, "data" | "flash"> | undefined>;
}

/** Seals where at least one serializer of a manager encrypts. */
export function createSeals(serializers: readonly Serializer[], maxBytes: number): Seals {
  const own = serializers[0]?.sealing;
  const listed = new Map(serializers.map((one) => [one.id, one]));
  const id = serializers[0]?.id ?? "";
  const seals: Seals = {
    seal: (encoded, section, session) => (own === undefined ? encoded : sealBy(own, id, encoded, placeOf(section, session))),
    open(stored, section, session) {
      const by = listed.get(stored.serializer);
      // Whoever can write to the store could otherwise put there what nobody encrypted.
      if (by === undefined) return own === undefined ? stored : undefined;
      if (by.sealing === undefined) return stored;
      if (stored.binary !== true || stored.text.length > maxBytes) return undefined;
      return openBy(by.sealing, stored, placeOf(section, session)).catch(() => undefined);
    },
    move: (record, from, to) => moveSections(seals, record, from, to),
  };
  return seals;
}

async function moveSections(
  seals: Seals,
  { data, flash }: SessionRecord,
  from: string,
  to: string,
): Promise<Pick<SessionRecord, "data" | "flash"> | undefined> {
  const openedData = await seals.open(data, "data", from);
  const openedFlash = flash && (await seals.open(flash, "flash", from));
  if (openedData === undefined || (flash !== undefined && openedFlash === undefined)) return undefined;
  return {
    data: await seals.seal(openedData, "data", to),
    flash: openedFlash && (await seals.seal(openedFlash, "flash", to)),
  };
}

function placeOf(section: Section, id: string): string {
  return `${section} ${id}`;
}

async function sealBy(sealing: Sealing, serializer: string, { text, binary }: Encoded, place: string): Promise<Encoded> {
  const bytes = binary === true ? fromByteString(text) : new TextEncoder().encode(text);
  try {
    return { serializer, text: toByteString(await sealing.seal(bytes, place)), binary: true };
  } catch (cause) {
    throw SessionError.is(cause) ? cause : serializeError(serializer, cause);
  }
}

async function openBy({ inner, open }: Sealing, stored: Encoded, place: string): Promise<Encoded> {
  const bytes = await open(fromByteString(stored.text), place);
  return inner.binary === true
    ? { serializer: inner.id, text: toByteString(bytes), binary: true }
    : { serializer: inner.id, text: utf8Of(bytes) };
}
