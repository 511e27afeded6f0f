import { newestHeading } from "./versions.ts";

/** The text of a changeset file: what follows the list of packages between its two lines of dashes. */
export const noteOf = (changeset: string): string =>
  changeset.replace(/^---\r?\n[\s\S]*?\r?\n---\r?\n/, "").trim();

/**
 * Adds notes to the changelog, one bullet each.
 *
 * An unreleased newest section takes the notes at its top; after a release, a new section for `version` begins. All
 * packages share one version, so there is one changelog; changesets itself would write one for each package.
 */
export function withNotes(changelog: string, notes: readonly string[], version: string): string {
  if (notes.length === 0) return changelog;
  const bullets = notes.map((note) => `- ${note.replaceAll("\n", "\n  ")}\n`).join("");
  const newest = newestHeading(changelog);
  const heading = `## ${newest.version} (${newest.when})\n\n`;
  return newest.when === "unreleased"
    ? changelog.replace(heading, () => `${heading}${bullets}`)
    : changelog.replace(heading, () => `## ${version} (unreleased)\n\n${bullets}\n${heading}`);
}
