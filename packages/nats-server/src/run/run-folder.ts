import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";

/** The private folder of one server: its ports file, its generated configuration, a temporary store. */
export interface RunFolder {
  readonly path: string;
  /** Makes it (again) and writes what the server reads. @returns The `-c` arguments, possibly none. */
  prepare(): Promise<string[]>;
  remove(): Promise<void>;
}

/** What the server takes only from a configuration file. */
export interface RunSettings {
  config?: string;
  syncAlways?: boolean;
  maxPayload?: number;
}

/**
 * Makes a private folder under the temporary folder.
 *
 * A configuration file of the caller's is passed on as it is; when settings come on top, a
 * generated one includes it (the server takes included paths relative to the including file).
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
