import { SERVICES } from "@mapek/core/contract";
import type { Config } from "@mapek/runtime";
import { DEFAULT_PORTS } from "@mapek/runtime/default-ports";
import { CliError, usageError } from "../errors.ts";
import { isTaken, portOrAny } from "./free-port.ts";
import type { Program } from "./processes/programs.ts";

/** A port that the configuration names for one program. */
interface NamedPort {
  readonly port: number;
  readonly host: string;
  /** The setting and the offset from it, for error messages. */
  readonly setting: string;
}

const LAST_PORT = 65_535;
const POLL_MS = 50;

/**
 * The ports of the programs. A port that the configuration names is used or refused; otherwise the default port is used
 * where it is free, else any free one. `http.port` N gives N to the first service, N + 1 to the second and so on, in
 * the order of SERVICES; 0 gives each service any free port.
 */
export class Ports {
  readonly #named: ReadonlyMap<Program, NamedPort>;
  readonly #hosts: Readonly<Record<"http" | "console", string>>;

  /** @throws {CliError} MAPEK_CLI_USAGE where settings give two programs the same port, or a port above 65535. */
  constructor(config: Pick<Config, "http" | "console">, programs: readonly Program[]) {
    this.#hosts = { http: config.http.host, console: config.console.host };
    const named = programs.flatMap((program) => {
      const port = namedPort(config, program);
      return port === undefined ? [] : [[program, port] as const];
    });
    this.#named = new Map(named);
    requireApart(config, [...this.#named.values()]);
  }

  /**
   * Resolves when every port that the configuration names is free.
   *
   * @param patienceMs Time to wait for a taken port, ms: services of a killed `mapek up` may still be ending.
   * @throws {CliError} MAPEK_CLI_PORT_TAKEN
   */
  async requireFree(patienceMs: number): Promise<void> {
    const deadline = performance.now() + patienceMs;
    for (const { port, host, setting } of this.#named.values())
      while (port !== 0 && (await isTaken(port, host))) {
        if (performance.now() >= deadline)
          throw new CliError(
            "MAPEK_CLI_PORT_TAKEN",
            `${setting} = ${port} on ${host}: set another, or 0 for a free one`,
          );
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
  }

  /** The port to start a program with; 0: the program takes any free one. */
  async portFor(program: Program): Promise<number> {
    const named = this.#named.get(program);
    if (named !== undefined) return named.port;
    const usual = DEFAULT_PORTS[program];
    if ([...this.#named.values()].some(({ port }) => port === usual)) return 0;
    return await portOrAny(usual, this.#hosts[program === "console" ? "console" : "http"]);
  }
}

function namedPort(
  { http, console }: Pick<Config, "http" | "console">,
  program: Program,
): NamedPort | undefined {
  if (program === "console")
    return console.port === undefined
      ? undefined
      : { port: console.port, host: console.host, setting: "console.port" };
  if (http.port === undefined) return undefined;
  const offset = http.port === 0 ? 0 : SERVICES.indexOf(program);
  const setting = offset === 0 ? "http.port" : `http.port + ${offset} (${program})`;
  return { port: http.port + offset, host: http.host, setting };
}

function requireApart(config: Pick<Config, "http">, named: readonly NamedPort[]): void {
  const most = LAST_PORT - SERVICES.length + 1;
  if ((config.http.port ?? 0) > most)
    throw usageError(
      `http.port is ${config.http.port}, expected at most ${most}: mapek up takes ${SERVICES.length} ports from it on`,
    );
  const seen = new Map<number, string>();
  for (const { port, setting } of named) {
    const other = port === 0 ? undefined : seen.get(port);
    if (other !== undefined)
      throw usageError(`${other} and ${setting} are both ${port}: set them apart`);
    seen.set(port, setting);
  }
}
