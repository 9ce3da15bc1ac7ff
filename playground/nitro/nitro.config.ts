import { defineConfig } from "nitro/config";
import type { NitroSessionOptions } from "unsession/nitro";

export default defineConfig({
  compatibilityDate: "2026-09-01",
  serverDir: "./server",
  modules: ["unsession/nitro"],
  unsession: { cookie: { name: "books" }, idleTimeout: 7 * 24 * 3600 } satisfies NitroSessionOptions,
  // In production, name a store that all processes share: storage: { session: { driver: "redis", url: "redis://…" } }
});
