// Node 20 cannot run TypeScript by itself. What is measured is the package as it is built.
import { createJiti } from "jiti";

await createJiti(import.meta.url).import("./main.ts");
