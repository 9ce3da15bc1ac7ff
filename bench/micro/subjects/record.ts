import { encodeRecord, parseRecord, touchedHeader, type SessionRecord } from "../../../src/record.ts";
import { LARGE, SMALL } from "../documents.ts";
import { OURS, type Row } from "../row.ts";

/** The record around data, against the same fields in an object of JSON around the same text. */
export function record(): Row[] {
  return [...rowsOf("2 KB", SMALL), ...rowsOf("50 KB", LARGE)];
}

function rowsOf(size: string, data: string): Row[] {
  const fields: SessionRecord = {
    state: "live",
    version: 12,
    createdAt: 1_790_000_000_000,
    touchedAt: 1_790_000_100_000,
    absoluteAt: 0,
    idleWindow: 2_592_000_000,
    writes: "q83vEjRWeJAEjRWeJCrze8".padEnd(88, "."),
    meta: {},
    flash: undefined,
    data: { serializer: "json", text: data },
  };
  const text = encodeRecord(fields);
  const json = JSON.stringify(fields);
  return [
    { name: `write a record, ${size}`, ways: { JSON: () => JSON.stringify(fields), [OURS]: () => encodeRecord(fields) } },
    { name: `read a record, ${size}`, ways: { JSON: () => JSON.parse(json) as unknown, [OURS]: () => parseRecord(text) } },
    { name: `renew a record, ${size}`, ways: { JSON: () => JSON.stringify(fields), [OURS]: () => touchedHeader(fields, text) } },
  ];
}
