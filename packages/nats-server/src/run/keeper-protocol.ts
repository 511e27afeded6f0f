/** What the parent tells the keeper, as JSON in its first argument. */
export interface KeeperTask {
  /** Program and arguments that start the server (a `setpriv` in front keeps its process id). */
  command: readonly [string, ...string[]];
  /** Where the server's output goes: to the keeper's standard error, a file (appended), or nowhere. */
  log: { type: "inherit" } | { type: "ignore" } | { type: "file"; path: string };
  /** The lock of the server's store, held until the server has ended; unset where nobody else knows the store. */
  lockPath?: string;
  /** Folders to remove after the server's end when the parent died without saying "stop". */
  temporaryFolders: readonly string[];
}

/** What the keeper tells the parent, a JSON line each on its standard output. */
export type KeeperReport =
  | { type: "started"; pid: number }
  | { type: "failed"; reason: string }
  /** Another server works on the store. */
  | { type: "store_in_use" }
  | { type: "exited"; code: number | null; signal: NodeJS.Signals | null; logTail: string[] };

/** Line by which the parent asks the keeper for an orderly stop; end of input alone means that it died. */
export const STOP_LINE = "stop\n";

/** Time between SIGTERM and SIGKILL, ms. */
export const KILL_AFTER_MS = 5_000;

/** How many of the server's last lines are kept for error messages. */
export const LOG_TAIL_LINES = 30;
