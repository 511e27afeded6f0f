import type { Mode, Service } from "@mapek/core/messages";

/** What `mapek up` was asked for. */
export interface UpOptions {
  /** A running server; an embedded one where it is undefined. */
  readonly natsUrl: string | undefined;
  /** Absolute path of the configuration file. */
  readonly configFile: string | undefined;
  /** Undefined leaves it to the configuration. */
  readonly collect: boolean | undefined;
  readonly mode: Mode | undefined;
  /** Absolute path of the folder of the embedded server's store and of logs. */
  readonly dataDir: string;
  readonly restart: boolean;
  /** A live view on a terminal, JSON lines otherwise. */
  readonly view: boolean;
  /** The program of each service. */
  readonly mainOf: (service: Service) => string;
}
