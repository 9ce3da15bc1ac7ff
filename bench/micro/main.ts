import { bench, group, run } from "mitata";
import { ratiosOf } from "./ratios.ts";
import type { Row } from "./row.ts";
import { cookie } from "./subjects/cookie.ts";
import { merging } from "./subjects/merge.ts";
import { record } from "./subjects/record.ts";
import { serializers } from "./subjects/serializers.ts";
import { token } from "./subjects/token.ts";
import { tracking } from "./subjects/tracking.ts";
import { tableOf, type Measured } from "./table.ts";

const SUBJECTS: Readonly<Record<string, () => Row[] | Promise<Row[]>>> = {
  tracking,
  serializers,
  record,
  token,
  cookie,
  merge: merging,
};

const HELP = `npm run bench -- [parts] [--ratios]
  parts      of ${Object.keys(SUBJECTS).join(", ")}; all without any
  --ratios   the table alone, without mitata's output: a quarter of the time`;

/** Of all ways of a row in turn; odd, so that the median is one of them. */
const ROUNDS = 61;

await main(process.argv.slice(2));

async function main(given: readonly string[]): Promise<void> {
  const names = given.filter((name) => !name.startsWith("--"));
  const unknown = names.find((name) => !(name in SUBJECTS));
  if (given.includes("--help") || unknown !== undefined) {
    console.log(HELP);
    process.exitCode = unknown === undefined ? 0 : 1;
    return;
  }
  const chosen = names.length === 0 ? Object.keys(SUBJECTS) : names;
  const rows: Row[] = [];
  for (const name of chosen) rows.push(...(await (SUBJECTS[name] as () => Row[] | Promise<Row[]>)()));
  if (!given.includes("--ratios")) await show(rows);
  const measured: Measured[] = [];
  for (const [index, row] of rows.entries()) {
    console.log(`${index + 1} of ${rows.length}: ${row.name}`);
    measured.push({ row, ratios: await ratiosOf(row, ROUNDS) });
  }
  console.log(`\n${tableOf(measured)}`);
}

/** Absolute times and their spread, by mitata. */
async function show(rows: readonly Row[]): Promise<void> {
  for (const { name, ways } of rows) {
    group(name, () => {
      for (const [way, once] of Object.entries(ways)) bench(way, once);
    });
  }
  await run();
}
