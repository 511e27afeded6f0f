import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Root folder of the repository. */
export const ROOT = join(import.meta.dirname, "..", "..", "..");

/** Texts of the source files of packages and services, by path from the root, sorted by path. */
export function sources(): ReadonlyMap<string, string> {
  const paths = globSync(["packages/*/src/**/*.ts", "services/*/src/**/*.ts"], { cwd: ROOT });
  return new Map(paths.sort().map((path) => [path, readFileSync(join(ROOT, path), "utf8")]));
}
