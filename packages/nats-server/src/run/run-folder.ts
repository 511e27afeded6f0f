import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";

/** The private folder of one server: its ports file, its generated configuration, a temporary store. */
export interface RunFolder {
  readonly path: string;
  /** Creates the folder where it is missing and writes the configuration. @returns The `-c` arguments, possibly none. */
  prepare(): Promise<string[]>;
  remove(): Promise<void>;
}

/** Settings that the server takes only from a configuration file. */
export interface RunSettings {
  config?: string;
  syncAlways?: boolean;
  maxPayload?: number;
}

/**
 * Creates a private folder in the temporary folder.
 *
 * Without further settings the caller's configuration file is passed on unchanged. With settings, a generated file
 * includes it; the server resolves the path relative to the including file.
 */
export async function makeRunFolder(settings: RunSettings): Promise<RunFolder> {
  const path = await realpath(await mkdtemp(join(tmpdir(), "mapek-nats-")));
  return {
    path,
    async prepare() {
      await mkdir(path, { recursive: true, mode: 0o700 });
      const lines: string[] = [];
      if (settings.maxPayload !== undefined) lines.push(`max_payload: ${settings.maxPayload}`);
      if (settings.syncAlways) lines.push("jetstream { sync_interval: always }");
      const { config } = settings;
      if (lines.length === 0) return config === undefined ? [] : ["-c", resolve(config)];
      if (config !== undefined)
        lines.unshift(`include "${relative(path, await realpath(config))}"`);
      const file = join(path, "generated.conf");
      await writeFile(file, `${lines.join("\n")}\n`);
      return ["-c", file];
    },
    async remove() {
      await rm(path, { recursive: true, force: true });
    },
  };
}
