/** Oldest nats-server that mapek works with: the first with deduplication inside atomic batches. */
export const MINIMUM_VERSION = "2.12.1";

/** Reads the version from the output of `nats-server --version`. */
export function parseVersion(output: string): string | undefined {
  return /nats-server:?\s+v?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)/.exec(output)?.[1];
}

/**
 * Orders two versions: negative when `a` is older, 0 when equal, positive when newer.
 * A pre-release (`2.12.1-RC.1`) is older than its release; two pre-releases compare as text.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [split(a), split(b)];
  for (let i = 0; i < 3; i++) {
    const difference = (left.numbers[i] ?? 0) - (right.numbers[i] ?? 0);
    if (difference !== 0) return difference;
  }
  if (left.preRelease === right.preRelease) return 0;
  if (left.preRelease === "") return 1;
  if (right.preRelease === "") return -1;
  return left.preRelease < right.preRelease ? -1 : 1;
}

function split(version: string): { numbers: number[]; preRelease: string } {
  const dash = version.indexOf("-");
  const release = dash < 0 ? version : version.slice(0, dash);
  return {
    numbers: release.split(".").map(Number),
    preRelease: dash < 0 ? "" : version.slice(dash + 1),
  };
}
