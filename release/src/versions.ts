import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PUBLISHED, ROOT, readManifest } from "./published.ts";

/** The newest section of CHANGELOG.md. */
export interface Heading {
  readonly version: string;
  /** The text in brackets after the version: a date, or `unreleased`. */
  readonly when: string;
}

/** @throws {Error} Where the heading of the first section is not `## VERSION (DATE|unreleased)`. */
export function newestHeading(
  changelog = readFileSync(join(ROOT, "CHANGELOG.md"), "utf8"),
): Heading {
  const [, line = ""] = /^## (.*)$/m.exec(changelog) ?? [];
  const [, version, when] =
    /^(\d+\.\d+\.\d+\S*) \((\d{4}-\d\d-\d\d|unreleased)\)$/.exec(line) ?? [];
  if (version === undefined || when === undefined)
    throw new Error(
      `CHANGELOG.md: expected "## VERSION (DATE)" or "(unreleased)", got "## ${line}"`,
    );
  return { version, when };
}

/**
 * Compares the version of every package with the changelog's newest section, and returns a line for each difference.
 * All packages have one version: services report it to service discovery, and it is the command's version.
 */
export function versionProblems({ version }: Heading = newestHeading()): string[] {
  const folders = globSync(
    ["package.json", "{packages,services}/*/package.json", "{test,bench,release}/package.json"],
    {
      cwd: ROOT,
    },
  ).map(dirname);
  return folders
    .map((folder) => ({ folder, found: readManifest(join(ROOT, folder)).version }))
    .filter(({ found }) => found !== version)
    .map(({ folder, found }) => `${folder}/package.json is ${found}, CHANGELOG.md ${version}`);
}

/** Lists what forbids an upload but not a dry run, one line each. */
export function uploadProblems({ when, version }: Heading = newestHeading()): string[] {
  const problems = PUBLISHED.filter(
    ({ folder }) => readManifest(join(ROOT, folder)).repository === undefined,
  ).map(
    ({ folder }) => `${folder}/package.json names no \`repository\`: npm's provenance needs it`,
  );
  if (when === "unreleased")
    problems.push(`CHANGELOG.md calls ${version} unreleased: put the date there`);
  return problems;
}
