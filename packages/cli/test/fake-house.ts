import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { SERVICES } from "@mapek/core/contract";
import { type NatsServer, startServer } from "@mapek/nats-server";
import { connect } from "@nats-io/transport-node";
import {
  FAKE_SERVICE,
  FAKE_UP,
  MAPEK,
  processesWith,
  type Run,
  start,
  until,
} from "./processes.ts";

const OTHER_PORT = fileURLToPath(new URL("./fixtures/other-default-port.ts", import.meta.url));

type Settings = Record<string, string | undefined>;
interface Options {
  readonly env?: Settings;
  readonly cwd?: string;
  /** A command that runs it, such as one that takes another namespace. */
  readonly under?: readonly string[];
}

/**
 * A machine as one user sees it: a folder to work in, a temporary and a runtime folder of its own, and a stranger's
 * nats-server on what its commands take for NATS' own port.
 */
export class Machine implements AsyncDisposable {
  readonly folder: string;
  readonly work: string;
  readonly temporary: string;
  readonly runtime: string;
  readonly stranger: NatsServer;
  readonly env: Settings;

  static async start(): Promise<Machine> {
    return new Machine(await startServer({ monitoring: true }));
  }

  /** Its folder counts as a repository, so that no house above it is found. */
  private constructor(stranger: NatsServer) {
    this.stranger = stranger;
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), "mapek-machine-")));
    const [work, temporary, runtime, fakes] = ["work", "tmp", "run", "fakes", ".git"].map(
      (name) => {
        const path = join(this.folder, name);
        mkdirSync(path, { mode: 0o700 });
        return path;
      },
    ) as [string, string, string, string];
    this.work = work;
    this.temporary = temporary;
    this.runtime = runtime;
    for (const service of [...SERVICES, "console"])
      writeFileSync(
        join(fakes, `${service}.mjs`),
        `process.env.FAKE_SERVICE = ${JSON.stringify(service)};\nawait import(${JSON.stringify(pathToFileURL(FAKE_SERVICE).href)});\n`,
      );
    this.env = {
      FAKE_DIR: fakes,
      TMPDIR: temporary,
      XDG_RUNTIME_DIR: runtime,
      DEFAULT_PORT: String(stranger.port),
      NODE_OPTIONS: `--import=${pathToFileURL(OTHER_PORT).href}`,
    };
  }

  /** `mapek up` with stand-ins for the services. */
  up(args: readonly string[] = [], options: Options = {}): Run {
    return this.run([...FAKE_UP, ...args], options);
  }

  /** `mapek up`, ready. */
  async ready(args: readonly string[] = [], options: Options = {}): Promise<Run> {
    const run = this.up(args, options);
    await until(`ready: ${run.stderr()}`, () => run.stdout().includes('"event":"ready"'));
    return run;
  }

  /** Any other command, to its end. */
  async mapek(args: readonly string[], options: Options = {}) {
    const run = this.run([process.execPath, MAPEK, ...args], options);
    const { code } = await run.exited;
    return { code, stdout: run.stdout(), stderr: run.stderr() };
  }

  /** What the stranger's server has ever heard, and what was made on it. */
  async heardByStranger() {
    const ask = async (path: string) =>
      (await (await fetch(`${this.stranger.monitoringUrl}${path}`)).json()) as Record<
        string,
        number
      >;
    const [{ total_connections, in_msgs }, { streams }] = await Promise.all([
      ask("/varz"),
      ask("/jsz"),
    ]);
    return { connections: total_connections, messages: in_msgs, streams };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await until("no process is left", () => processesWith(join(this.folder, "fakes")).length === 0);
    await this.stranger.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Any program, as this user starts it. */
  run(command: readonly string[], { env, cwd = this.work, under = [] }: Options = {}): Run {
    return start([...under, ...command], { cwd, env: { ...this.env, ...env } });
  }
}

/** Asks a server to answer, from outside. */
export async function answers(url: string): Promise<boolean> {
  const connection = await connect({ servers: url, reconnect: false }).catch(() => undefined);
  await connection?.close();
  return connection !== undefined;
}

/** The command that gives what follows process ids of its own, or why there is none here. */
export const APART = ["unshare", "--pid", "--fork", "--mount-proc"] as const;
