import { resolve } from "node:path";
import { MODES, type Mode } from "@mapek/core/contract";
import { Command, Option } from "commander";
import { usageError } from "../errors.ts";
import { DATA_FOLDER } from "../house/find-house.ts";
import { portArgument } from "../input/arguments.ts";
import { type Program, programPath } from "../up/processes/programs.ts";
import { runUp } from "../up/run-up.ts";

interface Options {
  readonly nats?: string;
  readonly natsPort?: number;
  readonly config?: string;
  readonly collect?: boolean;
  readonly data: string;
  readonly mode?: Mode;
  readonly restart: boolean;
  readonly console: boolean;
  readonly json?: boolean;
}

/** @param programs Path of each program's main module. */
export const upCommand = (programs: (program: Program) => string = programPath): Command =>
  new Command("up")
    .option("--nats <url>", "use this server (default: NATS_URL, else an embedded one)")
    .addOption(
      new Option(
        "--nats-port <port>",
        "port of the embedded server, 0 for a free one (default: 4222, or a free one)",
      )
        .argParser(portArgument)
        .conflicts("nats"),
    )
    .option("--config <file>", "YAML file with mape_k_tuning at its top (default: MAPEK_CONFIG)")
    .option("--collect", "collect this machine's metrics")
    .option("--no-collect", "do not")
    .option("--data <dir>", "store of the embedded server, and logs", DATA_FOLDER)
    .addOption(
      new Option("--mode <mode>", "what the optimizer does with its decisions").choices(MODES),
    )
    .option("--no-restart", "leave a service that ended unexpectedly ended")
    .option("--no-console", "without the web page")
    .option("--json", "JSON lines, also on a terminal")
    .action((options: Options, command: Command) => {
      // Only an option that was given counts: otherwise the configuration decides whether to collect.
      const collectGiven = command.getOptionValueSource("collect") === "cli";
      const config = options.config ?? (process.env.MAPEK_CONFIG || undefined);
      const natsUrl = options.nats ?? (process.env.NATS_URL || undefined);
      if (natsUrl !== undefined && options.natsPort !== undefined)
        throw usageError(
          "--nats-port is that of an embedded server, and NATS_URL names another one",
        );
      return runUp({
        natsUrl,
        natsPort: options.natsPort,
        configFile: config === undefined ? undefined : resolve(config),
        collect: collectGiven ? options.collect : undefined,
        mode: options.mode,
        dataDir: resolve(options.data),
        restart: options.restart,
        console: options.console,
        view: process.stdout.isTTY === true && options.json !== true,
        mainOf: programs,
      });
    });
