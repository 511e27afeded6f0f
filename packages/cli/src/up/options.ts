import type { Mode } from "@mapek/core/contract";
import type { Program } from "./processes/programs.ts";

/** Options of `mapek up`. */
export interface UpOptions {
  /** Address of an external server; undefined: start an embedded one. */
  readonly natsUrl: string | undefined;
  /** Port of the embedded server, 0 for a free one; undefined: 4222, or a free one where 4222 is taken. */
  readonly natsPort: number | undefined;
  /** Absolute path of the configuration file. */
  readonly configFile: string | undefined;
  /** Whether this machine's metrics are collected; undefined: the configuration decides. */
  readonly collect: boolean | undefined;
  readonly mode: Mode | undefined;
  /** Absolute path of the folder of the embedded server's store and of logs. */
  readonly dataDir: string;
  readonly restart: boolean;
  /** Whether the web page is served. */
  readonly console: boolean;
  /** True: a live view on the terminal; false: JSON lines. */
  readonly view: boolean;
  /** Path of each program's main module. */
  readonly mainOf: (program: Program) => string;
}
