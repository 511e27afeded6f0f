import { codedError, type ErrorTable } from "@mapek/core/coded-error";

/** Every code of the command's own errors, with its meaning and exit code. */
export const CLI_ERRORS = {
  MAPEK_CLI_USAGE: { meaning: "an argument or option that the command does not take", exit: 2 },
  MAPEK_CLI_FILE: { meaning: "a file that cannot be read or written", exit: 1 },
  MAPEK_CLI_BAD_CSV: {
    meaning:
      "a table that is not of the form timestamp,value…; the text names file, line and column",
    exit: 1,
  },
  MAPEK_CLI_BAD_LINE: { meaning: "a line of standard input that is no sample", exit: 1 },
  MAPEK_CLI_REJECTED: { meaning: "samples that the monitor refused", exit: 1 },
  MAPEK_CLI_UNAVAILABLE: { meaning: "a service that does not answer", exit: 1 },
  MAPEK_CLI_DATA_IN_USE: { meaning: "another `mapek up` works in the same data folder", exit: 1 },
  MAPEK_CLI_PORT_TAKEN: {
    meaning: "a port that an option or a setting names is taken; the text says which",
    exit: 1,
  },
  MAPEK_CLI_NO_HOUSE: { meaning: "no `mapek up` of yours runs where one was looked for", exit: 1 },
  MAPEK_CLI_SEVERAL_HOUSES: {
    meaning:
      "several of your `mapek up` run, none of them in this folder: the command does not guess",
    exit: 1,
  },
  MAPEK_CLI_OTHER_SERVER: {
    meaning: "at the address of the `mapek up` that was found another server answers",
    exit: 1,
  },
  MAPEK_CLI_SERVICE_FAILED: { meaning: "a service ended before it was ready", exit: 1 },
  MAPEK_CLI_REPLAY_DIFFERS: {
    meaning: "a replay with the settings of then gave other outputs than those that are stored",
    exit: 1,
  },
  MAPEK_CLI_CRASH_LOOP: { meaning: "a service ended again and again", exit: 1 },
} as const satisfies ErrorTable;

/** An error of the command itself: one line for people, a code for programs, an exit code for shells. */
export class CliError extends codedError("CliError", CLI_ERRORS) {
  get exitCode(): 1 | 2 {
    return this.facts.exit;
  }
}

/** A usage error: exit code 2. */
export const usageError = (detail: string): CliError => new CliError("MAPEK_CLI_USAGE", detail);
