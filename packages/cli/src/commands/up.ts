import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { MODES, type Mode } from "@mapek/core/messages";
import { Command, Option } from "commander";
import type { Program } from "../up/programs.ts";
import { runUp } from "../up/run-up.ts";

interface Options {
  readonly nats?: string;
  readonly config?: string;
  readonly collect?: boolean;
  readonly data: string;
  readonly mode?: Mode;
  readonly restart: boolean;
  readonly console: boolean;
  readonly json?: boolean;
}

const MAINS: Readonly<Record<Program, string>> = {
  monitor: import.meta.resolve("@mapek/monitor/main"),
  learner: import.meta.resolve("@mapek/learner/main"),
  optimizer: import.meta.resolve("@mapek/optimizer/main"),
  feedback: import.meta.resolve("@mapek/feedback/main"),
  console: import.meta.resolve("@mapek/console/main"),
};
const mainOf = (program: Program): string => fileURLToPath(MAINS[program]);

/** @param programs Where each program is. */
export const upCommand = (programs: (program: Program) => string = mainOf): Command =>
  new Command("up")
    .description("run a NATS server, the four services and the console until Ctrl-C")
    .option("--nats <url>", "use this server (default: NATS_URL, else an embedded one)")
    .option("--config <file>", "YAML file with mape_k_tuning at its top (default: MAPEK_CONFIG)")
    .option("--collect", "collect this machine's metrics")
    .option("--no-collect", "do not")
    .option("--data <dir>", "store of the embedded server, and logs", ".mapek/data")
    .addOption(
      new Option("--mode <mode>", "what the optimizer does with its decisions").choices(MODES),
    )
    .option("--no-restart", "leave a service that ended unexpectedly ended")
    .option("--no-console", "without the web page")
    .option("--json", "JSON lines, also on a terminal")
    .action((options: Options, command: Command) => {
      // With `--no-collect` declared, commander would otherwise take `--collect` for the default.
      const collectGiven = command.getOptionValueSource("collect") === "cli";
      const config = options.config ?? (process.env.MAPEK_CONFIG || undefined);
      return runUp({
        natsUrl: options.nats ?? (process.env.NATS_URL || undefined),
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
