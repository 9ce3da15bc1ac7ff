// One process of a history, from the sources. Node 20 cannot run TypeScript by itself.
import { createJiti } from "jiti";

const { entries, root } = await createJiti(import.meta.url).import("../../scripts/entries.ts");
const alias = Object.fromEntries(entries.map(({ name, source }) => [name, root + source]));
const { work } = await createJiti(import.meta.url, { alias }).import("./worker.ts");
await work(JSON.parse(process.argv[2]));
