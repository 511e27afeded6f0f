import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/** The browser that MAPEK_CHROMIUM names, or the first on the PATH; undefined where there is none. */
export function chromiumPath(): string | undefined {
  if (process.env.MAPEK_CHROMIUM) return process.env.MAPEK_CHROMIUM;
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(existsSync);
}
