import { readFileSync } from "node:fs";
import { extname } from "node:path";
import type { H3 } from "h3";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

/** Serves files by their paths, read once. No session is used for them, so none is loaded, and no cookie sent. */
export function serveFiles(app: H3, files: Readonly<Record<string, URL>>): void {
  for (const [path, file] of Object.entries(files)) {
    const content = readFileSync(file);
    app.get(path, (event) => {
      event.res.headers.set("content-type", TYPES[extname(path)] ?? "application/octet-stream");
      event.res.headers.set("cache-control", "max-age=60");
      return content;
    });
  }
}
