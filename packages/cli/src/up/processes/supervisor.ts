import type { Writable } from "node:stream";
import { CliError } from "../../errors.ts";
import { CrashPolicy } from "./crash-policy.ts";
import type { Program } from "./programs.ts";
import { type ServiceExit, ServiceProcess } from "./service-process.ts";

const READY_TIMEOUT_MS = 60_000;

export interface SupervisorOptions {
  readonly programs: readonly Program[];
  readonly env: NodeJS.ProcessEnv;
  readonly restart: boolean;
  readonly mainOf: (service: Program) => string;
  /** Port to start a program with; 0: the program takes any free one. */
  readonly portFor: (service: Program) => Promise<number>;
  readonly logOf: (service: Program) => Writable;
  readonly onExit: (service: Program, exit: ServiceExit) => void;
  readonly onReady: (service: Program, http: string) => void;
  /** Called once when a service is given up. */
  readonly onGivenUp: (error: CliError) => void;
}

/** Starts the services and the console and, unless `restart` is false, starts each again when it ends. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #running = new Map<Program, ServiceProcess>();
  readonly #policies: ReadonlyMap<Program, CrashPolicy>;
  readonly #backoffs = new Set<NodeJS.Timeout>();
  #isStopping = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#policies = new Map(options.programs.map((program) => [program, new CrashPolicy()]));
  }

  /**
   * Starts all services and resolves when all are ready.
   *
   * @returns Address of the console's page and of each service's health endpoint.
   * @throws {CliError} MAPEK_CLI_SERVICE_FAILED with the last lines of a service that ended or was not
   * ready within a minute. The other services still run then; the caller must call `stop`.
   */
  async start(): Promise<Partial<Record<Program, string>>> {
    const { programs } = this.#options;
    const http: Partial<Record<Program, string>> = {};
    // Kept apart from #running, which loses a service that ends after it was ready and before supervision begins.
    const children: ServiceProcess[] = [];
    await Promise.all(
      programs.map(async (service) => {
        const child = await this.#spawn(service);
        if (child === undefined) return;
        children.push(child);
        http[service] = await firstReady(child);
      }),
    );
    for (const child of children) this.#supervise(child);
    // Addresses in the order of the services, not of their readiness.
    return Object.fromEntries(programs.map((program) => [program, http[program]]));
  }

  /** Stops every service; resolves when all are gone. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const backoff of this.#backoffs) clearTimeout(backoff);
    await Promise.all([...this.#running.values()].map((child) => child.stop()));
  }

  /** Kills every service that still runs. */
  kill(): void {
    this.#isStopping = true;
    for (const child of this.#running.values()) child.kill();
  }

  async #spawn(service: Program): Promise<ServiceProcess | undefined> {
    const port = await this.#options.portFor(service);
    if (this.#isStopping) return undefined;
    const { env, mainOf, logOf } = this.#options;
    const child = new ServiceProcess(
      service,
      mainOf(service),
      { ...env, [service === "console" ? "MAPEK_CONSOLE_PORT" : "MAPEK_HTTP_PORT"]: String(port) },
      logOf(service),
    );
    this.#running.set(service, child);
    void child.exited.then(() => {
      if (this.#running.get(service) === child) this.#running.delete(service);
    });
    return child;
  }

  #supervise(child: ServiceProcess): void {
    void child.exited.then((exit) => {
      if (!this.#isStopping) this.#ended(child, exit);
    });
  }

  #ended({ service, tail }: ServiceProcess, exit: ServiceExit): void {
    this.#options.onExit(service, exit);
    if (!this.#options.restart) return;
    const waitMs = this.#policies.get(service)?.exited(performance.now());
    if (waitMs === undefined) {
      const detail = `${service} ended five times within a minute; its last lines: ${tail.join(" | ")}`;
      this.#options.onGivenUp(new CliError("MAPEK_CLI_CRASH_LOOP", detail));
      return;
    }
    const backoff = setTimeout(() => {
      this.#backoffs.delete(backoff);
      void this.#restart(service);
    }, waitMs);
    this.#backoffs.add(backoff);
  }

  async #restart(service: Program): Promise<void> {
    const child = await this.#spawn(service);
    if (child === undefined) return;
    this.#supervise(child);
    void child.ready.then((http) => this.#options.onReady(service, http));
  }
}

/** Waits for a first start. @throws {CliError} MAPEK_CLI_SERVICE_FAILED where the service ends first, or is not ready in time. */
async function firstReady(child: ServiceProcess): Promise<string> {
  const { service } = child;
  let deadline: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    deadline = setTimeout(
      () => reject(failed(child, `not ready within ${READY_TIMEOUT_MS / 1_000} s`)),
      READY_TIMEOUT_MS,
    );
  });
  const ended = child.exited.then((exit): never => {
    throw failed(child, `${service} ended with ${exit.signal ?? `code ${exit.code}`}`);
  });
  ended.catch(() => {}); // #supervise handles an exit after the race; here its rejection is ignored.
  try {
    return await Promise.race([child.ready, ended, tooLate]);
  } finally {
    clearTimeout(deadline);
  }
}

function failed({ service, tail }: ServiceProcess, why: string): CliError {
  const lines = tail.length === 0 ? "it wrote nothing" : `its last lines: ${tail.join(" | ")}`;
  return new CliError("MAPEK_CLI_SERVICE_FAILED", `${service}: ${why}; ${lines}`);
}
