// Runs one code block of the documentation as a reader would: `unsession` is the sources, everything else is installed.
import { createJiti } from "jiti";

const { entries, root } = await createJiti(import.meta.url).import("../../scripts/entries.ts");
const alias = Object.fromEntries(entries.map(({ name, source }) => [name, root + source]));
await createJiti(import.meta.url, { alias }).import(process.argv[2]);
