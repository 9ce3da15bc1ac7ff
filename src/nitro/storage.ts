import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { NitroLike } from "./nitro.ts";

/**
 * Sees to it that something is mounted at `session`. What the application mounts there is kept.
 *
 * In dev that is files, since each change of the code starts a new worker, which shares no memory with the one before.
 */
export function mountStorage({ options, logger }: NitroLike): void {
  const { dev, storage, devStorage, buildDir, preset } = options;
  if (isMounted(storage) || (dev && isMounted(devStorage))) return;
  if (dev) {
    devStorage["session"] = { driver: "fs-lite", base: join(buildDir, "session") };
    return;
  }
  storage["session"] = { driver: fileURLToPath(new URL("../drivers/memory.mjs", import.meta.url)) };
  if (preset === "nitro-prerender") return;
  logger.warn(
    "[unsession] Sessions will be kept in memory: they end with the process and are not shared. Set `storage.session` for production.",
  );
}

function isMounted(mounts: Readonly<Record<string, object>>): boolean {
  return Object.keys(mounts).some((base) => base.replaceAll(/^[:/]+|[:/]+$/g, "") === "session");
}
