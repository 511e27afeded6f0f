import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { findServer } from "@mapek/nats-server";

const run = promisify(execFile);

/** For a command that hangs only: installing takes seconds, or some minutes where a registry is asked again. */
const STUCK_MS = 900_000;
/** A registry that does not answer is asked again; npm by itself would wait for five minutes first. */
const PATIENCE = { npm_config_fetch_timeout: "45000", npm_config_fetch_retries: "8" };

/** Variables of this repository, of the package manager that runs the tests, and of servers that they know. */
const OURS = /^(npm_|pnpm_|NODE_|INIT_CWD|MAPEK_|NATS_|VITEST|TEST$|DEV$|PROD$|MODE$|SSR$)/i;
/** Without these npm reaches no registry behind a company's proxy. */
const KEPT = new Set(["NODE_EXTRA_CA_CERTS"]);

/**
 * A folder outside of the repository with a home of its own, in which packages are installed and run as a user does
 * it: nothing of the workspace can be found from there. Downloads and nats-server come out of this machine's caches.
 */
export class UserMachine implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "mapek-user-"));
  /** Where packages are installed. */
  readonly project = join(this.folder, "project");
  /** Part of the environment of every process here, and of what they start. */
  readonly mark = `MAPEK_USER_MACHINE=${this.folder}`;
  readonly #base: Record<string, string | undefined>;

  private constructor(cache: string, globalConfig: string, server: string) {
    const home = join(this.folder, "home");
    for (const path of [home, this.project]) mkdirSync(path);
    writeFileSync(join(this.project, "package.json"), '{ "private": true, "type": "module" }\n');
    const forgotten = Object.keys(process.env).filter((name) => OURS.test(name) && !KEPT.has(name));
    this.#base = {
      ...process.env,
      ...Object.fromEntries(forgotten.map((name) => [name, undefined])),
      HOME: home,
      XDG_CACHE_HOME: undefined,
      MAPEK_USER_MACHINE: this.folder,
      NATS_SERVER_BIN: server,
      npm_config_cache: cache,
      // npm looks for it beside the Node that runs it, which is another here.
      npm_config_globalconfig: globalConfig,
      npm_config_update_notifier: "false",
      npm_config_yes: "false",
      ...PATIENCE,
    };
  }

  static async make(): Promise<UserMachine> {
    const told = async (key: string) => (await run("npm", ["config", "get", key])).stdout.trim();
    const [cache, globalConfig] = [await told("cache"), await told("globalconfig")];
    return new UserMachine(cache, globalConfig, (await findServer()).path);
  }

  /** The environment of a user whose `node` is this one. */
  env(node: string): Record<string, string | undefined> {
    const path = (process.env.PATH ?? "")
      .split(delimiter)
      .filter((it) => !it.includes("node_modules"));
    return { ...this.#base, PATH: [join(node, ".."), ...path].join(delimiter) };
  }

  /** Installs packages or tarballs into the project. */
  async install(...packages: string[]): Promise<void> {
    await this.#npm(this.project, "install", "--no-audit", "--no-fund", ...packages);
  }

  /** A Node of this major version, from the npm package `node`; its path. */
  async node(major: number): Promise<string> {
    const folder = join(this.folder, `node-${major}`);
    mkdirSync(folder);
    writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
    await this.#npm(folder, "install", "--no-audit", "--no-fund", `node@${major}`);
    return join(folder, "node_modules", "node", "bin", "node");
  }

  async #npm(cwd: string, ...args: string[]): Promise<void> {
    await run("npm", args, { cwd, env: this.env(process.execPath), timeout: STUCK_MS });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Why packages cannot be installed here; undefined where they can. */
export async function registryProblem(): Promise<string | undefined> {
  try {
    await run("npm", ["view", "zod", "version"], { timeout: 60_000 });
    return undefined;
  } catch (error) {
    return `no npm registry answers (${(error as Error).message.split("\n")[0]})`;
  }
}
