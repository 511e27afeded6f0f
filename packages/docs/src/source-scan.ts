import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The repository. */
export const ROOT = join(import.meta.dirname, "..", "..", "..");

/** Texts of the source files of packages and services, by path from the root, in order of the paths. */
export function sources(): ReadonlyMap<string, string> {
  const paths = globSync(["packages/*/src/**/*.ts", "services/*/src/**/*.ts"], { cwd: ROOT });
  return new Map(paths.sort().map((path) => [path, readFileSync(join(ROOT, path), "utf8")]));
}
