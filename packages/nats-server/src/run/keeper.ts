/**
 * The keeper: a process between the parent and nats-server. It ensures that the server never outlives the parent, even
 * one that was killed with SIGKILL.
 *
 * Run as `node keeper.ts <KeeperTask>` in its own session, so a terminal's Ctrl-C reaches neither the keeper nor the
 * server. The keeper holds the read end of a pipe whose write end only the parent has. When the pipe ends, the keeper
 * stops the server (SIGTERM, after 5 s SIGKILL) and exits with the server's exit code. Until then the keeper holds the
 * lock of the store: without it, the successor of a killed parent would start a second server on the same store.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createWriteStream, rmSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { acquireLock } from "../file-lock.ts";
import {
  type KeeperReport,
  type KeeperTask,
  KILL_AFTER_MS,
  LOG_TAIL_LINES,
  STOP_LINE,
} from "./keeper-protocol.ts";

const task = JSON.parse(process.argv[2] ?? "{}") as KeeperTask;
const [program, ...args] = task.command;
const logTail: string[] = [];
let askedToStop = false;
let stopping = false;

// A write error (dead parent, full disk) must not end the keeper before the server.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

/** `isLocked` in other processes holds the lock for less than a millisecond; this wait outlasts it. */
const LOCK_PATIENCE_MS = 1_000;

if (task.lockPath !== undefined) await lockStore(task.lockPath);
const log = openLog();
const server = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: process.env });
server.on("error", (error) => {
  report({ type: "failed", reason: error.message });
  process.exit(1);
});
if (server.pid !== undefined) report({ type: "started", pid: server.pid });
collect(server);

process.stdin.setEncoding("utf8");
process.stdin.on("data", (text: string) => {
  if (text === STOP_LINE) askedToStop = true;
});
process.stdin.on("end", stop);
process.stdin.on("error", stop);
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, stop);

server.on("close", (code, signal) => {
  report({ type: "exited", code, signal, logTail });
  if (stopping && !askedToStop) {
    for (const folder of task.temporaryFolders) rmSync(folder, { recursive: true, force: true });
  }
  process.exit(code ?? 1);
});

async function lockStore(path: string): Promise<void> {
  try {
    if ((await acquireLock(path, { timeoutMs: LOCK_PATIENCE_MS })) !== undefined) return;
    report({ type: "store_in_use" });
  } catch (error) {
    report({ type: "failed", reason: `${path}: ${(error as Error).message}` });
  }
  process.exit(1);
}

function stop(): void {
  if (stopping) return;
  stopping = true;
  server.kill("SIGTERM");
  server.kill("SIGCONT"); // A stopped process handles SIGTERM only after it continues.
  setTimeout(() => server.kill("SIGKILL"), KILL_AFTER_MS).unref();
}

function report(message: KeeperReport): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function openLog(): Writable | undefined {
  if (task.log.type === "ignore") return undefined;
  if (task.log.type === "inherit") return process.stderr;
  return createWriteStream(task.log.path, { flags: "a" }).on("error", () => {});
}

function collect(child: ChildProcessByStdio<null, Readable, Readable>): void {
  for (const output of [child.stdout, child.stderr]) {
    let rest = "";
    output.setEncoding("utf8").on("data", (text: string) => {
      log?.write(text);
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      logTail.push(...lines);
      logTail.splice(0, logTail.length - LOG_TAIL_LINES);
    });
  }
}
