// Writes the tables that are made from the code into README and docs. Node 20 cannot run TypeScript by itself.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createJiti } from "jiti";

const { root } = await createJiti(import.meta.url).import("./entries.ts");
const { withTables } = await createJiti(import.meta.url).import("./tables.ts");
for (const name of readdirSync(`${root}docs`).filter((page) => page.endsWith(".md"))) {
  const page = `${root}docs/${name}`;
  writeFileSync(page, withTables(readFileSync(page, "utf8")));
}
