import { execFileSync } from "node:child_process";
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { noteOf, withNotes } from "./changelog.ts";
import { ROOT, readManifest } from "./published.ts";
import { newestHeading } from "./versions.ts";

/**
 * `pnpm changeset` asks what a change means to users and stores the answer in `.changeset`. `pnpm changeset version`
 * moves the answers into CHANGELOG.md and, where the newest section is released, raises the version of every package.
 */
const CLI = dirname(fileURLToPath(import.meta.resolve("@changesets/cli/package.json")));
const { bin } = readManifest(CLI) as { bin?: Record<string, string> };
const changesets = (args: readonly string[]): void => {
  execFileSync(process.execPath, [join(CLI, bin?.changeset ?? ""), ...args], {
    cwd: ROOT,
    stdio: "inherit",
  });
};

const args = process.argv.slice(2);
if (args[0] === "version") version(args);
else changesets(args);

function version(args: readonly string[]): void {
  const path = join(ROOT, "CHANGELOG.md");
  const changelog = readFileSync(path, "utf8");
  const files = globSync(".changeset/*.md", { cwd: ROOT }).map((file) => join(ROOT, file));
  const notes = files.map((file) => noteOf(readFileSync(file, "utf8")));
  if (newestHeading(changelog).when === "unreleased") for (const file of files) rmSync(file);
  else changesets(args);
  const { version } = readManifest(join(ROOT, "packages/client"));
  writeFileSync(path, withNotes(changelog, notes, version));
  const root = join(ROOT, "package.json");
  const text = readFileSync(root, "utf8");
  writeFileSync(root, text.replace(/("version": )"[^"]+"/, `$1"${version}"`));
}
