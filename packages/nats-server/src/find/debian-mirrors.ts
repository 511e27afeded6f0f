import type { AptSource } from "./apt-sources.ts";

const RELEASES =
  /^(?:(?:old){0,2}stable|testing|unstable|sid|buster|bullseye|bookworm|trixie|forky|duke)(?:-(?:updates|backports))?$/;

/**
 * Finds mirrors of Debian's own archive among a machine's apt sources, the likeliest first.
 *
 * Security archives (they lack unstable), media and sources without `main` are left out. The rest
 * is ranked by what speaks for Debian: a path that ends in `debian`, a
 * release of Debian. Sources for which nothing speaks are left out. A wrong guess costs time, not
 * safety: apt accepts only what Debian's keyring signed.
 *
 * @returns Addresses without repetition, as they are written in the sources.
 */
export function debianMirrors(sources: readonly AptSource[]): string[] {
  const ranks = new Map<string, number>();
  for (const source of sources) {
    if (source.component !== "main") continue;
    if (/security/.test(source.suite) || /security/.test(source.uri)) continue;
    if (/^(cdrom|copy):/.test(source.uri)) continue;
    const rank =
      (/\/debian(\.list)?\/?$/.test(source.uri) ? 2 : 0) + (RELEASES.test(source.suite) ? 1 : 0);
    if (rank > 0) ranks.set(source.uri, Math.max(rank, ranks.get(source.uri) ?? 0));
  }
  return [...ranks].sort((a, b) => b[1] - a[1]).map(([uri]) => uri);
}
