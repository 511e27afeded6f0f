/** The task that the parent gives the keeper, as JSON in its first argument. */
export interface KeeperTask {
  /** Program and arguments that start the server (a `setpriv` in front keeps its process id). */
  command: readonly [string, ...string[]];
  /** Destination of the server's output: the keeper's standard error, a file (appended), or nowhere. */
  log: { type: "inherit" } | { type: "ignore" } | { type: "file"; path: string };
  /**
   * Lock file of the server's store, held until the server has ended; unset for a temporary store, which no other
   * server uses.
   */
  lockPath?: string;
  /** Folders to remove after the server's end where the parent died without sending `STOP_LINE`. */
  temporaryFolders: readonly string[];
}

/** The keeper's messages to the parent, one JSON line each on its standard output. */
export type KeeperReport =
  | { type: "started"; pid: number }
  | { type: "failed"; reason: string }
  /** Another keeper holds the lock of the store. */
  | { type: "store_in_use" }
  | { type: "exited"; code: number | null; signal: NodeJS.Signals | null; logTail: string[] };

/** Line with which the parent asks for an orderly stop. End of input without it means that the parent died. */
export const STOP_LINE = "stop\n";

/** Time between SIGTERM and SIGKILL, ms. */
export const KILL_AFTER_MS = 5_000;

/** How many of the server's last lines are kept for error messages. */
export const LOG_TAIL_LINES = 30;
