import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A process whose output a test reads. */
export interface Run extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly lines: () => string[];
  /** Every line of standard output as JSON. */
  readonly events: () => Record<string, unknown>[];
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

export interface RunOptions {
  readonly env?: Record<string, string | undefined>;
  readonly cwd?: string;
  readonly input?: string;
}

/** No package manager and no server of the test run's own reach the process, unless asked for. */
const UNSET = { NATS_URL: undefined, npm_execpath: undefined, npm_lifecycle_event: undefined };

export function start(command: readonly string[], options: RunOptions = {}): Run {
  const [program = "", ...args] = command;
  const env = { ...process.env, ...UNSET, ...options.env };
  const child = spawn(program, args, { env, cwd: options.cwd, stdio: "pipe" });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin.on("error", () => {});
  child.stdin.end(options.input ?? "");
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  const lines = () => stdout.split("\n").filter((line) => line !== "");
  return {
    child,
    pid: child.pid ?? -1,
    stdout: () => stdout,
    stderr: () => stderr,
    lines,
    events: () => lines().map((line) => JSON.parse(line) as Record<string, unknown>),
    exited,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

const UP_WITH_FAKES = fileURLToPath(new URL("./fixtures/up-with-fakes.ts", import.meta.url));
export const FAKE_UP = [process.execPath, UP_WITH_FAKES, "up"];
export const FAKE_SERVICE = fileURLToPath(new URL("./fixtures/fake-service.ts", import.meta.url));
export const MAPEK = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** Runs `mapek` to its end. */
export async function mapek(args: readonly string[], options: RunOptions = {}) {
  const run = start([process.execPath, MAPEK, ...args], options);
  const { code } = await run.exited;
  return { code, stdout: run.stdout(), stderr: run.stderr() };
}

export const startMapek = (args: readonly string[], options: RunOptions = {}): Run =>
  start([process.execPath, MAPEK, ...args], options);

/** Living processes, no zombies, with `text` in their environment or command line. */
export function processesWith(text: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid && isOf(pid, text));
}

/** Asks these processes to end; one that has ended since they were listed is no fault. */
export function endProcessesWith(text: string): void {
  for (const pid of processesWith(text))
    try {
      process.kill(pid, "SIGTERM");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
}

function isOf(pid: number, text: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    if (stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z")) return false;
    return ["environ", "cmdline"].some((file) =>
      readFileSync(`/proc/${pid}/${file}`, "latin1").includes(text),
    );
  } catch {
    return false;
  }
}

export { waitFor as until } from "../../../test/support/wait-for.ts";
