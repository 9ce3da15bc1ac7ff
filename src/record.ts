import { byteLength } from "./byte-length.ts";
import { encodeUtf8 } from "./byte-string.ts";
import type { Lifetime, OwnTimeouts } from "./lifecycle.ts";
import { randomText } from "./random.ts";
import type { OwnerMeta } from "./types.ts";

/**
 * What a store keeps under a key: a header of fixed-width ASCII fields, then three sections.
 *
 * The format says what the sections are:
 *
 * - `us1`: text.
 * - `ub1`: bytes, as a byte string, the whole record: for stores that can keep bytes. Text in it is UTF-8.
 * - `ua1`: as `ub1`, but one-time values and data are base64: for stores that keep text alone.
 *
 * | offset | width | field |
 * | --- | --- | --- |
 * | 0 | 3 | format |
 * | 3 | 1 | state: `L` live, `M` moved, `D` dead |
 * | 4 | 16 | serializer of the data, padded with spaces |
 * | 20 | 12 | version: 1, and one more with each replace or touch |
 * | 32 | 15 | createdAt, milliseconds since the epoch |
 * | 47 | 15 | touchedAt |
 * | 62 | 15 | absolute deadline, 0 for none |
 * | 77 | 15 | idle window, milliseconds, 0 for none |
 * | 92 | 88 | the last 8 write ids, newest first, 11 characters each, `.` where there is none |
 * | 180 | 16 | serializer of the flash section, padded with spaces |
 * | 196 | 8 | length of the meta section, in characters |
 * | 204 | 8 | length of the flash section |
 * | 212 | 8 | length of the data section |
 *
 * Meta is JSON in ASCII: see {@link RecordMeta}. Numbers are decimal, padded with zeros, so that a back end can compare or replace a
 * field by its offset. The lengths tell a truncated record.
 */
export interface SessionRecord extends Lifetime {
  readonly state: "live" | "moved" | "dead";
  readonly version: number;
  /** The ids of the last writes as the header has them: how a write whose answer was lost is recognised as done. */
  readonly writes: string;
  readonly data: Encoded;
  readonly flash: Encoded | undefined;
  readonly meta: RecordMeta;
}

/** What a serializer wrote. */
export interface Encoded {
  readonly serializer: string;
  readonly text: string;
  /** True if `text` is a byte string: what a binary serializer wrote, or the UTF-8 of text that was stored beside that. */
  readonly binary?: boolean;
}

/** What is kept beside data and flash. */
export interface RecordMeta {
  /** With raw tokens as keys, the prefix of the manager whose record it is: a token could be chosen to end another's key. */
  readonly prefix?: string;
  readonly owner?: string;
  /** What is told of it in a list of the owner's sessions. */
  readonly ownerMeta?: OwnerMeta | undefined;
  /** The stamp of its entry in the owner's index. */
  readonly listing?: string;
  /** The application's `version` of the data; none if it had none. */
  readonly dataVersion?: number;
  readonly cookie?: { readonly persistent?: boolean; readonly maxAge?: number };
  /** Timeouts of its own. The header holds the instants that follow from them. */
  readonly timeouts?: OwnTimeouts;
  /** While unsigned tokens are accepted: the token was given out signed, so unsigned it is none. */
  readonly signed?: true;
  /** When the token was given out, if not with the creation; milliseconds since the epoch. */
  readonly issuedAt?: number;
  /** Of a record that was moved by a rotation: the key of the session by now, less the prefix. */
  readonly to?: string;
}

/** How many write ids a record remembers: a retry is exact while no more writes than this came between (security.md, 3.2). */
export const REMEMBERED_WRITES = 8;

type Format = "us1" | "ub1" | "ua1";

const STATES = { live: "L", moved: "M", dead: "D" } as const;
const WRITE_ID_LENGTH = 11;
const WRITES_LENGTH = REMEMBERED_WRITES * WRITE_ID_LENGTH;
const SERIALIZER_LENGTH = 16;

export const HEADER_LENGTH = 220;

// Without groups: to cut out thirteen of them, most of them numbers, took a third of what reading a session does.
// The last version has no next one: what a write made of it would be no record.
const HEADER = new RegExp(
  `^u[sba]1[LMD]` +
    `[a-z0-9 -]{${SERIALIZER_LENGTH}}` +
    `(?!9{12})\\d{72}` +
    `[A-Za-z0-9_.-]{${WRITES_LENGTH}}` +
    `[a-z0-9 -]{${SERIALIZER_LENGTH}}` +
    `\\d{24}`,
);

/**
 * The record as a store keeps it.
 *
 * @param keepsBytes whether the store keeps a byte string as it is
 */
export function encodeRecord(record: SessionRecord, keepsBytes: boolean = false): string {
  const format = formatOf(record, keepsBytes);
  const meta = encodeMeta(record.meta);
  const flash = record.flash === undefined ? "" : encodeSection(record.flash, format);
  const data = encodeSection(record.data, format);
  return encodeHeader(record, format, meta.length, flash.length, data.length) + meta + flash + data;
}

/** Whether a value that is to be stored is a byte string. */
export function isByteRecord(value: string): boolean {
  return value.startsWith("ub1");
}

/** How many bytes a record takes beside the data and one-time values themselves. */
export function overheadOf(record: Pick<SessionRecord, "data" | "flash" | "meta">, keepsBytes: boolean): number {
  const around = HEADER_LENGTH + encodeMeta(record.meta).length;
  if (formatOf(record, keepsBytes) !== "ua1") return around;
  const growth = (bytes: number): number => 4 * Math.ceil(bytes / 3) - bytes;
  return around + growth(sizeOf(record.data)) + growth(sizeOf(record.flash));
}

/** The bytes of what a serializer wrote. */
export function sizeOf(encoded: Encoded | undefined): number {
  if (encoded === undefined) return 0;
  return encoded.binary === true ? encoded.text.length : byteLength(encoded.text);
}

function formatOf({ data, flash }: Pick<SessionRecord, "data" | "flash">, keepsBytes: boolean): Format {
  if (data.binary !== true && flash?.binary !== true) return "us1";
  return keepsBytes ? "ub1" : "ua1";
}

function encodeSection({ text, binary }: Encoded, format: Format): string {
  if (format === "us1") return text;
  const bytes = binary === true ? text : encodeUtf8(text);
  return format === "ub1" ? bytes : btoa(bytes);
}

/** The meta section, in ASCII, so that it is the same as text and as bytes; nothing where there is nothing to say. */
function encodeMeta(meta: RecordMeta): string {
  if (Object.keys(meta).length === 0) return "";
  const escape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(meta).replaceAll(/[^ -~]/g, escape);
}

function encodeHeader(
  record: SessionRecord,
  format: string,
  metaLength: number,
  flashLength: number,
  dataLength: number,
): string {
  return (
    format +
    STATES[record.state] +
    record.data.serializer.padEnd(SERIALIZER_LENGTH) +
    digits(record.version, 12) +
    digits(record.createdAt, 15) +
    digits(record.touchedAt, 15) +
    digits(record.absoluteAt, 15) +
    digits(record.idleWindow, 15) +
    record.writes +
    (record.flash?.serializer ?? "").padEnd(SERIALIZER_LENGTH) +
    digits(metaLength, 8) +
    digits(flashLength, 8) +
    digits(dataLength, 8)
  );
}

/** Reads a record; `undefined` for anything that is not one, whole and of a known format. Payloads are not decoded. */
export function parseRecord(text: string): SessionRecord | undefined {
  if (!HEADER.test(text)) return undefined;
  const format = text.slice(0, 3) as Format;
  const state = text.charAt(3);
  const flashStart = HEADER_LENGTH + readDigits(text, 196, 8);
  const dataStart = flashStart + readDigits(text, 204, 8);
  if (text.length !== dataStart + readDigits(text, 212, 8)) return undefined;
  const meta = flashStart === HEADER_LENGTH ? NO_META : parseMeta(text.slice(HEADER_LENGTH, flashStart));
  const data = parseSection(text.slice(4, 20), text.slice(dataStart), format);
  const hasFlash = dataStart > flashStart;
  const flash = hasFlash ? parseSection(text.slice(180, 196), text.slice(flashStart, dataStart), format) : undefined;
  if (meta === undefined || data === undefined || (hasFlash && flash === undefined)) return undefined;
  return {
    state: state === "L" ? "live" : state === "M" ? "moved" : "dead",
    version: readDigits(text, 20, 12),
    createdAt: readDigits(text, 32, 15),
    touchedAt: readDigits(text, 47, 15),
    absoluteAt: readDigits(text, 62, 15),
    idleWindow: readDigits(text, 77, 15),
    writes: text.slice(92, 92 + WRITES_LENGTH),
    meta,
    flash,
    data,
  };
}

const NO_META: RecordMeta = {};

/** The header of a touch: `record` as it stands in the store as `text`, with the idle window begun anew. */
export function touchedHeader(record: SessionRecord, text: string): string {
  return encodeHeader(record, text.slice(0, 3), readDigits(text, 196, 8), readDigits(text, 204, 8), readDigits(text, 212, 8));
}

/** What stays of a session that was ended: that it was, and how it may be reached, for as long as a late request may come. */
export function deadRecord(record: SessionRecord, now: number, tombstoneTtl: number): SessionRecord {
  const { prefix, signed } = record.meta;
  return {
    ...record,
    state: "dead",
    touchedAt: now,
    absoluteAt: 0,
    idleWindow: tombstoneTtl,
    data: { serializer: record.data.serializer, text: "" },
    flash: undefined,
    meta: { ...(prefix === undefined ? {} : { prefix }), ...(signed === undefined ? {} : { signed }) },
  };
}

export function isSameText(a: Encoded | undefined, b: Encoded | undefined): boolean {
  return a?.text === b?.text && a?.serializer === b?.serializer;
}

/** 64 random bits: two writes of one session never share an id. */
export function createWriteId(): string {
  return randomText(8);
}

/** The write ids of a new record. */
export function firstWrite(): string {
  return createWriteId().padEnd(WRITES_LENGTH, ".");
}

/** The write ids after one more write. */
export function rememberWrite(record: SessionRecord, writeId: string): string {
  return (writeId + record.writes).slice(0, WRITES_LENGTH);
}

/** True if a write, whose answer may have been lost, is among the last ones of the record. */
export function hasWrite({ writes }: SessionRecord, writeId: string): boolean {
  for (let at = 0; at < writes.length; at += WRITE_ID_LENGTH) if (writes.startsWith(writeId, at)) return true;
  return false;
}

/** The id of the write that made a record. */
export function lastWrite({ writes }: SessionRecord): string {
  return writes.slice(0, WRITE_ID_LENGTH);
}

function parseSection(serializer: string, section: string, format: Format): Encoded | undefined {
  const name = serializer.trimEnd();
  if (format === "us1") return { serializer: name, text: section };
  try {
    return { serializer: name, text: format === "ub1" ? section : atob(section), binary: true };
  } catch {
    return undefined;
  }
}

function parseMeta(text: string): RecordMeta | undefined {
  try {
    const meta: unknown = JSON.parse(text);
    return isMeta(meta) ? meta : undefined;
  } catch {
    return undefined;
  }
}

/** What is known in it is as it was written; what a later version adds is kept. */
function isMeta(meta: unknown): meta is RecordMeta {
  if (!isObject(meta) || Array.isArray(meta)) return false;
  const { owner = "", ownerMeta = {}, listing = "" } = meta as Record<string, unknown>;
  if (!isObject(ownerMeta) || typeof listing !== "string") return false;
  const { to = "", issuedAt = 0, dataVersion = 1, cookie = {}, timeouts = {} } = meta as Record<string, unknown>;
  if (typeof owner !== "string" || typeof to !== "string" || !isCount(issuedAt) || !isCount(dataVersion)) return false;
  if (!isObject(cookie) || !isObject(timeouts)) return false;
  const { persistent = false, maxAge = 1 } = cookie;
  const { idle = 0, absolute = 0 } = timeouts;
  return typeof persistent === "boolean" && isCount(maxAge) && maxAge > 0 && isCount(idle) && isCount(absolute);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

/** By hand: for a number of more than a few digits engines go the long way of all that numbers may look like. */
function readDigits(text: string, start: number, width: number): number {
  let value = 0;
  for (let at = start; at < start + width; at++) value = value * 10 + text.charCodeAt(at) - 0x30;
  return value;
}
