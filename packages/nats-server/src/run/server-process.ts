import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { findExecutables } from "../find/binary.ts";
import { runCommand } from "../find/run-command.ts";
import { type KeeperReport, type KeeperTask, KILL_AFTER_MS, STOP_LINE } from "./keeper-protocol.ts";

/** How a server process ended. */
export interface ServerExit {
  /** Exit code, or null when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The last lines of the server's output, at most 30; empty where the keeper was killed. */
  logTail: readonly string[];
}

/** A running server and its keeper. */
export interface ServerProcess {
  readonly pid: number;
  /** Resolves when both the server and the keeper have ended; never rejects. */
  readonly exited: Promise<ServerExit>;
  /** SIGTERM, SIGKILL after 5 s; resolves when the process is gone. */
  stop(): Promise<ServerExit>;
  /** Sends a signal to the server; does nothing after its end. */
  kill(signal: NodeJS.Signals): void;
  /** Lets this process end while the server runs; the keeper then stops the server. */
  unref(): void;
}

/** Path of the keeper from the package's `imports`: a source file here, a built file in the published command. */
const KEEPER = fileURLToPath(import.meta.resolve("#keeper"));

/** Thrown where another keeper holds the lock of the store. */
export class StoreTaken extends Error {}

/**
 * Starts a server under a keeper process, which stops the server when this process ends for whatever reason.
 *
 * Where the keeper itself is killed, the server is killed too: on Linux by the kernel (`setpriv --pdeathsig` of
 * util-linux), elsewhere by this process. A server can stay behind only where setpriv is missing and both processes
 * are killed at once.
 *
 * @throws {StoreTaken} When another keeper holds the lock of the store.
 * @throws {Error} When the program cannot be started.
 */
export async function launchServer(
  task: KeeperTask,
  env: NodeJS.ProcessEnv,
): Promise<ServerProcess> {
  const command = [...(await deathSignalPrefix()), ...task.command] as [string, ...string[]];
  const { NODE_OPTIONS: _forTheParent, ...keeperEnv } = env;
  const keeper = spawn(process.execPath, [KEEPER, JSON.stringify({ ...task, command })], {
    detached: true,
    env: keeperEnv,
    stdio: ["pipe", "pipe", task.log.type === "inherit" ? "inherit" : "ignore"],
  });
  const [input, output] = [keeper.stdin as Socket, keeper.stdout as Socket];
  input.on("error", () => {}); // The keeper's exit is handled by `readReports`.
  const { started, exited } = readReports(keeper, output);
  const pid = await started;
  let running = true;
  exited.then(() => {
    running = false;
  });
  return {
    pid,
    exited,
    stop() {
      keeper.ref();
      output.ref();
      if (running && input.writable) {
        input.end(STOP_LINE);
        // The keeper sends SIGKILL itself after 5 s; this timer is for a keeper that is stopped or hangs.
        const timer = setTimeout(() => {
          signalIfThere(pid, "SIGKILL");
          keeper.kill("SIGKILL");
        }, KILL_AFTER_MS + 1_000);
        exited.then(() => clearTimeout(timer));
      }
      return exited;
    },
    kill(signal) {
      if (running) signalIfThere(pid, signal);
    },
    unref() {
      for (const handle of [keeper, input, output]) handle.unref();
    },
  };
}

function readReports(
  keeper: ChildProcess,
  output: Socket,
): { started: Promise<number>; exited: Promise<ServerExit> } {
  const started = Promise.withResolvers<number>();
  const exited = Promise.withResolvers<ServerExit>();
  let pid: number | undefined;
  let exit: ServerExit | undefined;
  let rest = "";
  output.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const report = JSON.parse(line) as KeeperReport;
      if (report.type === "exited") exit = report;
      else if (report.type === "failed") started.reject(new Error(report.reason));
      else if (report.type === "store_in_use") started.reject(new StoreTaken());
      else {
        pid = report.pid;
        started.resolve(pid);
      }
    }
  });
  keeper.on("error", (error) => started.reject(error));
  keeper.on("close", (code, signal) => {
    started.reject(new Error(`the keeper process ended (${signal ?? `code ${code}`})`));
    if (exit === undefined && pid !== undefined) signalIfThere(pid, "SIGKILL");
    exited.resolve(exit ?? { code: null, signal: "SIGKILL", logTail: [] });
  });
  return { started: started.promise, exited: exited.promise };
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

let probe: Promise<string[]> | undefined;

/** `setpriv --pdeathsig KILL` where this machine's setpriv supports it, else nothing. Tried once per process. */
function deathSignalPrefix(): Promise<string[]> {
  probe ??= (async () => {
    const [setpriv] =
      process.platform === "linux" ? await findExecutables("setpriv", process.env) : [];
    if (setpriv === undefined) return [];
    const prefix = [setpriv, "--pdeathsig", "KILL"];
    const run = await runCommand(setpriv, ["--pdeathsig", "KILL", setpriv, "--version"], {
      env: process.env,
    });
    return run.ok ? prefix : [];
  })();
  return probe;
}
