// Runs the playground from the sources, as if the package were built and installed. Node 20 cannot run TypeScript by itself.
import { createJiti } from "jiti";

const { entries, root } = await createJiti(import.meta.url).import("./entries.ts");
const alias = Object.fromEntries(entries.map(({ name, source }) => [name, root + source]));
await createJiti(import.meta.url, { alias }).import("../playground/h3/server.ts");
