import type { Mode } from "@mapek/core/messages";
import type { Program } from "./processes/programs.ts";

/** What `mapek up` was asked for. */
export interface UpOptions {
  /** A running server; an embedded one where it is undefined. */
  readonly natsUrl: string | undefined;
  /** Port of the embedded server, 0 for a free one; where undefined NATS' own, or a free one where that is taken. */
  readonly natsPort: number | undefined;
  /** Absolute path of the configuration file. */
  readonly configFile: string | undefined;
  /** Undefined leaves it to the configuration. */
  readonly collect: boolean | undefined;
  readonly mode: Mode | undefined;
  /** Absolute path of the folder of the embedded server's store and of logs. */
  readonly dataDir: string;
  readonly restart: boolean;
  /** Whether the web page is served. */
  readonly console: boolean;
  /** A live view on a terminal, JSON lines otherwise. */
  readonly view: boolean;
  /** Where each program is. */
  readonly mainOf: (program: Program) => string;
}
