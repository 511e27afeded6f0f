import { Command } from "commander";
import { addCommands } from "./command-table.ts";
import { runProgram } from "./program.ts";
import { version } from "./version.ts";

/** Runs `mapek` with these arguments and gives its exit code. */
export async function runMapek(args: readonly string[]): Promise<number> {
  // A closed pipe (`mapek watch | head`) is no failure; `up` adds a listener of its own, for which it is a request to stop.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (process.stdout.listenerCount("error") > 1) return;
    process.exit(error.code === "EPIPE" ? 0 : 1);
  });
  const program = new Command("mapek")
    .description("Learns thresholds and tunes control loops over NATS")
    .version(version);
  await addCommands(program, args);
  return runProgram(program, args);
}
