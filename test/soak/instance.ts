import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Service } from "@mapek/core/contract";
import { ServiceProcess } from "../support/service-process.ts";
import type { InstanceName } from "./schedule.ts";
import { TcpProxy } from "./tcp-proxy.ts";

const CLOCK_MODULE = new URL("./shifted-clock.ts", import.meta.url).href;

export interface InstanceOptions {
  readonly name: InstanceName;
  readonly env: Readonly<Record<string, string>>;
  /** A folder for its clock. */
  readonly folder: string;
  /** Port of the server that it reaches through a network of its own; unset, `env` says how it connects. */
  readonly serverPort?: number | undefined;
}

/** One instance of a service, with a network and a clock of its own; started again whenever it ends. */
export class Instance implements AsyncDisposable {
  readonly name: InstanceName;
  readonly network: TcpProxy | undefined;
  readonly #process: ServiceProcess;
  readonly #clockFile: string;
  #stopping = false;
  #killed = false;
  #running: Promise<unknown> = Promise.resolve();
  /** How often it ended without being killed by a fault. */
  crashes = 0;

  static async create(options: InstanceOptions): Promise<Instance> {
    const { serverPort } = options;
    const network = serverPort === undefined ? undefined : await TcpProxy.start(serverPort);
    return new Instance(options, network);
  }

  private constructor({ name, env, folder }: InstanceOptions, network: TcpProxy | undefined) {
    this.name = name;
    this.network = network;
    this.#clockFile = join(folder, `${name}.clock`);
    this.#process = new ServiceProcess(name.split("-")[0] as Service, {
      ...env,
      ...(network !== undefined && { NATS_URL: network.url }),
      NODE_OPTIONS: `--import=${CLOCK_MODULE}`,
      MAPEK_SOAK_CLOCK: this.#clockFile,
    });
  }

  /** Starts it, waits until it is ready, and keeps it running from then on, as a platform would. */
  async start(): Promise<void> {
    await this.#process.start();
    this.#running = this.#keepRunning();
  }

  /** Ends it as a crash does; it is started again at once. */
  kill(): void {
    this.#killed = true;
    this.#process.signal("SIGKILL");
  }

  signal(name: "SIGSTOP" | "SIGCONT"): void {
    this.#process.signal(name);
  }

  setClock(shiftMs: number): void {
    writeFileSync(this.#clockFile, String(shiftMs));
  }

  /** The last lines that it logged. */
  get log(): string {
    return this.#process.log;
  }

  /** Its metrics, which begin anew with each start; nothing while it is away. */
  async metrics(): Promise<string> {
    return await this.#process.metrics().catch(() => "");
  }

  async #keepRunning(): Promise<void> {
    while (!this.#stopping) {
      await this.#process.exited;
      if (this.#stopping) return;
      if (!this.#killed) this.crashes++;
      this.#killed = false;
      // One that cannot start, since the server is away, is started again.
      await this.#process.start().catch(() => {});
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    this.#process.signal("SIGCONT");
    await this.#process.end("SIGTERM");
    await this.#running;
    // It may have been on its way up again.
    await this.#process.end("SIGKILL");
    await this.network?.[Symbol.asyncDispose]();
    rmSync(this.#clockFile, { force: true });
  }
}
