import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Service } from "@mapek/core/contract";
import { STUCK_MS } from "./wait-for.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const LOG_LINES = 40;

/** One service as a process of its own, as `mapek up` starts it. */
export class ServiceProcess implements AsyncDisposable {
  readonly service: Service | "console";
  /** Base URL of its health endpoint, once ready. */
  http = "";
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();
  readonly #log: string[] = [];

  constructor(service: Service | "console", env: Record<string, string>) {
    this.service = service;
    this.#env = { PATH: process.env.PATH, HOME: process.env.HOME, MAPEK_HTTP_PORT: "0", ...env };
  }

  /** Starts it and waits until it says that it is ready. */
  async start(): Promise<this> {
    const child = spawn(
      process.execPath,
      [join(ROOT, "services", this.service, "src", "main.ts")],
      {
        env: this.#env,
        stdio: ["ignore", "ignore", "pipe", "ipc"],
      },
    );
    this.#child = child;
    this.#exited = once(child, "exit");
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#log.push(text);
      if (this.#log.length > LOG_LINES) this.#log.shift();
    });
    const timeout = AbortSignal.timeout(STUCK_MS);
    const exited = once(child, "exit").then(([code]) => {
      throw new Error(
        `${this.service} exited with ${code} before it was ready:\n${this.#log.join("")}`,
      );
    });
    const ready = once(child, "message", { signal: timeout }).catch(() => {
      throw new Error(`${this.service} was not ready in time:\n${this.#log.join("")}`);
    });
    const [message] = (await Promise.race([ready, exited])) as [{ http: string }];
    exited.catch(() => {});
    this.http = message.http;
    return this;
  }

  /** Undefined before the first start. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Settles when the process of the last start has ended. */
  get exited(): Promise<unknown> {
    return this.#exited;
  }

  /** The newest part of what it logged. */
  get log(): string {
    return this.#log.join("");
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** Sends a signal and waits for the end; the exit code, null after a killing signal. */
  async end(name: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null)
      return child?.exitCode ?? null;
    const exit = once(child, "exit");
    child.kill(name);
    if (name === "SIGTERM") child.kill("SIGCONT");
    const [code] = (await exit) as [number | null];
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGTERM");
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.http}/metrics`)).text();
  }
}

/** All four services over one server; ended when the block ends. */
export async function startServices(
  env: Record<string, string>,
): Promise<Record<Service, ServiceProcess> & AsyncDisposable> {
  const services = {
    monitor: new ServiceProcess("monitor", env),
    learner: new ServiceProcess("learner", env),
    optimizer: new ServiceProcess("optimizer", env),
    feedback: new ServiceProcess("feedback", env),
  };
  await Promise.all(Object.values(services).map((service) => service.start()));
  return {
    ...services,
    async [Symbol.asyncDispose]() {
      await Promise.all(Object.values(services).map((service) => service.end("SIGTERM")));
    },
  };
}
