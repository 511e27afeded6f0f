import { readFileSync } from "node:fs";

const CHECK_MS = 1_000;

/**
 * Calls `onGone` once when the package manager that started this process, or a process between the two, has ended:
 * a killed package manager passes no signal on, and this process would run for ever. Does nothing for a process that
 * no package manager started.
 *
 * @returns Ends the watch.
 */
export function watchPackageManager(onGone: () => void): () => void {
  const { npm_execpath, npm_lifecycle_event } = process.env;
  if (!npm_execpath && !npm_lifecycle_event) return () => {};
  const chain = ancestors(process.ppid);
  const timer = setInterval(() => {
    if (process.ppid === chain[0] && isWhole(chain)) return;
    clearInterval(timer);
    onGone();
  }, CHECK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Process ids of the parent and, on Linux, of its ancestors up to the first that no package manager started. */
function ancestors(parent: number): number[] {
  const chain = [parent];
  for (let pid = parent; isOfPackageManager(pid); ) {
    const above = parentOf(pid);
    if (above === undefined || above <= 1) break;
    chain.push(above);
    pid = above;
  }
  return chain;
}

const isWhole = (chain: readonly number[]): boolean =>
  chain.every((pid, i) => i + 1 === chain.length || parentOf(pid) === chain[i + 1]);

function isOfPackageManager(pid: number): boolean {
  try {
    return /(?:^|\0)npm_(?:execpath|lifecycle_event)=/.test(
      readFileSync(`/proc/${pid}/environ`, "latin1"),
    );
  } catch {
    return false;
  }
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}
