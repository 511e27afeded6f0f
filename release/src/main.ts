import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "./build.ts";
import { PUBLISHED, ROOT } from "./published.ts";
import { pack, problemsOf, type Tarball } from "./tarball.ts";
import { newestHeading, uploadProblems, versionProblems } from "./versions.ts";

/**
 * `pnpm release [--dry-run] [--unclean REASON]` checks, builds, packs and publishes both packages.
 *
 * Nothing is uploaded before both packages have passed every check. `--dry-run` skips only the upload and needs no
 * login. `--unclean` lets a dry run accept uncommitted changes.
 */
const { values } = parseArgs({
  options: { "dry-run": { type: "boolean", default: false }, unclean: { type: "string" } },
});
const dryRun = values["dry-run"];

function step(name: string, problems: readonly string[]): void {
  console.log(`${problems.length === 0 ? "ok    " : "FAILED"} ${name}`);
  for (const problem of problems) console.log(`       ${problem}`);
  if (problems.length > 0) process.exit(1);
}

const changed = execFileSync("git", ["status", "--porcelain"], { cwd: ROOT, encoding: "utf8" });
if (changed !== "" && values.unclean !== undefined && dryRun)
  console.log(`ok     tree with changes: ${values.unclean}`);
else step("clean tree", changed.trimEnd().split("\n").filter(Boolean));

const heading = newestHeading();
step(`version ${heading.version}, everywhere as in CHANGELOG.md`, versionProblems(heading));
const notYet = uploadProblems(heading);
if (!dryRun) step("fit for an upload", notYet);
for (const problem of notYet) console.log(`       before an upload: ${problem}`);

const folder = mkdtempSync(join(tmpdir(), "mapek-release-"));
try {
  const tarballs: Tarball[] = [];
  for (const published of PUBLISHED) {
    await build(published);
    const tarball = await pack(published, folder);
    const { unpackedBytes, bytes, files } = tarball;
    const size = `${files.length} files, ${kilobytes(bytes)}, unpacked ${kilobytes(unpackedBytes)}`;
    step(`${published.name}: ${size}`, await problemsOf(published, tarball));
    tarballs.push(tarball);
  }
  for (const { path } of tarballs) {
    const how = dryRun ? ["--dry-run"] : ["--provenance"];
    execFileSync("npm", ["publish", path, "--access", "public", "--loglevel", "warn", ...how], {
      stdio: "inherit",
    });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1_000)} kB`;
}
