import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Writable } from "node:stream";
import { appendBounded } from "@mapek/core/forget-oldest";
import type { Program } from "./programs.ts";

/** Exit code or signal with which a service process ended. */
export interface ServiceExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const TAIL_LINES = 5;
const KILL_AFTER_MS = 6_000;

/** One service as a child process. Its own session keeps the terminal's Ctrl-C from it, so that the parent decides when it stops. */
export class ServiceProcess {
  readonly service: Program;
  /** Resolves with the address of the health endpoint once the service is ready; never settles otherwise. */
  readonly ready: Promise<string>;
  /** Settles when the process has ended and its output is read; never rejects. */
  readonly exited: Promise<ServiceExit>;
  readonly #child: ChildProcess;
  readonly #tail: string[] = [];

  /** @param log Receives the lines that the service writes. */
  constructor(service: Program, main: string, env: NodeJS.ProcessEnv, log: Writable) {
    this.service = service;
    const ready = Promise.withResolvers<string>();
    const exited = Promise.withResolvers<ServiceExit>();
    this.ready = ready.promise;
    this.exited = exited.promise;
    this.#child = spawn(process.execPath, [main], {
      env,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      detached: true,
    });
    for (const output of [this.#child.stdout, this.#child.stderr])
      if (output !== null)
        createInterface({ input: output }).on("line", (line) => {
          appendBounded(this.#tail, line, TAIL_LINES);
          log.write(`${line}\n`);
        });
    this.#child.on("message", (message) => {
      const { type, http } = message as { type?: unknown; http?: unknown };
      if (type === "ready") ready.resolve(String(http));
    });
    this.#child.on("error", (error) => {
      this.#tail.push(error.message);
      if (this.#child.pid === undefined) exited.resolve({ code: null, signal: null });
    });
    this.#child.on("close", (code, signal) => exited.resolve({ code, signal }));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The last lines that the service wrote, at most five. */
  get tail(): readonly string[] {
    return this.#tail;
  }

  /** Sends SIGTERM, and SIGKILL after 6 s. Resolves when the process has ended. */
  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    const deadline = setTimeout(() => this.kill(), KILL_AFTER_MS);
    await this.exited;
    clearTimeout(deadline);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}
